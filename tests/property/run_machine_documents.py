"""What the read model has to show of a plan and its runs, by the fold of their log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from events.canvas.plan_events import (
    PlanEdited,
    RunStarted,
    Step,
    StepRestored,
)
from events.canvas.plan_state import Run, StepRun
from events.envelope import Recorded
from events.model import Event
from projections import plans, runs, steps
from tests.unit.executor.house import said


def local(step_id: str) -> str:
    return step_id.rsplit(".", 1)[-1]


def projected(event: Recorded) -> list[Any]:
    return [*plans.project(event, said), *steps.project(event, said), *runs.project(event, said)]


def reworded(events: Sequence[Event]) -> set[str]:
    """Steps that words have changed since they ran: what came out of them before is not theirs."""
    found: set[str] = set()
    for event in events:
        if isinstance(event, PlanEdited):
            found |= set(event.changed)
        elif isinstance(event, RunStarted):
            found -= set(event.steps)
        elif isinstance(event, StepRestored):
            found.discard(event.step_id)
    return found


def check_step(shown: dict[str, Any], step: Step, result: StepRun) -> None:
    assert shown["status"] == result.status
    assert shown["depends_on"] == list(step.depends_on)
    assert shown["model"] == step.model
    assert shown.get("ran_with", step.model) in (step.model, *result.tried[-1:])
    assert [one["asset_id"] for one in shown.get("outputs", ())] == [one.asset_id for one in result.outputs]
    assert shown.get("captured", 0) == result.cost
    assert shown.get("job_id") == result.job_id
    told = shown.get("because") or shown.get("error", {}).get("category")
    assert told == result.why


def check_run(shown: dict[str, Any], run: Run) -> None:
    assert shown["status"] == run.status
    if run.status != "running":
        assert shown["cost"] == run.cost
    for name, result in shown["results"].items():
        folded = run.steps[f"stp_{run.run_id[4:].rsplit('.', 1)[0]}.{name}"]
        assert result["status"] == folded.status
        assert result.get("cost", 0) == folded.cost
