"""Steps of the plan by their numbers: `step 2`, `steps 1 and 2`, and what comes from them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from processors.agents.words.enumerations import STEPS, numbered
from processors.agents.words.modifiers import Modifier
from processors.agents.words.things import Mention, Thing

_STEPS = re.compile(rf"\b{STEPS}", re.IGNORECASE)
_OF = re.compile(r"\b(?:from|of|in|by|aus|von|vom|im)\s+$", re.IGNORECASE)
"""What comes from a step is spoken of, and not the step."""
_ANOTHERS = re.compile(r"\s(?:of|from|in)\s+(?:the|a|my|our)\s+(?!plan\b|workflow\b)", re.IGNORECASE)
"""`step 3 of the recipe`."""


def by_number(text: str, things: Sequence[Thing]) -> Iterator[tuple[int, Mention]]:
    """Where all of them are there."""
    for match in _STEPS.finditer(text):
        found = steps_of(numbered(match["steps"]), things)
        of_it = _OF.search(text, max(0, match.start() - 10), match.start())
        if found and of_it is None and _ANOTHERS.match(text, match.end()) is None:
            yield match.start(), Mention(match[0], tuple(one.ref for one in found))


def steps_of(numbers: Sequence[int], things: Sequence[Thing]) -> list[Thing]:
    """In this order; none where one is not there."""
    found = [one for number in numbers if (one := _numbered(number, _of_plan(things))) is not None]
    return found if len(found) == len(numbers) else []


def step_of(modifier: Modifier, things: Sequence[Thing]) -> Thing | None:
    """By its id, else by its place in the plan."""
    steps = _of_plan(things)
    if modifier.number is None:
        return next((one for one in steps if one.ref.lower() == modifier.id), None)
    return _numbered(modifier.number, steps)


def _numbered(number: int, steps: Sequence[Thing]) -> Thing | None:
    if (one := next((one for one in steps if one.ref == str(number + 1)), None)) is not None:
        return one
    return steps[number] if -len(steps) <= number < len(steps) else None


def _of_plan(things: Sequence[Thing]) -> list[Thing]:
    return [one for one in things if not one.upload and not one.past and not one.ref.startswith("made_")]
