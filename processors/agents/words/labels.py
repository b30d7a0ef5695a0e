"""Labels of files in running text: what a planner writes as `image_1`, and what a person says as `image 1`. Pure.

`video 5 seconds long`, `Image 2: a cat` and `video 3 times` name no file: a number that counts or numbers something
else stands for no label. Rather a label is missed than a file taken that nobody meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

LABEL = re.compile(r"\b((?:made_)?(?:image|video|audio|3d|text|other))[ _-]?(\d{1,4})\b", re.IGNORECASE)
"""`image_1` for a file that was uploaded, `made_image_1` for one that was made here."""
_WRITTEN = re.compile(
    r"(?<![\w./-])((?:made_)?(?:image|video|audio|3d|text|other))_(\d{1,4})(?![\w/-]|\.\w)", re.IGNORECASE
)
_SPOKEN = re.compile(
    r"(?<![\w./-])((?:made_)?(?:image|video|audio|3d|text|other))(?:[ _-]|\s?(?:#|no\.?|nr\.?|number|nummer)\s?)?"
    r"(\d{1,4})(?![\w/:-]|[.,]\w)",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\s*(\w+|[^\w\s]|$)")
_NO_PLURALS: Final = frozenset({"is", "was", "as", "has", "this", "its", "us", "looks", "needs", "plus", "says"})
_COUNTED: Final = frozenset({
    "s", "sec", "second", "min", "minute", "h", "hour", "ms", "time", "x", "by", "fps", "frame", "px", "pixel", "mp",
    "k", "kb", "mb", "gb", "hz", "db", "cm", "mm", "percent", "degree", "dollar", "credit", "euro", "word", "line",
    "page", "sekunde", "sekunden", "minuten", "stunde", "stunden", "mal", "bilder", "worter", "prozent",
    "grad", "uhr", "zeilen", "jahre", "year", "day", "person", "people", "men", "women", "children", "of", "a", "an",
    "show", "shows", "showing", "depicts", "zeigt", "ein", "eine", "einen", "or", "oder",
})  # fmt: skip
"""What follows a number that is no label's: what is counted, or what a picture that shall be made is to show."""
_NUMBERS_A_HEADING: Final = frozenset(':=-–—%°"(×*/€$')


class Found(NamedTuple):
    at: int
    words: str
    label: str


def label_of(medium: str, number: str) -> str:
    return f"{medium.lower()}_{int(number)}"


def read_label(text: str) -> str | None:
    """The label that a whole text is, however it is written."""
    match = LABEL.fullmatch(text.strip())
    return label_of(match[1], match[2]) if match else None


def written(text: str) -> Iterator[Found]:
    """As the platform writes them."""
    for match in _WRITTEN.finditer(text):
        yield Found(match.start(), match[0], label_of(match[1], match[2]))


def spoken(text: str) -> Iterator[Found]:
    """As a person may write them, too."""
    for match in _SPOKEN.finditer(text):
        if "_" in match[0].removeprefix("made_") or not _counts(text, match.end()):
            yield Found(match.start(), match[0], label_of(match[1], match[2]))


def _counts(text: str, at: int) -> bool:
    """The number before this place counts or numbers something."""
    follows = _NEXT.match(text, at)
    word = follows[1].lower() if follows else ""
    if word in _NUMBERS_A_HEADING or word in _COUNTED:
        return True
    return len(word) > 2 and word.endswith("s") and word not in _NO_PLURALS
