"""Marked blocks: how a model is given what others wrote, as data. Nothing in a block can close it, or open another.

File names, earlier outputs, pages and messages may hold instructions; every prompt says that blocks are data, and
only the platform's own rules act on what a model answers.
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

_ESCAPES: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e"})
_TAG = re.compile(r"<(?=\s{0,8}[/!?]?\s{0,8}[^\W\d])")
_TAG_OPEN: Final = "<\u200b"
"""In running text, `<` that would begin a tag is parted from it by a space of no width."""


def block(name: str, value: Any) -> str:
    """The value as JSON, with no angle bracket in it."""
    return f"<{name}>\n{orjson.dumps(value).decode().translate(_ESCAPES)}\n</{name}>"


def read_block(name: str, text: str) -> Any:
    """What the first block of this name holds, as the model reads it; None where there is none."""
    _, begins, rest = text.partition(f"<{name}>\n")
    held, ends, _ = rest.partition(f"\n</{name}>")
    return orjson.loads(held) if begins and ends else None


def words(name: str, text: str) -> str:
    """A person's words as they are, but that they begin no block and end none."""
    return f"<{name}>\n{_TAG.sub(_TAG_OPEN, text)}\n</{name}>"
