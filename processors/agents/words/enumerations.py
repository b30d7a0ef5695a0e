"""`steps 3 and 4`, `images 2-4`, `the third and the fifth step`: one word behind the noun, `no_3_4`. Pure.

So a clause is not parted within such a list, and its numbers are not taken for a count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from processors.agents.words.places import ORDERS, places

_NOUN: Final = (
    r"steps?|schritte?n?|items?|numbers?|nummern?|images?|pictures?|photos?|pics?|bild(?:er)?n?|fotos?|videos?|clips?|"
    r"films?|animations?|voice-?overs?|voices?|narrations?|songs?|tracks?|sounds?|audios?|texts?|poems?|scripts?|models?|"
    r"meshes|mesh"
)
_WORDS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eins": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9, "zehn": 10,
}  # fmt: skip
_NUMBER: Final = rf"(?:#\s?)?(?:\d{{1,3}}|{'|'.join(_WORDS)})(?!\w)"
_TO: Final = r"\s?(?:-|–|—)\s?|\s(?:to|through|thru|until|bis)\s"
_AND: Final = r"\s?,\s?(?:(?:and|und|or)\s)?|\s?(?:&|\+)\s?|\s(?:and|und|or|oder|et|y|e|as\swell\sas|sowie)\s"
_AGAIN: Final = r"(?:(?:the\s)?(?:steps?|schritt)\s)?"
_LIST: Final = rf"{_NUMBER}(?:(?:{_TO}|{_AND}){_AGAIN}{_NUMBER}){{0,19}}"
_MEASURES: Final = (
    r"(?!\s?-?\s?(?:s|sec|secs|seconds?|ms|minutes?|min|percent|%|px|pixels?|db|times|x|copies|more|d|steps?|images?|"
    r"pictures?|videos?|of)\b)(?![.:]\d)(?!\w)"
)
_QUOTED: Final = r"(?P<quoted>\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|(?<!\w)'[^'\n]{2,}'(?!\w))"
_NUMBERED: Final = (
    rf"\b(?P<noun>{_NOUN})\s(?:#|(?:no|nr)\.?\s?|numbers?\s|nummern?\s)?(?P<list>{_LIST})(?:st|nd|rd|th)?{_MEASURES}"
)
_BARE: Final = (
    rf"(?P<verb>\b(?:delete|remove|drop|lösche|entferne)\s)(?:numbers?\s|no\.?\s|nr\.?\s)?(?P<bare>{_LIST})"
    r"(?=\s?(?:$|[.!?;]|please|bitte))"
)
_ORDERED: Final = rf"\b(?P<orders>{ORDERS})\s(?P<of>{_NOUN}|ones?)\b(?!\s?(?:\d|no_))"
STEPS: Final = (
    r"(?:the\s)?(?:steps?|schritte?n?)\s(?:#|(?:no|nr)\.?\s?|numbers?\s|nummern?\s)?"
    rf"(?P<steps>{_LIST}){_MEASURES}"
)
"""Steps by their numbers."""
_EACH = re.compile(rf"(?P<to>{_TO})?{_AGAIN}(?P<number>{_NUMBER})", re.IGNORECASE)
_FIND = re.compile("|".join((_QUOTED, _NUMBERED, _BARE, _ORDERED)), re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]+")
_MARK = re.compile(r"no(?:_m?\d+)+")
_RANGE_MAX: Final = 100


def gathered(text: str) -> str:
    """Each list of numbers, or of several ordinals, as one word; what is quoted stays."""
    return gathering(text)[0]


def gathering(text: str) -> tuple[str, dict[str, str]]:
    """The same, and what stood there in the words that were written."""
    said: dict[str, str] = {}

    def replaced(match: re.Match[str]) -> str:
        word = _gathered(match)
        if word != match[0]:
            said[word] = match[0]
        return word

    return _FIND.sub(replaced, _SPACES.sub(" ", text)), said


def numbers_in(word: str) -> tuple[int, ...]:
    """Places that a word of ours names, from 0, or from -1 at the end; none for any other word."""
    if not _MARK.fullmatch(word):
        return ()
    return tuple(-int(one[1:]) if one.startswith("m") else int(one) - 1 for one in word.split("_")[1:])


def numbered(listed: str) -> tuple[int, ...]:
    """Places, from 0, that a list of numbers names; none where it is none."""
    places = tuple(dict.fromkeys(_numbers(listed)))
    return places if all(0 <= at < 1000 for at in places) else ()


def _gathered(match: re.Match[str]) -> str:
    if match["quoted"] is not None:
        return match[0]
    if match["orders"] is not None:
        at = places(match["orders"]).at
        several = len(at) > 1 or any(one < -1 for one in at)
        return f"{match['of']} {_mark(at)}" if several else match[0]
    listed = match["list"] or match["bare"]
    numbers = list(_numbers(listed))
    if not all(0 <= at < 1000 for at in numbers):
        return match[0]
    return f"{match['noun'] or match['verb'].strip()} {_mark(numbers)}"


def _numbers(listed: str) -> Iterator[int]:
    """Places from 0; a range that runs backwards is none."""
    last = -1
    for one in _EACH.finditer(listed):
        word = one["number"].lstrip("# ").lower()
        at = (int(word) if word.isdigit() else _WORDS[word]) - 1
        if one["to"] is None:
            yield at
        else:
            yield from range(last + 1, at + 1) if last < at <= last + _RANGE_MAX else (-1,)
        last = at


def _mark(at: tuple[int, ...] | list[int]) -> str:
    return "no_" + "_".join(f"m{-one}" if one < 0 else str(one + 1) for one in at)
