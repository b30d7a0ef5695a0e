"""The shape of a provider's words: what stays when everything is taken out that differs from call to call. Pure.

Two failures of one kind have one shape, so that a classification of the first holds for the second; and what a person
wrote or uploaded, which providers like to quote, does not leave with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

READ_MAX_CHARS: Final = 2_000
SHAPE_MAX_CHARS: Final = 400
DEPTH_MAX: Final = 6
_TAKEN_OUT: Final = (
    (re.compile(r"\b(?:[a-z][a-z0-9+.-]{1,15}://|data:|www\.)\S+"), "[url]"),
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,63}"), "[id]"),
    (re.compile(r"\"[^\"]*\"|`[^`]*`|“[^”]*”|«[^»]*»|(?<!\w)'[^']*'(?!\w)"), "[value]"),
    (re.compile(r"(?<![\w/])~?(?:/[\w.@-]+){2,}"), "[path]"),
    (re.compile(r"(?<![\w-])(?=[a-z_-]*\d)[\w-]*[a-z_][\w-]{6,}\b|\b[0-9a-f]{4,}(?:-[0-9a-f]{4,}){2,}\b"), "[id]"),
)
_NUMBER: Final = re.compile(
    r"((?:http|status|code|error)[^\w\[]{0,3}(?:code|status)?[^\w\[]{0,3}[45]\d\d\b)|\d+(?:[.,:]\d+)*"
)
_RUN: Final = re.compile(r"(\[(?:url|id|value|path)\]|#)(?:[\s,;|]+\1)+")
_SPACES: Final = re.compile(r"\s+")


def shape_of(words: str) -> str:
    """Lower case, at most 400 characters; addresses, ids, quoted values, paths and numbers are placeholders.

    The status of an HTTP answer stays: it is a word.
    """
    text = " ".join(_said(words[:READ_MAX_CHARS])).lower()
    for pattern, placeholder in _TAKEN_OUT:
        text = pattern.sub(placeholder, text)
    text = _NUMBER.sub(lambda found: found[1] or "#", text)
    # Angle brackets mark the words as data where they are told on.
    text = _SPACES.sub(" ", text.replace("<", "(").replace(">", ")"))
    return _RUN.sub(r"\1", text).strip()[:SHAPE_MAX_CHARS].rstrip()


def _said(words: str) -> Iterator[str]:
    """Some providers wrap their words in JSON: then its texts are what was said, and not quoted values."""
    try:
        body = orjson.loads(words)
    except orjson.JSONDecodeError:
        body = None
    yield from _texts(body, 0) if isinstance(body, dict | list) else (words,)


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > DEPTH_MAX:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float):
        yield str(value)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield f"{name}:"
            yield from _texts(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth + 1)
