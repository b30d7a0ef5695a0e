"""One call of a model: with which prompt, begun once, heard aloud, paid, and kept under seal on the log."""
