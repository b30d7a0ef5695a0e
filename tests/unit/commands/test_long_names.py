"""A run of the most steps with the longest names begins in an event of a bounded size, and says all that it said."""

from __future__ import annotations

from typing import Any

import pytest

from commands.canvas.carried import CARRIED_MAX
from commands.canvas.commands import STEPS_MAX, ModelChoice, RecordStepResult, RerunPlan, SelectModels
from commands.canvas.decider import CANVAS
from events.canvas.plan_events import RunStarted, StepReady
from events.ids import new_id, step_id
from events.registry import encode
from events.topics import EVENTS_CANVAS
from events.types import REGISTRY
from projections import runs
from projections.writes import Insert
from tests.given import ORG, asset, draft, message, sealed
from tests.specification import World
from tests.unit.projections.given import on

BYTES_MAX = 56 * 1024
SESSION = new_id("ses")
PLAN = f"pln_{SESSION.removeprefix('ses_')}.1"
OF_PLAN: dict[str, Any] = {"org_id": ORG, "session_id": SESSION, "plan_id": PLAN}


def ran(labels: tuple[str, ...]) -> World:
    """A plan of these steps, none of which waits for another, has run to its end."""
    world = World(CANVAS)
    for command in (*message(), draft(dict.fromkeys(labels, ()))):
        world.handle(command.model_copy(update={"session_id": SESSION}))
    choices = [
        ModelChoice(step_id=step_id(PLAN, label), model="m", input=sealed("{}"), estimate=1, reason="only one")
        for label in labels
    ]
    world.handle(SelectModels(**OF_PLAN, choices=tuple(choices)))
    for ready in [event for _, event in world.log if isinstance(event, StepReady)]:
        ended = {"run_id": ready.run_id, "step_id": ready.step_id, "job_id": ready.job_id}
        world.handle(RecordStepResult(**OF_PLAN, **ended, status="succeeded", outputs=(asset(),), cost=1))
    return world


@pytest.fixture(scope="module")
def longest() -> World:
    return ran(tuple(f"{n:0>64}" for n in range(STEPS_MAX)))


def began(world: World, *again: str) -> RunStarted:
    """How a rerun of these steps begins; of none named, of all."""
    decision = world.decide(RerunPlan(**OF_PLAN, step_ids=tuple(step_id(PLAN, label) for label in again)))
    [found] = [event for _, event in decision.events if isinstance(event, RunStarted)]
    return found


def document(event: RunStarted) -> dict[str, Any]:
    """The run's document as it begins, of what stands on the log."""
    [recorded] = on(EVENTS_CANVAS, PLAN, REGISTRY.decode(event.ce_type(), encode(event)))
    [write] = runs.project(recorded, lambda _: "")
    assert isinstance(write, Insert)
    return dict(write.document)


@pytest.mark.parametrize("fresh", [1, 150, 250, 400, 499, STEPS_MAX])
def test_however_many_of_its_steps_are_kept_it_is_small_and_names_them_all(longest: World, fresh: int) -> None:
    labels = [f"{n:0>64}" for n in range(STEPS_MAX)]
    event = began(longest, *labels[:fresh])
    kept = {step_id(PLAN, label): f"run{PLAN[3:]}.1" for label in labels[fresh:]}
    assert len(encode(event)) <= BYTES_MAX
    assert (event.steps, event.all_kept()) == (tuple(step_id(PLAN, label) for label in labels[:fresh]), kept)
    as_of_earlier_releases = event.model_copy(update={"kept": kept, "kept_labels": None, "kept_from": None})
    assert document(event) == document(as_of_earlier_releases)


def test_short_names_are_told_as_ever() -> None:
    event = began(ran(("s1", "s2")), "s2")
    assert (event.kept, event.kept_labels, event.kept_from) == ({step_id(PLAN, "s1"): f"run{PLAN[3:]}.1"}, None, None)
    assert len(encode(event)) < CARRIED_MAX
