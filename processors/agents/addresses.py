"""Addresses in what a model wrote: none is passed on, but in words where the person has written it themselves. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_WHOLE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]{1,20}:[/\\]{2}|data:|//|www\.|/v1/)\S*\s*$", re.IGNORECASE)
_IN_WORDS = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}:[/\\]{2}|\bdata:[\w.+-]+/[\w.+-]+[;,]|(?<![\w:/])//(?=[\w-]+\.\w)|\bwww\.(?=\w)"
    r"|(?<!\w)/v1/(?=\w))[^\s<>\"'`“”«»)\]}]*",
    re.IGNORECASE,
)
_AROUND: Final = ".,;:!?"
_SPACES = re.compile(r"[ \t]{2,}")


def is_address(value: Any) -> bool:
    """A whole value that is a web address, a data URI or a path of the API: never passed on as it is."""
    return isinstance(value, str) and _WHOLE.match(value) is not None


def without_foreign(value: Any, said: str) -> tuple[Any, bool]:
    """The value, and whether something was taken out: lists' and objects' members that are addresses, and in running
    words each address that does not stand in what the person said."""
    if isinstance(value, str):
        return _cut(value, said)
    if isinstance(value, Mapping):
        kept = {key: without_foreign(one, said) for key, one in value.items() if not is_address(one)}
        lost = len(kept) < len(value) or any(cut for _, cut in kept.values())
        return {key: one for key, (one, _) in kept.items()}, lost
    if isinstance(value, list):
        listed = [without_foreign(one, said) for one in value if not is_address(one)]
        return [one for one, _ in listed], len(listed) < len(value) or any(cut for _, cut in listed)
    return value, False


def _cut(text: str, said: str) -> tuple[str, bool]:
    found = [match for match in _IN_WORDS.finditer(text) if _bare(match[0])]
    spoken = said.lower() if found else ""
    foreign = [match for match in found if _bare(match[0]).lower() not in spoken]
    for match in reversed(foreign):
        text = text[: match.start()] + text[match.start() + len(_bare(match[0])) :]
    return (_SPACES.sub(" ", text).strip(), True) if foreign else (text, False)


def _bare(found: str) -> str:
    """Without the sentence's own punctuation."""
    return found.rstrip(_AROUND)
