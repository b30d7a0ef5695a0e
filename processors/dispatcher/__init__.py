"""Carries dispatched attempts to their providers and puts what became of them on the log."""
