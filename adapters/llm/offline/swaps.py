"""Reads what shall be put in whose place: `replace the voice with music`, `not a mug but a bottle`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from adapters.llm.offline.lexicon import LEADS, kind_of
from adapters.llm.offline.reading import read
from adapters.llm.offline.wording import ARTICLES
from processors.executor import durations

_DO: Final = (
    r"(?:make|use|take|have|do|show|draw|put|add|give me|create|generate|try|want|let's have|there should be"
    r"|i(?: would|'d)? (?:want|like|need|prefer))"
)
_SWAPS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:replace|swap|exchange|substitute)\s+(?:out\s+)?(?P<old>.+?)\s+(?:with|for|by)\s+(?P<new>.+)$",
        r"^(?:change|switch)\s+(?:from\s+)?(?P<old>.+?)\s+(?:to|into|for)\s+(?:be\s+)?(?P<new>.+)$",
        rf"^instead of\s+(?P<old>.+?)(?:\s*,\s*(?:please\s+)?(?:{_DO}\s+)?|\s+(?:please\s+)?{_DO}\s+)"
        r"(?:it\s+)?(?:be\s+)?(?P<new>.+)$",
        r"^(?:make|have|let)\s+(?P<old>it|this|that|the\s+.+?)\s+(?:(?:be\s+)?about|show)\s+(?P<about>.+?)"
        r"(?:\s+instead)?$",
        r"^(?P<old>it|this|that|the\s+.+?)\s+(?:should|must|shall)\s+(?:rather\s+)?(?:be\s+about|show)\s+(?P<about>.+?)"
        r"(?:\s+instead)?$",
        rf"^(?:{_DO}\s+)?(?:it\s+)?(?P<new>(?!it\b).+?)\s+(?:instead of|in place of|rather than)\s+(?P<old>.+)$",
        r"^(?P<old>the\s+.+?)\s+(?:should|must|shall)\s+(?:rather\s+)?be\s+(?P<new>(?:an?|some)\s+.+)$",
        r"^(?:make|turn)\s+(?P<old>it|this|that|step\s+\w+|the\s+.+?)\s+(?:into\s+)?(?P<new>an?\s+.+?)(?:\s+instead)?$",
        rf"^{_DO}\s+(?P<new>.+?)\s+instead$",
    )
)
_NORMAL: Final = (
    (re.compile(r"^(?:no|nope|nah)[\s,]+(?P<new>an?\s[^,;.!?]{1,80})[\s.!]*$", re.IGNORECASE), r"use \g<new> instead"),
    (re.compile(r"^(?:(?:maybe|i think|actually|hmm|no)[\s,]+)*(?P<new>an?\s[^,;.!?]{1,80}?)\s+"
                r"(?:would|might|could)\s+be\s+(?:much\s+|even\s+)?(?:better|nicer|good)[\s.!]*$", re.IGNORECASE),
     r"use \g<new> instead"),
    (re.compile(r"\binstead of\s+\d+\s*(?P<unit>seconds?|secs?|s|minutes?)\b\s*,?\s*(?:make it|use|i want)?\s*"
                r"(?P<n>\d+)(?!\s?\w)", re.IGNORECASE),
     r"make it \g<n> \g<unit>"),
    (re.compile(r"\b(?:i\s+)?(?:don't|do not|dont)\s+(?:really\s+)?(?:like|want|need)\s+(?P<old>[^,;.]+?)\s*"
                rf"(?:,|;|\band\b|\bso\b)\s*(?:(?:so|please|and)\s+)*{_DO}\s+(?P<new>[^,;.]+?)\s+instead\b",
                re.IGNORECASE),
     r"instead of \g<old>, use \g<new>"),
    (re.compile(rf"\bnot\s+(?P<old>{ARTICLES}\s+[\w\s-]+?),?\s+but\s+(?:rather\s+)?", re.IGNORECASE),
     r"instead of \g<old>, use "),
    (re.compile(rf",\s*(?:and\s+)?not\s+(?P<old>{ARTICLES}\s+[\w\s-]+)(?=$|[.!?])", re.IGNORECASE),
     r" instead of \g<old>"),
)  # fmt: skip
_END = re.compile(r"(?<![\s.!?,])[\s.!?,]*(?:\s(?:please|now|then|too|bitte))*[\s.!?]*$", re.IGNORECASE)
_ROLES: Final = (
    r"(?:first frame|start(?:ing)? (?:image|frame|picture)?|source|reference|input|basis|base)(?:\s+(?:of|for|in)\s+"
    r"(?P<of>.+?))?"
)
_USE = re.compile(
    r"^(?:use|take|put|go with|keep using)\s+(?P<what>.+?)(?P<how>(?:\s+(?:again|instead))*)"
    rf"(?:\s+(?:for|in|into)\s+(?P<target>(?:the|that|this|my)\s+.+?))?(?:\s+as\s+(?:the\s+|an?\s+)?{_ROLES})?"
    r"(?P<late>(?:\s+(?:again|instead))*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Swap:
    old: str
    """Empty where it is not said."""
    new: str
    instead: bool = False
    """It is said that what is there goes."""
    as_subject: bool = False
    """It is said that this is what it shall be about."""


@dataclass(frozen=True, slots=True)
class Use:
    what: str
    target: str
    """Empty where it is not said."""
    again: bool


def normal(request: str) -> str:
    """`not a mug but a bottle` as `instead of a mug, use a bottle`."""
    for pattern, said in _NORMAL:
        request = pattern.sub(said, request)
    return request


def read_swap(part: str) -> Swap | None:
    """None where nothing is put in anything's place; a measure is no thing."""
    said = _END.sub("", LEADS.sub("", part.strip()))
    for pattern in _SWAPS:
        if (match := pattern.match(said)) is not None:
            named = match.groupdict()
            new = (named.get("about") or match["new"]).strip(" ,")
            if _is_measure(new) or re.search(r"[\"“„«⟦:]", new):
                return None
            instead = re.search(r"\binstead\b", said, re.IGNORECASE) is not None
            return Swap(named.get("old") or "", new, instead, as_subject="about" in named)
    return None


def read_use(part: str) -> Use | None:
    """`use the second picture for the video`."""
    match = _USE.match(_END.sub("", LEADS.sub("", part.strip())))
    if match is None:
        return None
    again = "again" in f"{match['how']} {match['late']}".lower()
    return Use(match["what"], match["target"] or match["of"] or "", again)


def _is_measure(new: str) -> bool:
    clauses = read(f"make a video {new}").clauses
    measured = bool(clauses) and (clauses[0].duration_s or clauses[0].size or clauses[0].ratio)
    return bool(measured) and not any(kind_of(word) for word in re.findall(r"[\w-]+", durations.without(new)))
