"""The outermost layer of an answer: thoughts before it, and the fenced blocks in it."""

from __future__ import annotations

import re
from typing import Final, Literal

BLOCKS_MAX: Final = 16
_THINK: Final = "<think>"
_THOUGHT: Final = "</think>"
_THINKING = re.compile(r"\A\s*<think>.*?(</think>|\Z)", re.DOTALL)
_FENCE = re.compile(r"^[ \t]*```[\w+-]*[ \t]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)


def without_thoughts(answer: str) -> str:
    return _THINKING.sub("", answer)


def blocks(text: str) -> list[str]:
    """What stands in fences that have lines of their own: a fence inside a line may be part of somebody's words."""
    found: list[str] = []
    for match in _FENCE.finditer(text):
        found.append(match[1])
        if len(found) == BLOCKS_MAX:
            break
    return found


class Thoughts:
    """Takes thoughts off an answer that is still being written."""

    def __init__(self) -> None:
        self._mode: Literal["opening", "thinking", "answering"] = "opening"
        self._held = ""
        """Characters held back until it is clear whether the model thinks aloud, or has stopped to."""

    def feed(self, delta: str) -> str:
        """What of it is the answer."""
        if self._mode == "answering":
            return delta
        text, self._held = self._held + delta, ""
        if self._mode == "opening":
            text = text.lstrip()
            if len(text) < len(_THINK) and _THINK.startswith(text):
                self._held = text
                return ""
            self._mode = "thinking" if text.startswith(_THINK) else "answering"
        if self._mode == "thinking":
            _, closed, rest = text.partition(_THOUGHT)
            if not closed:
                self._held = text[-len(_THOUGHT) :]
                return ""
            self._mode, text = "answering", rest
        return text
