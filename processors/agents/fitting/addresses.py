"""Addresses in what a model wrote: none is passed on, but in words where the person has written it themselves. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_HOST: Final = r"(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,8}"
_BEGINS: Final = (
    r"\b[a-z][a-z0-9+.-]{1,20}:[/\\]{2}"
    r"|\b(?:https?|ftps?|sftp|file|s3|gs|wss?|ssh|blob|javascript):(?=[^\s,;.])"
    r"|\bdata\s?:[\w.+-]+/[\w.+-]+(?=[;,])"
    r"|(?<![\w:/])//(?=[\w-]+\.\w)"
    r"|\\\\(?=\w)"
    r"|\bwww\.(?=\w)"
    r"|(?<![\w/])/?v1/(?=[a-z])|(?<![\w/])/?assets/(?=ast_)"
    r"|\b[\w%]{2,30}%3a(?:%2f|[/\\]){2}"
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)"
    r"|\blocalhost(?=[:/])"
    rf"|(?<![\w@.-]){_HOST}[a-z]{{2,24}}(?::\d{{2,5}})?/(?=[\w.~%?#-])"
)
"""How one begins: with a scheme, with a host and a path, as a number, or as a path of the API."""
_NAME: Final = rf"(?<![\w@.-]){_HOST}(?:com|net|org|info|biz|io|xyz|ru|cn|top|site|online|shop|app|dev)\b(?![\w-])"
_REST: Final = r"[^\s<>\"'`“”«»)\]}]*"
_WHOLE = re.compile(rf"(?:{_BEGINS}|data\s?:)\S*", re.IGNORECASE)
_IN_WORDS = re.compile(rf"(?:{_BEGINS}|{_NAME}){_REST}", re.IGNORECASE)
_SAME = re.compile(r"^(?:https?:)?[/\\]*(?:www\.)?", re.IGNORECASE)
_FORMATS: Final = frozenset({"uri", "uri-reference", "iri", "iri-reference", "url"})
_AROUND: Final = ".,;:!?"
_SPACES = re.compile(r"[ \t]{2,}")


def is_address(value: Any) -> bool:
    """A whole value that is a web address, a file's, a data URI or a path of the API: never passed on as it is."""
    return isinstance(value, str) and _WHOLE.fullmatch(value.strip()) is not None


def takes_addresses(rule: Mapping[str, Any]) -> bool:
    """Whether a field that takes no file is there for addresses: of `//2130706433` or a path nobody tells what they
    lead to, so nothing that a model writes there is passed on."""
    return rule.get("format") in _FORMATS


def without_foreign(value: Any, said: str) -> tuple[Any, bool]:
    """The value, and whether something was taken out: lists' and objects' members that are addresses or called so, and
    in running words each address that the person has not written just so."""
    if isinstance(value, str):
        return _cut(value, said)
    if isinstance(value, Mapping):
        kept = {
            key: without_foreign(one, said)
            for key, one in value.items()
            if not is_address(one) and not _cut(str(key), said)[1]
        }
        lost = len(kept) < len(value) or any(cut for _, cut in kept.values())
        return {key: one for key, (one, _) in kept.items()}, lost
    if isinstance(value, list):
        listed = [without_foreign(one, said) for one in value if not is_address(one)]
        return [one for one, _ in listed], len(listed) < len(value) or any(cut for _, cut in listed)
    return value, False


def _cut(text: str, said: str) -> tuple[str, bool]:
    found = [match for match in _IN_WORDS.finditer(text) if _bare(match[0])]
    spoken = {_same(match[0]) for match in _IN_WORDS.finditer(said)} if found else set()
    foreign = [match for match in found if _same(match[0]) not in spoken]
    for match in reversed(foreign):
        text = text[: match.start()] + text[match.start() + len(_bare(match[0])) :]
    return (_SPACES.sub(" ", text).strip(), True) if foreign else (text, False)


def _bare(found: str) -> str:
    """Without the sentence's own punctuation."""
    return found.rstrip(_AROUND)


def _same(found: str) -> str:
    """What two ways to write the same address have in common."""
    return _SAME.sub("", _bare(found).lower()).rstrip("/")
