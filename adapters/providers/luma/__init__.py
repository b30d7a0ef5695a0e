"""Luma: generations."""
