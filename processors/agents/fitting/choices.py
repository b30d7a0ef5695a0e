"""Reads which of several models an answer names: in an object, a list, a bare name, or the one that its prose names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from processors.agents.answers.fences import without_thoughts
from processors.agents.answers.objects import member, read_object
from processors.agents.fitting.model_names import Meant, Named, meant, named_in_prose

_MEMBERS: Final = (
    "model", "modelid", "modelname", "id", "name", "choice", "chosen", "chosenmodel", "selected", "selectedmodel",
    "selection", "recommendation", "answer", "result", "models",
)  # fmt: skip
_DEPTH_MAX: Final = 4
_CHARS_MAX: Final = 4000
_NAME_WORDS_MAX: Final = 6


def read(answer: str, offered: Sequence[Named]) -> Meant | None:
    """None where it names none of them, or, in prose, several."""
    text = without_thoughts(answer[:_CHARS_MAX]).strip()
    found = read_object(text)
    if found is not None and (named := _name(found)):
        return meant(named, offered)
    bare = _bare(text)
    size = len(bare.split())
    named_here = named_in_prose(text, offered) if size > 1 else ()
    if len(named_here) == 1:
        return Meant({named_here[0]: 0})
    return meant(bare, offered) if not named_here and 0 < size <= _NAME_WORDS_MAX else None


def _name(said: Any, depth: int = 0) -> str:
    """The first name in it."""
    if depth > _DEPTH_MAX:
        return ""
    if isinstance(said, str):
        return said.strip()
    if isinstance(said, Mapping):
        return _name(member(said, _MEMBERS), depth + 1)
    return _name(said[0], depth + 1) if isinstance(said, list) and said else ""


def _bare(text: str) -> str:
    """A name alone, however it is quoted or listed."""
    try:
        return _name(orjson.loads(text))
    except orjson.JSONDecodeError:
        return text.strip("`'\"*_[]{}(). \n")
