"""How pictures are drawn: a prompt is read into a brief, a brief is laid out as layers, layers are painted."""
