"""Slots in Redis: a second guard of the four caps, which also holds when two schedulers are active for a moment."""
