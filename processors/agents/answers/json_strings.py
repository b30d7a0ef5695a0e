"""Strings as language models write them, read piece by piece: raw line breaks and stray quotes in them are text.

A quote ends its string only where what follows may follow it. Of a member's value that is another member, or the end of
its structure: `a sign that says "Hello", in red` is one value. Where that cannot be told within `AHEAD_MAX` characters,
the quote ends it.
"""

from __future__ import annotations

import re
from typing import Final

_ESCAPES: Final = {'"': '"', "'": "'", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_PLAIN = re.compile(r"[^\"'\\]+")
_SPACE = re.compile(r"\s+")
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_AFTER_STRING: Final = frozenset(',:}]/"')
AHEAD_MAX: Final = 256
_GAP_MAX: Final = 64
_THEN: Final = rf"\s{{0,{_GAP_MAX}}}+(?:(:)|(\S)|\s)"
"""A colon, something else, or so much space that it cannot be told."""
_QUOTED: Final = {
    quote: re.compile(rf"(?:[^{quote}\\]|\\.){{0,{AHEAD_MAX}}}+(?:{quote}{_THEN}|[^{quote}\\]|\\.)", re.DOTALL)
    for quote in "\"'"
}
"""Behind a quote that opens: to its end, and what comes then."""
_BARE: Final = re.compile(rf"[^\W\d][\w$-]{{0,{_GAP_MAX}}}+{_THEN}")
_SOON: Final = re.compile(rf"\s{{0,{_GAP_MAX}}}+(?:(\S)|\s)")
_LOST: Final = "\N{REPLACEMENT CHARACTER}"


class StringReader:
    """One string, after its opening quote."""

    def __init__(self, quote: str, *, is_value: bool = False) -> None:
        """`is_value`: of an object's member, and not its name."""
        self._is_value = is_value
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
        ends = text[at] in _AFTER_STRING or text[at] == self._quote
        if ends and self._is_value:
            found = _ends_value(text, at)
            if found is None:
                return at
            ends = found
        self._gap = None
        if ends:
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


def _ends_value(text: str, at: int) -> bool | None:
    """Whether what stands there may follow a member's value; None where more must come before it can be told."""
    match text[at]:
        case ",":
            soon = _SOON.match(text, at + 1)
            return _told(soon) if soon is None or not soon[1] else _may_follow_comma(soon[1], text, soon.start(1))
        case ":":
            soon = _SOON.match(text, at + 1)
            return _told(soon) if soon is None or not soon[1] else soon[1] in "\"'{[-0123456789"
        case "/":
            return None if at + 1 == len(text) else text[at + 1] in "/*"
        case '"' | "'":
            soon = _SOON.match(text, at + 1)
            if soon is None:
                return None
            if soon[1] in ("}", "]", ","):
                return False  # `"he said "hi""}`: the next one ends it
            return _is_key(_QUOTED[text[at]], text, at + 1)
    return True


def _may_follow_comma(char: str, text: str, at: int) -> bool | None:
    if char in _QUOTED:
        return _is_key(_QUOTED[char], text, at + 1)
    if char.isalpha():
        return _is_key(_BARE, text, at)
    return not (char.isalnum() or char == "(")


def _is_key(pattern: re.Pattern[str], text: str, at: int) -> bool | None:
    found = pattern.match(text, at)
    return _told(found) if found is None or not found[2] else False


def _told(found: re.Match[str] | None) -> bool | None:
    """What cannot be told ends the string; None where more must come."""
    return None if found is None else True


def _code(text: str, at: int) -> int | None:
    return int(digits[0], 16) if (digits := _HEX.match(text, at)) else None
