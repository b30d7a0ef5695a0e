"""Sync: lip-sync."""
