"""Requests as such: their bounds, bodies and ids, what is wrong with them, and the page's files."""
