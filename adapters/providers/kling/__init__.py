"""Kling, the first generation of its API: tasks by route."""
