"""Webhooks to customers."""
