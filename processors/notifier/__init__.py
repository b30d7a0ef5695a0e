"""Tells customers of the ends of their jobs."""
