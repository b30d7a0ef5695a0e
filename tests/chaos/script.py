"""What a soak does to the platform, decided by its seed alone: which process is struck when and how. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["kill", "pause", "flush"]

KILLED: Final = {
    "kafka": 2, "mongo": 2, "redis": 3, "firestore": 1, "decider": 4, "decider-2": 2, "workers": 5, "workers-2": 3,
    "projectors": 3, "gateway": 3, "gpu-worker-1": 1, "gpu-worker-2": 1,
}  # fmt: skip
"""By weight. The simulators are not killed: they are the oracle."""
PAUSED: Final = {"kafka": 1, "mongo": 1, "redis": 1, "decider": 2, "workers": 2, "projectors": 1, "gateway": 1}
SHORT_PAUSE_S: Final = (0.5, 4.0)
LONG_PAUSES: Final = {"workers": 42.0, "decider": 25.0}
"""Past its lease and the sweeper's grace, past its session: somebody else takes over, and the sleeper wakes."""
FIRST_AT_S: Final = 3.0
APART_S: Final = (2.0, 7.0)
LONG_FROM_S: Final = 120
"""A soak of this length has the long pauses too."""
BEHAVIOURS: Final = (
    ("outage", 2), ("rate_limit", 1), ("lost", 1), ("garbled", 1), ("model_error", 1), ("content_policy", 1),
    ("expired", 1), ("no_output", 1), ("webhook_twice", 2), ("webhook_late", 2), ("webhook_forged", 1),
)  # fmt: skip
"""Of the next calls at some simulator, and how many at most."""


@dataclass(frozen=True)
class Strike:
    """At so many seconds from the start. `flush` empties Redis."""

    at_s: float
    kind: Kind
    victim: str
    for_s: float = 0.0

    def __str__(self) -> str:
        how = f" for {self.for_s:.1f} s" if self.kind == "pause" else ""
        return f"{self.at_s:6.1f} s  {self.kind} {self.victim}{how}"


@dataclass(frozen=True)
class Misbehaviour:
    at_s: float
    provider: str
    name: str
    times: int


def strikes(seed: int, seconds: float) -> list[Strike]:
    """In the order of their time."""
    dice = random.Random(f"strikes {seed}")
    long = list(_long_pauses(dice, seconds))
    found = [*long]
    at = FIRST_AT_S
    while at < seconds - 1:
        strike = _strike(dice, at)
        if not any(one.victim == strike.victim and one.at_s <= at <= one.at_s + one.for_s for one in long):
            found.append(strike)
        at += dice.uniform(*APART_S)
    return sorted(found, key=lambda strike: strike.at_s)


def _long_pauses(dice: random.Random, seconds: float) -> Iterator[Strike]:
    """Nobody wakes or kills the sleeper before its time."""
    if seconds >= LONG_FROM_S:
        begins = dice.sample(range(10, int(seconds) - 50, 45), k=len(LONG_PAUSES))
        for begin, (victim, for_s) in zip(begins, LONG_PAUSES.items(), strict=True):
            yield Strike(begin, "pause", victim, for_s)


def _strike(dice: random.Random, at: float) -> Strike:
    roll = dice.random()
    if roll < 0.08:
        return Strike(at, "flush", "redis")
    if roll < 0.25:
        [victim] = dice.choices(list(PAUSED), list(PAUSED.values()))
        return Strike(at, "pause", victim, dice.uniform(*SHORT_PAUSE_S))
    [victim] = dice.choices(list(KILLED), list(KILLED.values()))
    return Strike(at, "kill", victim)


def misbehaviours(seed: int, seconds: float, providers: list[str]) -> Iterator[Misbehaviour]:
    """What the simulators are told meanwhile."""
    dice = random.Random(f"misbehaviours {seed}")
    at = 1.0
    while at < seconds:
        name, times = dice.choice(BEHAVIOURS)
        yield Misbehaviour(at, dice.choice(providers), name, dice.randint(1, times))
        at += dice.uniform(0.5, 2.5)
