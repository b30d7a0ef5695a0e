"""What bytes are: by their content, never by a name or a header."""
