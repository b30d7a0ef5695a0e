"""What a person's words want and what they deny, clause by clause: `use luma instead of kling`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from processors.agents.words.clauses import clauses, vocabulary

DENIES: Final = vocabulary("not don't dont never no without except avoid nicht kein keine keinen ohne instead rather")
USES: Final = vocabulary("use using take with try choose pick nimm nutze mit")
FILLERS: Final = vocabulary("ever please of to want you like even really any than i we me for it this the")
_LISTED_MAX: Final = 3
"""Words of a clause that goes on with a list of what is not wanted."""


@dataclass(frozen=True, slots=True)
class Sides:
    """A clause's words: those that are not denied, and those that are."""

    wanted: tuple[str, ...]
    denied: tuple[str, ...]


def sides(said: str) -> Iterator[Sides]:
    """In order; what is said last counts."""
    denied = False
    for clause in clauses(said):
        goes_on = clause.starts not in ("sentence", "but") and len(clause.words) <= _LISTED_MAX
        parted, denied = _parted(clause.words, denied and goes_on)
        yield parted


def _parted(words: Sequence[str], denied: bool) -> tuple[Sides, bool]:
    """And whether the clause ends denying. Behind what was denied a verb of using begins anew."""
    parted: dict[bool, list[str]] = {False: [], True: []}
    named = denied
    for word in words:
        if word in DENIES:
            denied, named = True, False
        elif word in USES:
            denied = denied and not named
        elif word not in FILLERS:
            named = True
        parted[denied].append(word)
    return Sides(tuple(parted[False]), tuple(parted[True])), denied
