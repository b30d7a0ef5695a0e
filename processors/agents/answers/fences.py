"""The outer layers of an answer: thoughts around and in it, and the fenced blocks."""

from __future__ import annotations

import re
from typing import Final

BLOCKS_MAX: Final = 16
_FENCE = re.compile(r"^[ \t]*```[\w+-]*[ \t]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)
_TAG: Final = r"think|thinking|thought|thoughts|reasoning|scratchpad"
_THOUGHT = re.compile(rf"<(?:{_TAG})>", re.IGNORECASE)
_SIGN = re.compile(rf"\\.|[\"{{}}\[\]]|<({_TAG})>", re.DOTALL | re.IGNORECASE)


def without_thoughts(answer: str) -> str:
    """Without what stands in thought tags, wherever they are but in a string. One that is never closed thinks on to the
    end; but within the answer's JSON it is taken for words."""
    if _THOUGHT.search(answer) is None:
        return answer
    kept: list[str] = []
    at, begun, depth, in_string = 0, 0, 0, False
    unclosed: set[str] = set()
    while (sign := _SIGN.search(answer, at)) is not None:
        at = sign.end()
        if (tag := sign[1]) is not None:
            end = None if in_string or tag.lower() in unclosed else _closing(tag, answer, at)
            if end is not None:
                kept.append(answer[begun : sign.start()])
                at = begun = end
            elif not in_string:
                unclosed.add(tag.lower())
                if depth == 0:
                    return "".join([*kept, answer[begun : sign.start()]])
        elif sign[0] == '"':
            in_string = depth > 0 and not in_string
        elif not in_string and sign[0][0] != "\\":
            depth = max(0, depth + (1 if sign[0] in "{[" else -1))
    return "".join([*kept, answer[begun:]])


def _closing(tag: str, answer: str, at: int) -> int | None:
    found = re.compile(f"</{tag}>", re.IGNORECASE).search(answer, at)
    return found.end() if found else None


def blocks(text: str) -> list[str]:
    """What stands in fences that have lines of their own: a fence inside a line may be part of somebody's words."""
    found: list[str] = []
    for match in _FENCE.finditer(text):
        found.append(match[1])
        if len(found) == BLOCKS_MAX:
            break
    return found
