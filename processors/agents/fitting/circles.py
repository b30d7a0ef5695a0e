"""Breaks the circles of a plan: of steps that wait for each other, the earliest gives up what it waits for among them.

Sets of steps are the bits of a number, so that a plan of 500 steps that all wait for each other takes a moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from processors.agents.plan import PlannedStep


def acyclic(steps: Sequence[PlannedStep]) -> tuple[list[PlannedStep], list[str]]:
    """The steps, and which of them gave something up, in turn. What a step waits for has to be among the steps."""
    place = {step.id: n for n, step in enumerate(steps)}
    waits = [sum(1 << place[up] for up in set(step.depends_on)) for step in steps]
    waited_for = _turned(waits)
    dropped = [0] * len(steps)
    broken: list[str] = []
    left = _without_ready(waits, waited_for, (1 << len(steps)) - 1)
    while left:
        circle = _circle(waits, waited_for, left)
        first = _lowest(circle)
        dropped[first] |= waits[first] & circle
        waits[first] &= ~circle
        broken.append(steps[first].id)
        left = _without_ready(waits, waited_for, left)
    kept = [
        replace(step, depends_on=tuple(up for up in step.depends_on if not dropped[n] >> place[up] & 1))
        if dropped[n]
        else step
        for n, step in enumerate(steps)
    ]
    return kept, broken


def _turned(waits: Sequence[int]) -> list[int]:
    """For each step those that wait for it."""
    turned = [0] * len(waits)
    for step, upstream in enumerate(waits):
        for one in _bits(upstream):
            turned[one] |= 1 << step
    return turned


def _without_ready(waits: list[int], waited_for: Sequence[int], left: int) -> int:
    """Kahn's order: what waits for nothing goes, and nothing waits for it any more."""
    ready = [step for step in _bits(left) if not waits[step]]
    while ready:
        done = ready.pop()
        left &= ~(1 << done)
        for one in _bits(waited_for[done] & left):
            waits[one] &= ~(1 << done)
            if not waits[one]:
                ready.append(one)
    return left


def _circle(waits: Sequence[int], waited_for: Sequence[int], left: int) -> int:
    """All steps that wait for each other with one of them: following what is waited for from anywhere leads there."""
    at, seen = _lowest(left), 0
    while not seen >> at & 1:
        seen |= 1 << at
        at = _lowest(waits[at])
    return _reached(at, waits) & _reached(at, waited_for) & left


def _reached(start: int, edges: Sequence[int]) -> int:
    found = new = 1 << start
    while new:
        one = _lowest(new)
        new = (new | edges[one] & ~found) & ~(1 << one)
        found |= edges[one]
    return found


def _bits(number: int) -> list[int]:
    """Which are set, the lowest first."""
    found = []
    while number:
        lowest = number & -number
        found.append(lowest.bit_length() - 1)
        number ^= lowest
    return found


def _lowest(number: int) -> int:
    return (number & -number).bit_length() - 1
