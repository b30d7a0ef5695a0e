"""What may be asked: command models and, one file a use case, the pure decisions about them."""
