"""Signing: the key that signs checkpoints, where it lies, and how it is replaced."""
