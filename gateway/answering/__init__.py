"""What the log has decided, as answers: copies and replies, no read model."""
