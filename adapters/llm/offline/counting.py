"""How many of a thing are asked for: a number before its plural says so; a measure and an adjective do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.llm.offline.lexicon import NUMBERS, is_plural, some_of

COUNT_MAX: Final = 100
"""So many of a thing are planned at once."""
SURE_MAX: Final = 12
"""Beyond it a number before a noun in the singular is a property: a 360 video."""
QUANTITIES: Final = some_of("couple pair few dozen hundred handful trio")
"""They count behind an article, too: a dozen pictures."""
UNITS: Final = some_of("""
    fps bit bits k p hz khz mp megapixel megapixels mm cm m inch inches px pixel pixels dpi ppi hour hours minute
    minutes second seconds day days week weeks month months year years story storey string strings degree degrees deg
    page pages panel panels part act scene scenes point points piece person people player man voice line lines word
    words verse syllable syllables chapter chapters percent mile miles km kg lb d dimensional color colour tone door
    star note bar beat octave key track bpm frame frames step row column layer sided star legged""")
"""A number before these measures."""
VARIANTS: Final = some_of("variations variants versions options alternatives copies takes kinds types styles")
"""So many of these of a thing are so many things."""
GROUPS: Final = some_of("set series collection pack bunch batch group selection range")
"""`a set of four icons` is four icons."""
_AMOUNTS: Final = some_of("words word paragraphs verses hashtags lyrics vocals")
"""So many of them are one text."""
_BEFORE: Final = some_of("new next last first different other more exactly only just following additional extra")
"""They may stand before a number that counts."""
_TIMES: Final = frozenset({"x", "times"})
_YEARS: Final = range(1500, 2101)


@dataclass(frozen=True, slots=True)
class Count:
    number: int
    taken: int
    """How many of the words before the noun say it."""
    doubtful: int = 0
    """A number that could have been one, and was not read as one."""


def count_of(adjectives: Sequence[str], noun: str, determiner: str, after: str) -> Count:
    """Of the words between a noun's determiner and itself."""
    place = 1 if adjectives and adjectives[0] in _BEFORE and len(adjectives) > 1 else 0
    number, words = _number(adjectives[place:])
    if number is None or noun in _AMOUNTS:
        return Count(1, 0)
    rest = adjectives[place + words :]
    if rest and rest[0] in _TIMES:
        return Count(number, place + words + 1)
    if adjectives[place].endswith("x"):
        return Count(number, place + words)
    is_article = determiner in ("a", "an") and adjectives[place] not in QUANTITIES
    if is_article or (rest and rest[0] in UNITS) or (rest and number in _YEARS):
        return Count(1, 0)
    if is_plural(noun) or (not rest and number <= SURE_MAX and not after):
        return Count(number, place + words)
    return Count(1, 0, doubtful=number if not rest and number > SURE_MAX else 0)


def quantity(words: Sequence[str], noun: str) -> int | None:
    """What `a couple of pictures`, `three variations of a logo` say before `of`; None where they say no number."""
    number, taken = _number(words)
    if number is None:
        return None
    if words[taken:] and words[-1] in VARIANTS:
        return number
    is_amount = len(words) == taken and words[0] in QUANTITIES
    return number if is_amount and is_plural(noun) else None


def is_measure(before: str, noun: str, after: str) -> bool:
    """`two story` in `a two story house`: a noun in the singular behind a number, and before what it measures."""
    number, taken = _number([before])
    return bool(taken) and number != 1 and bool(after) and not is_plural(noun)


def is_of_a_measure(word: str) -> bool:
    """`24`, `fps`, `4k`: it says nothing of what is shown."""
    return word[:1].isdecimal() or word.lower() in UNITS


def not_counted(number: int, noun: str) -> str:
    """Said of a number that was read as a property."""
    return (
        f"I took “{number}” before “{noun}” as a property of one, not as how many: "
        f"for more of them, say a number before the plural, as in “3 {noun}s”."
    )


def no_count(number: int, noun: str) -> str:
    """Said of a number of things that are not planned."""
    if number == 0:
        return f"Zero {noun} are nothing to make, so none are planned."
    return f"{number} {noun} are too many: at most {COUNT_MAX} of a thing are planned at once. Say a smaller number."


def _number(words: Sequence[str]) -> tuple[int | None, int]:
    """The number that they begin with, and how many words it takes: `two dozen`."""
    first = _value(words[0]) if words else None
    if first is None:
        return None, 0
    second = words[1] if len(words) > 1 else ""
    return (first * NUMBERS[second], 2) if second in ("dozen", "hundred") else (first, 1)


def _value(word: str) -> int | None:
    digits = word.removesuffix("x")
    if digits.isdecimal() and len(digits) <= 6:
        return int(digits)
    return NUMBERS.get(word)
