"""Language models behind the Chat Completions wire: the client, and the built-in offline stand-in."""
