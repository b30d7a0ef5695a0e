"""A tolerant JSON reader, fed piece by piece: says which elements of the answer's `steps` were really closed.

It builds values in one pass over the text. Commas are optional, comments are skipped, a key without a value is
dropped, a closer that fits an outer structure closes the inner ones, raw line breaks and quotes in strings are text.
For valid JSON it gives exactly what a strict reader gives.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

DEPTH_MAX: Final = 64
COMMENT_MAX: Final = 2000
STEPS_KEY: Final = "steps"

_ESCAPES: Final = {'"': '"', "'": "'", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: Final = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None,
                 "NaN": None, "undefined": None, "Infinity": None, "-Infinity": None}  # fmt: skip
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\Z")
_NUMBER_MAX: Final = 64
_INTEGER_MAX: Final = 2**63 - 1
_PLAIN = re.compile(r"[^\"'\\]+")
_LITERAL = re.compile(r"[^\s,:{}\[\]\"'/]+")
_AFTER_STRING: Final = frozenset(',:}]/"')
_NOTHING: Final = object()


@dataclass(slots=True)
class _Frame:
    value: dict[str, Any] | list[Any]
    holds_steps: bool = False
    key: str | None = None
    fresh: bool = True
    """Nothing has been read in it: at the outermost level the next character decides whether it is JSON at all."""


@dataclass(slots=True)
class LenientReader:
    """Feed text, get the step objects that closed; `roots` and `open_root` hold all else."""

    roots: list[Any] = field(default_factory=list)
    closed_steps: list[dict[str, Any]] = field(default_factory=list)
    _stack: list[_Frame] = field(default_factory=list)
    _tail: str = ""
    _string: list[str] | None = None
    _quote: str = ""
    _gap: str | None = None
    """White space after a quote that may or may not end the string."""

    def feed(self, text: str) -> list[dict[str, Any]]:
        """Reads on; returns the steps that became complete, in order."""
        before = len(self.closed_steps)
        text, self._tail = self._tail + text, ""
        at = 0
        while at < len(text):
            read = self._read_string(text, at) if self._string is not None else self._read_structure(text, at)
            if read == at:
                self._tail = text[at:]
                break
            at = read
        return self.closed_steps[before:]

    def open_root(self) -> Any:
        """The outermost structure where it never closed, with the steps of it that did; None when all is closed."""
        if not self._stack:
            return None
        depth = next((n for n, frame in enumerate(self._stack) if frame.holds_steps), 0)
        value: Any = self._stack[depth].value
        for frame in reversed(self._stack[:depth]):
            value = {**frame.value, frame.key: value} if isinstance(frame.value, dict) else [*frame.value, value]
        return value

    # strings

    def _read_string(self, text: str, at: int) -> int:
        if self._gap is not None:
            return self._read_after_quote(text, at)
        assert self._string is not None
        if plain := _PLAIN.match(text, at):
            self._string.append(plain[0])
            return plain.end()
        if text[at] == "\\":
            return self._read_escape(text, at)
        if text[at] == self._quote:
            self._gap = ""
        else:
            self._string.append(text[at])
        return at + 1

    def _read_after_quote(self, text: str, at: int) -> int:
        """A quote ends its string only where something follows that may follow a string."""
        assert self._string is not None
        assert self._gap is not None
        char = text[at]
        if char.isspace():
            self._gap += char
            return at + 1
        if char in _AFTER_STRING or char == self._quote:
            done, self._string, self._gap = "".join(self._string), None, None
            self._put_string(done)
            return self._read_structure(text, at)
        self._string.append(self._quote + self._gap)
        self._gap = None
        return self._read_string(text, at)

    def _read_escape(self, text: str, at: int) -> int:
        assert self._string is not None
        if at + 1 >= len(text):
            return at
        char = text[at + 1]
        if char != "u":
            self._string.append(_ESCAPES.get(char, "\\" + char))
            return at + 2
        if at + 6 > len(text):
            return at
        code = _hex(text[at + 2 : at + 6])
        if code is None:
            self._string.append("�")
            return at + 2
        if not 0xD800 <= code < 0xE000:
            self._string.append(chr(code))
            return at + 6
        if code < 0xDC00 and at + 12 > len(text) and "\\u".startswith(text[at + 6 : at + 8]):
            return at
        low = _hex(text[at + 8 : at + 12]) if code < 0xDC00 and text[at + 6 : at + 8] == "\\u" else None
        if low is None or not 0xDC00 <= low < 0xE000:
            self._string.append("�")
            return at + 6
        self._string.append(chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)))
        return at + 12

    # structure

    def _read_structure(self, text: str, at: int) -> int:
        char = text[at]
        if not self._stack:
            return self._seek_root(text, at)
        if char.isspace():
            return at + 1
        top = self._stack[-1]
        if top.fresh and len(self._stack) == 1 and not _may_begin(top, char):
            self._stack.clear()
            return self._seek_root(text, at)
        top.fresh = False
        if char == "/":
            return _skip_comment(text, at)
        if char in "\"'":
            self._string, self._quote = [], char
            return at + 1
        if char in "{[":
            self._push({} if char == "{" else [])
        elif char in "}]":
            self._close(dict if char == "}" else list)
        elif char == ",":
            top.key = None
        elif char != ":":
            return self._read_literal(text, at)
        return at + 1

    def _seek_root(self, text: str, at: int) -> int:
        """Prose before and between the answers is passed over."""
        if text[at] in "{[":
            self._push({} if text[at] == "{" else [])
        return at + 1

    def _read_literal(self, text: str, at: int) -> int:
        match = _LITERAL.match(text, at)
        assert match is not None
        if match.end() == len(text) and len(match[0]) <= _NUMBER_MAX:
            return at
        if self._lacks_key():
            self._stack[-1].key = match[0]
            return match.end()
        value = _literal(match[0])
        if value is not _NOTHING:
            self._put(value)
        return match.end()

    def _push(self, value: dict[str, Any] | list[Any]) -> None:
        if len(self._stack) >= DEPTH_MAX:
            self._stack.clear()
            return
        if len(self._stack) >= 2 and self._stack[-2].holds_steps and self._lacks_key():
            self._close(dict)  # the next step begins, so the last one's brace was forgotten
        inside = any(frame.holds_steps for frame in self._stack)
        named = not self._stack or self._stack[-1].key == STEPS_KEY
        self._stack.append(_Frame(value, holds_steps=isinstance(value, list) and named and not inside))

    def _lacks_key(self) -> bool:
        top = self._stack[-1]
        return isinstance(top.value, dict) and top.key is None

    def _close(self, kind: type) -> None:
        if not any(isinstance(frame.value, kind) for frame in self._stack):
            return
        while self._stack:
            value = self._stack.pop().value
            if self._stack:
                self._put(value)
            else:
                self.roots.append(value)
            if isinstance(value, kind):
                break

    def _put_string(self, text: str) -> None:
        if self._lacks_key():
            self._stack[-1].key = text
        else:
            self._put(text)

    def _put(self, value: Any) -> None:
        top = self._stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
            if top.holds_steps and isinstance(value, dict):
                self.closed_steps.append(value)
        elif top.key is not None:
            top.value[top.key] = value
            top.key = None


def _may_begin(frame: _Frame, char: str) -> bool:
    return char in ("\"'}/" if isinstance(frame.value, dict) else "{]/")


def _skip_comment(text: str, at: int) -> int:
    opener = text[at : at + 2]
    if opener == "/":
        return at
    end, length = (text.find("\n", at), 1) if opener == "//" else (text.find("*/", at + 2), 2)
    if opener not in ("//", "/*"):
        return at + 1
    if end < 0:
        return at if len(text) - at < COMMENT_MAX else at + 1
    return end + length


def _hex(digits: str) -> int | None:
    return int(digits, 16) if re.fullmatch(r"[0-9a-fA-F]{4}", digits) else None


def _literal(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    if len(word) <= _NUMBER_MAX and _NUMBER.match(word):
        return _number(word)
    return _NOTHING


def _number(word: str) -> int | float | None:
    """As exact as what reads it afterwards can keep it; None for what is larger than any number."""
    if not any(c in word for c in ".eE") and abs(whole := int(word)) <= _INTEGER_MAX:
        return whole
    number = float(word)
    return number if math.isfinite(number) else None
