"""Tells thoughts that a model writes into its answer (`<think>…</think>`) from the answer, as both come in pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from processors.agents.llm import Delta

_OPENING = re.compile(r"<(think|thinking|thought|thoughts|reasoning)>", re.IGNORECASE)
_BEGUN = re.compile(r"(?:</?[a-z]{0,9}|[{\[]\s{0,64})\Z", re.IGNORECASE)
"""At the end of a piece: what may become a tag, or the answer's JSON, with the next one."""
_VALUE = re.compile(r"\{(?=\s{0,64}[\"'}/])|\[(?=\s{0,64}[{\]/])")
"""Where JSON begins, and not a word in brackets: `[1]`, `{note}`."""


class Thoughts:
    """Feed pieces of content. Once the answer's JSON has begun, whatever looks like a tag is a part of it."""

    def __init__(self) -> None:
        self._held = ""
        self._closing: re.Pattern[str] | None = None
        """What ends the thought that is under way."""
        self._answering = False

    def feed(self, piece: str) -> Iterator[Delta]:
        text, self._held = self._held + piece, ""
        while text:
            if self._answering:
                yield Delta("content", text)
                return
            said, text = self._next(text)
            if said.text:
                yield said

    def rest(self) -> Iterator[Delta]:
        """What was held back, once nothing more comes."""
        text, self._held = self._held, ""
        if text:
            yield Delta("content" if self._closing is None else "reasoning", text)

    def _next(self, text: str) -> tuple[Delta, str]:
        """Up to where the one becomes the other, and what is left."""
        if self._closing is not None:
            if (end := self._closing.search(text)) is not None:
                self._closing = None
                return Delta("reasoning", text[: end.start()]), text[end.end() :]
            return Delta("reasoning", self._sure(text)), ""
        tag, value = _OPENING.search(text), _VALUE.search(text)
        if value is not None and (tag is None or value.start() < tag.start()):
            self._answering = True
            return Delta("content", text), ""
        if tag is None:
            return Delta("content", self._sure(text)), ""
        self._closing = re.compile(f"</{tag[1]}>", re.IGNORECASE)
        return Delta("content", text[: tag.start()]), text[tag.end() :]

    def _sure(self, text: str) -> str:
        """Without what may be the beginning of a tag: that is held back."""
        if (begun := _BEGUN.search(text)) is None:
            return text
        self._held = text[begun.start() :]
        return text[: begun.start()]
