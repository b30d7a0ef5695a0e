"""Canvas: what may be asked of a session and its plans."""
