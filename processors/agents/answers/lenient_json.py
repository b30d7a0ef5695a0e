"""A tolerant JSON reader, fed piece by piece: says which elements of the answer's `steps` were really closed.

It builds values in one pass over the text. Commas are optional, comments are skipped, a key without a value is
dropped, a closer that fits an outer structure closes the inner ones, raw line breaks and quotes in strings are text.
For valid JSON it gives exactly what a strict reader gives, but for what is nested deeper than `DEPTH_MAX`: null.
However the text is cut into pieces, the same comes out; the time is that of the text's length, up to `READS_MAX`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

from processors.agents.answers.json_strings import StringReader

DEPTH_MAX: Final = 64
COMMENT_MAX: Final = 2000
READS_MAX: Final = 500_000
"""Tokens of one text: a plan of 500 long steps has a tenth of it. What comes after them is not read."""
STEPS_KEY: Final = "steps"
STEPS_DEPTH: Final = 4
"""The steps' list stands in the answer's object, or in objects in it, this many in all."""

_WORDS: Final = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None,
                 "NaN": None, "undefined": None, "Infinity": None, "-Infinity": None}  # fmt: skip
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\Z")
_WORD_MAX: Final = 64
INTEGER_MAX: Final = 2**63 - 1
_SPACE = re.compile(r"\s+")
_OPENER = re.compile(r"[\[{]")
_WORD = re.compile(r"[^\s,:{}\[\]\"'/]+")
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
    """Feed text, get the step objects that closed; `roots`, `asides` and `open_root` hold all else.

    Of what stands within a sentence no step is told; what stands there in parentheses only illustrates it, and is among
    `asides`.
    """

    roots: list[Any] = field(default_factory=list)
    asides: list[Any] = field(default_factory=list)
    closed_steps: list[dict[str, Any]] = field(default_factory=list)
    reads: int = 0
    """Tokens so far."""
    _stack: list[_Frame] = field(default_factory=list)
    _steps_at: int | None = None
    """Where in the stack the list is that holds the steps."""
    _beyond: int = 0
    """How many structures are open that are nested too deep to be kept."""
    _tail: str = ""
    _string: StringReader | None = None
    _inline: bool = False
    """The structure that is read, or would begin now, stands within a line of prose."""
    _bracketed: bool = False
    _long_word: bool = False
    """The word that is being read is longer than any that means something."""

    def feed(self, text: str) -> list[dict[str, Any]]:
        """Reads on; returns the steps that became complete, in order."""
        before = len(self.closed_steps)
        text, self._tail = self._tail + text, ""
        at = 0
        while at < len(text) and self.reads < READS_MAX:
            read = self._read_structure(text, at) if self._string is None else self._read_string(self._string, text, at)
            if read == at:
                self._tail = text[at:]
                break
            at = read
        return self.closed_steps[before:]

    def open_root(self) -> Any:
        """The outermost structure where it never closed, with the steps of it that did; None when all is closed."""
        if not self._stack:
            return None
        depth = self._steps_at or 0
        value: Any = self._stack[depth].value
        for frame in reversed(self._stack[:depth]):
            value = {**frame.value, frame.key: value} if isinstance(frame.value, dict) else [*frame.value, value]
        return value

    def _read_string(self, string: StringReader, text: str, at: int) -> int:
        at = string.read(text, at)
        if string.text is None:
            return at
        self._string = None
        if self._lacks_key():
            self._stack[-1].key = string.text
        else:
            self._put(string.text)
        return self._read_structure(text, at)

    def _read_structure(self, text: str, at: int) -> int:
        """Where to read on; the same place where more must come first."""
        if not self._stack:
            return self._seek_root(text, at)
        if space := _SPACE.match(text, at):
            self._long_word = False
            return space.end()
        char, top = text[at], self._stack[-1]
        if top.fresh and len(self._stack) == 1 and not _may_begin(top, char):
            self._forget()
            return self._seek_root(text, at)
        top.fresh = False
        if char not in "/\"'{[}],:":
            return self._read_word(text, at)
        self.reads += 1
        self._long_word = False
        if char == "/":
            return _skip_comment(text, at)
        if char in "\"'":
            top_is_object = isinstance(top.value, dict)
            self._string = StringReader(char, is_value=top_is_object and not self._lacks_key())
        elif char in "{[":
            self._open({} if char == "{" else [])
        elif char in "}]":
            self._close(dict if char == "}" else list)
        elif char == "," and not self._beyond:
            top.key = None
        return at + 1

    def _seek_root(self, text: str, at: int) -> int:
        """Prose before and between the answers is passed over."""
        opener = _OPENER.search(text, at)
        passed = text[at : opener.start() if opener else len(text)]
        self._inline = _is_within_prose(passed, within=self._inline)
        self._bracketed = _is_in_parentheses(passed, within=self._bracketed)
        if opener is None:
            return len(text)
        self.reads += 1
        self._open({} if opener[0] == "{" else [])
        return opener.end()

    def _read_word(self, text: str, at: int) -> int:
        match = _WORD.match(text, at)
        assert match is not None
        long = self._long_word or len(match[0]) > _WORD_MAX
        self._long_word = long and match.end() == len(text)
        if not long and match.end() == len(text):
            return at
        self.reads += 1
        if long:
            return match.end()
        if self._lacks_key():
            self._stack[-1].key = match[0]
        elif (value := _literal(match[0])) is not _NOTHING:
            self._put(value)
        return match.end()

    def _open(self, value: dict[str, Any] | list[Any]) -> None:
        if len(self._stack) >= DEPTH_MAX:
            self._beyond += 1
            return
        if self._steps_at is not None and len(self._stack) == self._steps_at + 2 and self._lacks_key():
            self._close(dict)  # the next step begins, so the last one's brace was forgotten
        holds_steps = isinstance(value, list) and self._steps_at is None and self._awaits_steps()
        if holds_steps:
            self._steps_at = len(self._stack)
        self._stack.append(_Frame(value, holds_steps))

    def _awaits_steps(self) -> bool:
        if not self._stack:
            return True
        if len(self._stack) > STEPS_DEPTH or (self._stack[-1].key or "").lower() != STEPS_KEY:
            return False
        return all(isinstance(frame.value, dict) for frame in self._stack)

    def _lacks_key(self) -> bool:
        top = self._stack[-1]
        return isinstance(top.value, dict) and top.key is None and not self._beyond

    def _close(self, kind: type) -> None:
        if self._beyond:
            self._beyond -= 1
            if not self._beyond:
                self._put(None)
            return
        if not any(isinstance(frame.value, kind) for frame in self._stack):
            return
        while self._stack:
            frame = self._stack.pop()
            if frame.holds_steps:
                self._steps_at = None
            if self._stack:
                self._put(frame.value)
            else:
                (self.asides if self._bracketed else self.roots).append(frame.value)
            if isinstance(frame.value, kind):
                break

    def _put(self, value: Any) -> None:
        if self._beyond:
            return
        top = self._stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
            if top.holds_steps and isinstance(value, dict) and not self._inline:
                self.closed_steps.append(value)
        elif top.key is not None:
            top.value[top.key] = value
            top.key = None

    def _forget(self) -> None:
        """What was begun was no JSON."""
        self._stack.clear()
        self._steps_at, self._beyond = None, 0


def _is_within_prose(passed: str, *, within: bool) -> bool:
    """Whether what comes next is a part of a sentence: words stand before it on its line, and no colon at their end."""
    line = passed.rpartition("\n")[2].strip()
    if not line:
        return within and "\n" not in passed
    return not line.endswith((":", "`"))


def _is_in_parentheses(passed: str, *, within: bool) -> bool:
    """Opened on this line, and not closed on it."""
    begun, over = passed.rfind("("), max(passed.rfind(")"), passed.rfind("\n"))
    return begun > over if max(begun, over) >= 0 else within


def _may_begin(frame: _Frame, char: str) -> bool:
    return char in ("\"'}/" if isinstance(frame.value, dict) else "{]/")


def _skip_comment(text: str, at: int) -> int:
    """Behind the comment. What does not end soon is none, for then it would be the rest of the plan."""
    opener = text[at : at + 2]
    if opener == "/":
        return at
    if opener not in ("//", "/*"):
        return at + 1
    closer = "\n" if opener == "//" else "*/"
    end = text.find(closer, at + 2, at + COMMENT_MAX)
    if end < 0:
        return at if len(text) - at < COMMENT_MAX else at + 1
    return end + len(closer)


def _literal(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    return _number(word) if _NUMBER.match(word) else _NOTHING


def _number(word: str) -> int | float | None:
    """As exact as what reads it afterwards can keep it; None for what is larger than any number."""
    if not any(c in word for c in ".eE") and abs(whole := int(word)) <= INTEGER_MAX:
        return whole
    number = float(word)
    return number if math.isfinite(number) else None
