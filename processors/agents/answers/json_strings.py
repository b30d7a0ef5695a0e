"""Strings as language models write them, read piece by piece: raw line breaks and stray quotes in them are text."""

from __future__ import annotations

import re
from typing import Final

_ESCAPES: Final = {'"': '"', "'": "'", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_PLAIN = re.compile(r"[^\"'\\]+")
_SPACE = re.compile(r"\s+")
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_AFTER_STRING: Final = frozenset(',:}]/"')
_LOST: Final = "\N{REPLACEMENT CHARACTER}"


class StringReader:
    """One string, after its opening quote."""

    def __init__(self, quote: str) -> None:
        self.text: str | None = None
        """What the string says, once it has ended."""
        self._quote = quote
        self._parts: list[str] = []
        self._gap: list[str] | None = None
        """White space after a quote that may or may not end the string."""

    def read(self, text: str, at: int) -> int:
        """Where to read on. The same place: the string has ended before it, or more must come before it can be told."""
        if self._gap is not None:
            return self._after_quote(text, at, self._gap)
        if plain := _PLAIN.match(text, at):
            self._parts.append(plain[0])
            return plain.end()
        if text[at] == "\\":
            return self._escape(text, at)
        if text[at] == self._quote:
            self._gap = []
        else:
            self._parts.append(text[at])
        return at + 1

    def _after_quote(self, text: str, at: int, gap: list[str]) -> int:
        """A quote ends its string only where something follows that may follow a string."""
        if space := _SPACE.match(text, at):
            gap.append(space[0])
            return space.end()
        self._gap = None
        if text[at] in _AFTER_STRING or text[at] == self._quote:
            self.text = "".join(self._parts)
            return at
        self._parts += [self._quote, *gap]
        return self.read(text, at)

    def _escape(self, text: str, at: int) -> int:
        if at + 1 >= len(text):
            return at
        char = text[at + 1]
        if char != "u":
            self._parts.append(_ESCAPES.get(char, "\\" + char))
            return at + 2
        if at + 6 > len(text):
            return at
        code = _code(text, at + 2)
        if code is None:
            self._parts.append(_LOST)
            return at + 2
        if not 0xD800 <= code < 0xE000:
            self._parts.append(chr(code))
            return at + 6
        return self._pair(text, at, code)

    def _pair(self, text: str, at: int, high: int) -> int:
        """Two escapes that make one character; half of one is none."""
        if high < 0xDC00 and at + 12 > len(text) and "\\u".startswith(text[at + 6 : at + 8]):
            return at
        low = _code(text, at + 8) if high < 0xDC00 and text[at + 6 : at + 8] == "\\u" else None
        if low is None or not 0xDC00 <= low < 0xE000:
            self._parts.append(_LOST)
            return at + 6
        self._parts.append(chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)))
        return at + 12


def _code(text: str, at: int) -> int | None:
    return int(digits[0], 16) if (digits := _HEX.match(text, at)) else None
