"""The language models' wire: the client against servers that behave and that do not."""
