"""Jobs: every call of a model, from acceptance to its one end."""
