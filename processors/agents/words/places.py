"""Which of several things are meant by `the second and third`, `the second to last` or `the first two`. Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_ENGLISH: Final = {
    "first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "sixth": 5, "seventh": 6, "eighth": 7, "ninth": 8,
    "tenth": 9, "eleventh": 10, "twelfth": 11, "last": -1, "latest": -1, "newest": -1, "final": -1, "most recent": -1,
    "previous": -1, "earlier": -1, "original": 0, "oldest": 0, "other": -2, "penultimate": -2, "last but one": -2,
    "next to last": -2, "next-to-last": -2,
}  # fmt: skip
_GERMAN: Final = {
    "erst": 0, "zweit": 1, "dritt": 2, "viert": 3, "fünft": 4, "sechst": 5, "siebt": 6, "acht": 7, "neunt": 8,
    "zehnt": 9, "letzt": -1, "neuest": -1, "vorig": -1, "ursprünglich": 0, "vorletzt": -2, "ander": -2,
}  # fmt: skip
"""Before their endings."""
_EARLIER: Final = frozenset({"previous", "earlier", "vorig"})
_NUMBERS: Final = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "zwei": 2,
    "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "beiden": 2,
}  # fmt: skip
_NOWHERE: Final = 10_000
_ENDING: Final = r"(?:e[nrsm]?)"
_FROM_END: Final = r"[ -]to[ -](?:the[ -])?last"


def _any(words: dict[str, int]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


ONE: Final = (
    rf"(?:(?:{_any(_ENGLISH)}|\d{{1,3}}(?:st|nd|rd|th))(?:{_FROM_END})?|(?:{_any(_GERMAN)}){_ENDING}|\d{{1,3}}\.)"
)
"""One ordinal."""
ORDERS: Final = rf"(?>{ONE}(?:(?:\s?,\s?|\s?,?\s?(?:and|und|&)\s)(?:(?:the|das|die|den|der)\s)?{ONE}){{0,11}})"
"""One ordinal or several, as many as there are: fewer are never tried, for that took a long text minutes."""
COUNT: Final = rf"{_any(_NUMBERS)}|\d{{1,2}}(?!\.)"
_EACH = re.compile(ONE, re.IGNORECASE)
_FROM_END_OF = re.compile(rf"(?P<order>.+?){_FROM_END}", re.IGNORECASE)


class Place(NamedTuple):
    """`at` counts from 0, or from -1 at the end; none where nothing was said. `earlier`: not what came just now."""

    at: tuple[int, ...] = ()
    earlier: bool = False


def places(order: str, *, relative: bool = False) -> Place:
    """`relative`: the one before the last."""
    words = [match[0].lower() for match in _EACH.finditer(order)]
    if relative:
        return Place((-2,))
    return Place(tuple(map(_place, words)), any(word.startswith(tuple(_EARLIER)) for word in words))


def count_of(words: str | None) -> int | None:
    if not words:
        return None
    return int(words) if words.isdigit() else _NUMBERS[words.lower()]


def _place(word: str) -> int:
    if (from_end := _FROM_END_OF.fullmatch(word)) is not None and word not in _ENGLISH:
        return -1 - _place(from_end["order"])
    if word in _ENGLISH:
        return _ENGLISH[word]
    if word[0].isdigit():
        return (int(re.sub(r"\D", "", word)) or _NOWHERE) - 1
    stem = next(stem for stem in _GERMAN if re.fullmatch(rf"{stem}{_ENDING}", word))
    return _GERMAN[stem]
