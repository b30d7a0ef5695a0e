"""What stands behind a noun and says which thing is meant: `of the dog`, `from step 1`, `I uploaded first`. Pure.

It is only read here; which thing it fits is for those to tell who know the things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from processors.agents.words.enumerations import STEPS, numbered
from processors.agents.words.places import ONE, places

READ_MAX: Final = 200
"""Letters behind the noun."""
_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        ("one eins", "two zwei", "three drei", "four vier", "five fünf", "six sechs", "seven sieben", "eight acht",
         "nine neun", "ten zehn"), 1
    )
    for word in words.split()
}  # fmt: skip
_OF_STEP = re.compile(
    r",?\s+(?:(?:that|which)\s+(?:was\s+|is\s+|comes\s+)?)?(?:made\s+|generated\s+|created\s+|coming\s+)?"
    r"(?:from|of|in|by|aus|von|vom|in|im)\s+(?:the\s+|dem\s+|den\s+)?"
    r"(?:(?:step|schritt)\s+(?:#|no\.?\s|number\s|nr\.?\s|nummer\s)?\s?"
    rf"(?P<number>\d{{1,3}}|{'|'.join(_NUMBERS)})\b(?!\s?[,&]?\s?(?:and|to|und|or|bis|\d))"
    rf"|(?P<order>{ONE})\s+(?:step|schritt)\b|(?P<id>s\d{{1,3}})\b)",
    re.IGNORECASE,
)
_OF_STEPS = re.compile(
    r",?\s+(?:(?:that|which)\s+(?:were\s+|come\s+)?)?(?:made\s+|generated\s+|created\s+|coming\s+)?"
    rf"(?:from|of|in|by|aus|von|vom)\s+{STEPS}",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r",?\s+(?:(?:that|which)(?:\s+is|'s)\s+)?(?:called|named|titled|entitled|labell?ed|namens|genannt)\s+"
    r"(?:(?P<mark>[\"'“„«‘])(?P<quoted>[^\"“”»’\n]{1,120}?)[\"'”“»’](?!\w)|(?=\w))",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"\s+(?:you\s+|here\s+)?(?:(?P<adverb>first|last|second|third|zuerst|zuletzt)\b(?!\s+\w*(?:week|month|night|year|time|"
    r"day|thing|evening|morning|summer|winter|spring))(?P<then>,?\s+(?:and\s+)?(?:then|after|before)\b)?"
    r"|(?P<time>(?:last|this)\s+\w+|yesterday|today|tonight|(?:an?|\d+|two|some)\s+\w+\s+ago|gestern|heute)\b)",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"\s+[\"'“]?(?P<name>[\w-][\w.-]*\.[a-z][a-z0-9]{1,4})\b(?![./])", re.IGNORECASE)
_PIECE = re.compile(r"(?P<word>[^\W_]+(?:-[^\W_]+)*)(?P<of>['’]s\b)?|(?P<mark>[^\w\s]|_)|(?P<line>\n)")
_OPENERS: Final = frozenset({
    "of", "with", "showing", "depicting", "featuring", "containing", "about", "where", "in", "on", "at", "from", "that",
    "which", "after", "next", "beside", "near", "behind", "i", "we", "you", "ich", "wir",
    "von", "vom", "mit", "auf", "im", "am", "über", "aus",
})  # fmt: skip
_SURE: Final = frozenset({"of", "showing", "depicting", "featuring", "containing", "about", "von", "vom"})
"""Behind these stands what a thing shows, and nothing else."""
_LOOSE: Final = frozenset({"with", "in", "on", "at", "from", "mit", "auf", "im", "am"})
"""Behind these may stand how something is to be done."""
_DEFINITE: Final = frozenset({"the", "this", "that", "my", "our", "your", "these", "those", "der", "die", "das", "dem",
                              "den", "im", "am", "vom", "mein", "meine", "meinem"})  # fmt: skip
_PASSED: Final = _DEFINITE | frozenset({
    "a", "an", "some", "it", "is", "was", "are", "has", "have", "you", "can", "see", "there", "shows", "show",
    "showing", "depicts", "depicting", "features", "contains", "which", "where", "ein", "eine", "einem", "einen",
    "einer", "zeigt", "ist", "one", "of", "i", "we",
})  # fmt: skip
_GOES_ON: Final = frozenset({
    "on", "in", "at", "with", "near", "under", "behind", "beside", "by", "auf", "mit", "im", "am",
})  # fmt: skip
_BESIDE: Final = frozenset({"after", "next", "beside", "near", "behind"})
"""What is spoken of then is another thing."""
_UNKNOWN: Final = frozenset({"step", "steps", "schritt", "schritte", "schritten", "message", "messages", "nachricht"})
"""What comes from there cannot be told, but for one step."""
_ENDS: Final = frozenset({
    "and", "or", "but", "then", "to", "into", "as", "for", "so", "should", "must", "will", "would", "can", "needs",
    "instead", "please", "und", "oder", "aber", "dann", "soll", "bitte", "while", "than", "because", "first",
})  # fmt: skip
_ARTICLES: Final = frozenset({"the", "a", "an", "my", "our", "das", "die", "den", "dem", "der"})
_TAKES_WITH = re.compile(
    r"\b(?:replac|swap|exchang|substitut|combin|merg|mix|match|compar|join|connect|cover|fill|overlay|sync|ersetz|"
    r"tausch|kombinier)\w*\b[^.;!?\n]*$",
    re.IGNORECASE,
)

Kind = Literal["step", "steps", "called", "shown", "part", "unclear"]
"""`shown`: by what is in it. `part`: of another thing. `unclear`: it says which one, and nothing is known by that."""


@dataclass(frozen=True, slots=True)
class Modifier:
    kind: Kind
    end: int = 0
    """Letters behind the noun that it takes up; of words, each has its own end."""
    number: int | None = None
    """Of a step, from 0 or from -1."""
    numbers: tuple[int, ...] = ()
    """Of several."""
    id: str = ""
    words: tuple[tuple[tuple[str, int], ...], ...] = ()
    """What is shown, or the name, in groups: the thing itself, then what is beside it; each word with its end."""
    sure: bool = True
    """It can only be what the thing shows; else it may be how something is to be done."""
    definite: bool = True
    ends: bool = False
    """Nothing stands behind it."""


@dataclass(frozen=True, slots=True)
class When:
    end: int
    place: int | None = None
    """None: a time that nothing is known of."""


def read_when(text: str, at: int) -> When | None:
    """`first` of `the image I uploaded first`."""
    match = _WHEN.match(text, at, at + READ_MAX)
    if match is None:
        return None
    if match["time"] or match["then"]:
        return When(match.end())
    adverb = match["adverb"].lower()
    return When(match.end(), {"zuerst": 0, "zuletzt": -1}.get(adverb, next(iter(places(adverb).at), 0)))


def read(text: str, noun_at: int, at: int, nouns: re.Pattern[str]) -> Modifier | None:
    """What stands at `at` behind the noun at `noun_at`; `nouns` are those of other things."""
    end = min(len(text), at + READ_MAX)
    if (step := _OF_STEP.match(text, at, end)) is not None:
        return _of_step(step, at)
    if (steps := _OF_STEPS.match(text, at, end)) is not None and len(numbers := numbered(steps["steps"])) > 1:
        return Modifier("steps", steps.end() - at, numbers=numbers)
    if (called := _CALLED.match(text, at, end)) is not None:
        words = [(one["word"], one.end() - at) for one in _PIECE.finditer(text, called.end(), end) if one["word"]]
        if called["quoted"]:
            words = [(one["word"], called.end() - at) for one in _PIECE.finditer(called["quoted"]) if one["word"]]
        return Modifier("called", words=(tuple(words[:8]),), ends=bool(called["quoted"]))
    if (name := _FILE_NAME.match(text, at, end)) is not None:
        return Modifier("unclear", name.end() - at)
    return _shown(text, noun_at, at, end, nouns)


def _of_step(match: re.Match[str], at: int) -> Modifier:
    if match["id"]:
        return Modifier("step", match.end() - at, id=match["id"].lower())
    if match["order"]:
        return Modifier("step", match.end() - at, number=places(match["order"]).at[0])
    number = match["number"].lower()
    return Modifier("step", match.end() - at, number=(int(number) if number.isdigit() else _NUMBERS[number]) - 1)


def _shown(text: str, noun_at: int, at: int, end: int, nouns: re.Pattern[str]) -> Modifier | None:
    pieces = list(_PIECE.finditer(text, at, end))
    if not pieces or (opener := (pieces[0]["word"] or "").lower()) not in _OPENERS:
        return None
    if opener in ("with", "mit") and _TAKES_WITH.search(text, max(0, noun_at - READ_MAX), noun_at):
        return None
    second = (pieces[1]["word"] or "").lower() if len(pieces) > 1 else ""
    definite = opener in ("im", "am", "vom") or second in _DEFINITE
    said = list(_groups(pieces[1:], nouns))
    if opener in _BESIDE or any(word in _UNKNOWN for group in said for word, _ in group):
        return Modifier("unclear")
    if said and any(nouns.fullmatch(word) for word, _ in said[0]):
        other = tuple((word, one_end - at) for word, one_end in said[0])
        return Modifier("part", words=(other,), sure=opener in _SURE, definite=definite)
    words = tuple(tuple((word, one_end - at) for word, one_end in group) for group in said if group)
    last = words[-1][-1][1] + at if words else at
    behind = next((one for one in pieces if one.start() >= last), None)
    sure = opener in _SURE or opener not in _LOOSE
    ends = behind is None or behind["word"] is None or behind["word"].lower() in _ENDS
    return Modifier("shown", words=words, sure=sure, definite=definite, ends=ends)


def _groups(pieces: list[re.Match[str]], nouns: re.Pattern[str]) -> Iterator[list[tuple[str, int]]]:
    group: list[tuple[str, int]] = []
    for n, piece in enumerate(pieces):
        word = (piece["word"] or "").lower()
        if word in ("and", "und") and group and _goes_on(pieces[n + 1 :], nouns):
            continue
        if not word or word in _ENDS:
            break
        if word in _GOES_ON:
            yield group
            group = []
        elif word not in _PASSED and piece["of"] is None:
            group.append((word, piece.end()))
    yield group


def _goes_on(pieces: list[re.Match[str]], nouns: re.Pattern[str]) -> bool:
    """`the dog and the cat`, but not `the dog and the second image`, nor `the dog and make …`."""
    words = [(one["word"] or "").lower() for one in pieces[:4]]
    return bool(words) and words[0] in _ARTICLES and not any(nouns.fullmatch(word) for word in words[1:])
