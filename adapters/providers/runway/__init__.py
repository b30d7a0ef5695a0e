"""Runway: tasks."""
