"""Scenarios that have found something in the house, or in its simulation, so that it is not lost again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.run import run
from tests.simulation.scenario import Fault, Order, Scenario, drawn

FOUND = {
    "an attempt whose sending went unanswered was given up when its repeat was refused, and the next ran beside it": (
        Scenario(seed=40, orders=(Order(1.0, 0, "keyed/a"),), providers=("keyed",), badness=0.4, orgs=1, partitions=1)
    ),
    "an attempt was sent again after a crash and refused, and the next ran beside the one before the crash": Scenario(
        seed=19,
        orders=(Order(19.549285620932334, 0, "fleet/draw", 250, "HIGH", max_attempts=2, again=3),),
        faults=(
            Fault("freeze", at=5.515, node="scheduler", seconds=30.0),
            Fault("crash", at=28.325, node="dispatcher-0", nth=20, after=False),
        ),
        providers=("asked", "sync", "fleet"),
        orgs=1,
        badness=0.4,
        credits_each=400,
        heals=False,
    ),
    "a sweeper whose clock was set ahead cancelled what had time left, and freed slots of what was running": Scenario(
        seed=3,
        orders=(
            Order(1.0, 0, "stubborn/a", cancel_after=1.0),
            Order(1.0, 0, "stubborn/a"),
            Order(3.0, 0, "stubborn/a"),
            Order(3.0, 0, "stubborn/a"),
        ),
        faults=(Fault("clock_step", 1.5, "sweepers-0", 7200.0),),
        providers=("stubborn",),
        orgs=1,
        partitions=1,
        max_runtime_s=30,
    ),
    "what had failed without being sent was sent after its end, when all events came again": Scenario(
        seed=4,
        orders=(Order(1.0, 0, "fleet/film"), Order(9.5, 0, "fleet/film")),
        faults=(Fault("rewind", at=10.0),),
        fates=("refused",),
        providers=("fleet",),
        orgs=1,
        partitions=1,
        max_runtime_s=20,
    ),
    "a decider that came back told nobody how far it had read until the next command": Scenario(
        seed=6,
        orders=(Order(1.0, 0, "blind/a"),),
        faults=(Fault("crash", at=1.0, node="decider-0", nth=22),),
        orgs=1,
        partitions=1,
    ),
}


def _asked_in_vain(seed: int) -> Scenario:
    stalls = Fault("provider_stalls", 6.0, "asked", 12.0)
    return Scenario(
        seed, (Order(1.0, 0, "asked/a"),), (stalls,), ("asked",), orgs=1, partitions=1, fates=("late_answer",),
        max_runtime_s=60,
    )  # fmt: skip


def _frozen(seed: int, provider: str, dispatchers: int, *, nth: int = 0) -> Scenario:
    """A dispatcher stands still for longer than a lease lives, its provider does not."""
    freeze = Fault("freeze", 0.9 if nth else 4.0 + seed / 3, "dispatcher-0", 45.0, nth=nth)
    return Scenario(
        seed, (Order(1.0, 0, f"{provider}/a"),), (freeze,), (provider,), orgs=1, partitions=1, dispatchers=dispatchers,
        max_runtime_s=120,
    )  # fmt: skip


def _paused_sweeper(seed: int, at: float, second: float) -> Scenario:
    """It stands still just after it has looked at what leases there are, and an attempt has begun since."""
    freeze, orders = Fault("freeze", at, "sweepers-0", 30.0), (Order(1.0, 0, "blind/a"), Order(second, 0, "blind/a"))
    return Scenario(seed, orders, (freeze,), ("blind",), orgs=1, partitions=1, slow=0.05, max_runtime_s=120)


def _cancelled_in_a_crash(seed: int) -> Scenario:
    """The dispatcher that comes back reads of the cancel before it is told that the attempt was begun already."""
    orders = (Order(1.0, 0, "blind/a", cancel_after=4.0), *[Order(1.0, 0, "blind/a")] * 3)
    crashes = (Fault("crash", 5.0, "dispatcher-0"), Fault("crash", 5.0, "decider-0"))
    return Scenario(seed, orders, crashes, ("blind",), orgs=1, partitions=1, max_runtime_s=60)


def _cancelled_before_its_answer(seed: int) -> Scenario:
    """The provider has taken a call that answers at once, and the connection breaks while that is on its way back."""
    orders = (Order(1.0, 0, "sync/a", cancel_after=1.5), *[Order(1.0, 0, "sync/a")] * 2)
    return Scenario(
        seed, orders, (), ("sync",), orgs=1, partitions=1, together=bool(seed % 2), slow=0.05, max_runtime_s=60
    )


LONG = {
    **{f"one look-up that failed was taken for an answer, {n}": _asked_in_vain(n) for n in (0, 2, 3, 4)},
    "what ran longer than it may and could not be stopped gave its slot away": replace(
        drawn(1), max_runtime_s=90, faults=(), orders=(Order(1.0, 0, "stubborn/a"),), providers=("stubborn",)
    ),
    "what had failed and was not stopped gave its slot away": replace(drawn(181), max_runtime_s=90),
    **{
        f"a lease expired, and what it was of ran on beside the next attempt, {n}": _frozen(n, "stubborn", 1)
        for n in (1, 4, 5)
    },
    **{
        f"a create went out long after it was allowed, {n} {provider}": _frozen(n, provider, 2, nth=n + 1)
        for provider in ("asked", "stubborn")
        for n in (0, 1)
    },
    **{
        f"a sweeper that had been paused took what it had not asked about for missing, {n}": _paused_sweeper(n, *times)
        for n, *times in ((6, 7.8, 1.0), (31, 7.6, 1.0), (38, 7.1, 5.0))
    },
    **{f"what was begun before a crash ran on, its slot free, {n}": _cancelled_in_a_crash(n) for n in (2, 4, 10, 17)},
    **{
        f"the simulation let a call run on whose connection had broken, {n}": _cancelled_before_its_answer(n)
        for n in (21, 23, 36)
    },
    **{f"a create went out before its process stood still, {n}": _frozen(n, "stubborn", 1, nth=n + 1) for n in (4, 9)},
}
"""The same, where models run for longer than leases live."""


@pytest.mark.parametrize("scenario", [*FOUND.values(), *LONG.values()], ids=[*FOUND, *LONG])
def test_what_was_found_once_is_not_there_any_more(scenario: Scenario) -> None:
    assert run(scenario).violation is None
