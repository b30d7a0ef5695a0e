"""Replicate: predictions that are created, asked for, cancelled, and announced by signed webhooks."""
