"""Meshy: objects from words and pictures."""
