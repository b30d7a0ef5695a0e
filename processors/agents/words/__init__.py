"""What a person's words mean: which file, which step, how many, which of them away. Pure."""
