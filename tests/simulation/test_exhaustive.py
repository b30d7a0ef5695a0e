"""Small worlds, whole: one job, and at every effect of its run every turn that things may take.

The run is made again for each effect with its caller killed before it, killed after it, frozen after it for longer than
every lease, with the effect so late that its asker asks again, with all commands arriving once more after it, or with
all events. `make test` tries a third of the effects of two worlds, `make simulate` every one of more; with
`SIMULATION_DEPTH=2` two things go wrong, in every pair of places (an hour a world and turn).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, get_args

import pytest

from tests.simulation.plants import PLANTS
from tests.simulation.run import Report, run
from tests.simulation.scenario import Deviation, Order, Scenario, Turn

DEPTH: Final = int(os.environ.get("SIMULATION_DEPTH", "1"))
EVERYWHERE: Final = os.environ.get("SIMULATION_EVERYWHERE") is not None
EVERY: Final = 1 if EVERYWHERE or DEPTH > 1 else 3
"""So many effects on: turns that stand beside each other in the list begin with different ones."""
TURNS: Final[tuple[Turn, ...]] = get_args(Turn)


def small(model: str, cancel_after: float | None = None, **more: Any) -> Scenario:
    """One job of two attempts, two dispatchers that may carry it out, one of everything else."""
    order = Order(1.0, 0, model, max_attempts=2, cancel_after=cancel_after)
    provider = model.split("/")[0]
    return Scenario(1, (order,), providers=(provider,), orgs=1, partitions=1, dispatchers=2, **more)


SMALL: Final = {
    "a call that may not be made twice, whose answer is lost": small("blind/a", fates=("answer_lost",)),
    "a call of the fleet": small("fleet/draw"),
}
MORE: Final = {
    "a call that may not be made twice": small("blind/a"),
    "a call that fails, and then does not": small("blind/a", fates=("down",)),
    "a call that is cancelled": small("blind/a", cancel_after=1.0),
    "a call of the fleet that is cancelled": small("fleet/draw", cancel_after=1.0),
    "a call that can be asked about, whose answer is lost": small("asked/a", fates=("answer_lost",)),
    "a call under a key of ours, whose answer is lost": small("keyed/a", fates=("answer_lost", "rate_limited")),
    "a call that answers at once": small("sync/a"),
    "a call that cannot be stopped": small("stubborn/a", cancel_after=1.0),
    "a call that two deciders may decide": small("blind/a", deciders=2),
    "a call whose sweepers are two": small("blind/a", fates=("answer_lost",), sweepers=2),
}
WORLDS: Final = SMALL | (MORE if EVERYWHERE else {})


@pytest.mark.timeout(300 if DEPTH == 1 else 36_000)
@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("scenario", WORLDS.values(), ids=WORLDS)
def test_whatever_turn_things_take_the_job_ends_once_and_is_paid_once(scenario: Scenario, turn: Turn) -> None:
    tried = 0
    for report in explored(scenario, turn, DEPTH, every=EVERY):
        assert report.violation is None, f"{report.violation}\n{report.scenario!r}"
        assert sum(report.ended.values()) == 1
        tried += 1
    assert tried > 30 / EVERY


def test_it_finds_a_planted_bug_without_being_told_where_to_look() -> None:
    plant = next(plant for plant in PLANTS if plant.name == "auto-commit on, of a reactor")
    with plant.planted():
        assert any(report.violation for report in explored(SMALL["a call of the fleet"], "killed_after"))


def explored(scenario: Scenario, turn: Turn, depth: int = 1, every: int = 1) -> Iterator[Report]:
    """All runs that differ from it in that something takes this turn, and in up to `depth` - 1 turns after it."""
    before = scenario.deviations[-1].effect if scenario.deviations else -1
    for number, effect in enumerate(run(scenario).turning_points):
        if effect > before and number % every == TURNS.index(turn) % every:
            other = replace(scenario, deviations=(*scenario.deviations, Deviation(effect, turn)))
            yield run(other)
            if depth > 1:
                for second in TURNS:
                    yield from explored(other, second, depth - 1)
