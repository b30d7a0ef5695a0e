"""The language models' client, without a wire."""
