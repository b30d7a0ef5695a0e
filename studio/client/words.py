"""Words of tenants on somebody else's terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text without what a terminal would obey: escapes, and marks that turn the direction of writing."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t")
