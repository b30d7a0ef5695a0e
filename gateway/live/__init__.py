"""What happens now: the log followed once, and sent to whoever listens or waits."""
