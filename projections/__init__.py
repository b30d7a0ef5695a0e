"""What is read: one file a read model, pure functions from events to writes, and the stores that take them."""
