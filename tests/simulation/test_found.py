"""Scenarios that have found something in the house, so that it is not lost again."""

from __future__ import annotations

import pytest

from tests.simulation.run import run
from tests.simulation.scenario import Fault, Order, Scenario

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


@pytest.mark.parametrize("scenario", FOUND.values(), ids=FOUND)
def test_what_was_found_once_is_not_there_any_more(scenario: Scenario) -> None:
    assert run(scenario).violation is None
