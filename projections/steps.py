"""Read model `steps`: each step of a plan as its latest run has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from events.canvas.plan_events import (
    ModelSelected,
    PlanEvent,
    PlanRevised,
    RunStarted,
    Step,
    StepBlocked,
    StepCancelled,
    StepDrafted,
    StepFailed,
    StepFellBack,
    StepReady,
    StepStarted,
    StepSucceeded,
)
from events.envelope import Recorded
from events.ids import session_of
from projections.documents import asset_kids, assets, at, failure, kids, parsed, present, text
from projections.opening import Opened
from projections.writes import Insert, Update, Write

COLLECTION = "steps"
INDEXES = (("plan_id",), ("session_id",))
RESULT = ("outputs", "error", "job_id", "because", "started_at", "ended_at", "captured", "fallbacks")


def project(event: Recorded, opened: Opened) -> Iterator[Write]:
    if not isinstance(event.data, PlanEvent):
        return
    org, version, plan = event.envelope.org_id, event.version, event.data.plan_id
    match event.data:
        case StepDrafted(step=step):
            document = described(step, opened) | {
                "step_id": step.step_id,
                "plan_id": plan,
                "session_id": session_of(plan),
                "org_id": org,
                "status": "planned",
                "outputs": [],
            }
            yield Insert(COLLECTION, step.step_id, org, version, document, _kids_of(step))
        case PlanRevised(step=step):
            changes = described(step, opened)
            yield Update(COLLECTION, step.step_id, org, version, set=changes, kids=_kids_of(step))
        case ModelSelected() as selected:
            changes = present(
                model=selected.model,
                input=parsed(selected.input, opened),
                estimate=selected.estimate,
                reason=selected.reason,
            )
            yield Update(COLLECTION, selected.step_id, org, version, set=changes, kids=kids(selected.input))
        case RunStarted() as started:
            for step_id in started.steps:
                if step_id not in started.kept:
                    changes = {"status": "planned", "run_id": started.run_id}
                    yield Update(COLLECTION, step_id, org, version, set=changes, unset=RESULT)
        case _:
            yield from _progressed(event, opened)


def _progressed(event: Recorded, opened: Opened) -> Iterator[Write]:
    org, version, now = event.envelope.org_id, event.version, at(event)
    match event.data:
        case StepReady() as ready:
            changes: dict[str, Any] = {
                "status": "ready",
                "run_id": ready.run_id,
                "job_id": ready.job_id,
                "attempt": ready.attempt,
                "model": ready.model,
            }
        case StepStarted() as started:
            changes = {"status": "running", "job_id": started.job_id, "started_at": now}
        case StepSucceeded() as done:
            changes = {
                "status": "succeeded",
                "job_id": done.job_id,
                "outputs": assets(done.outputs, opened),
                "captured": done.cost,
                "ended_at": now,
            }
            sealed_by = asset_kids(done.outputs)
            yield Update(COLLECTION, done.step_id, org, version, set=changes, kids=sealed_by)
            return
        case StepFellBack() as fell:
            told = present(
                from_model=fell.from_model,
                to_model=fell.to_model,
                category=fell.category,
                job_id=fell.job_id,
                error=text(fell.error, opened),
                at=now,
            )
            push = {"fallbacks": (fell.job_id, told)}
            yield Update(COLLECTION, fell.step_id, org, version, push=push, kids=kids(fell.error))
            return
        case StepFailed() as failed:
            changes = {"status": "failed", "error": failure(failed.category, failed.error, opened), "ended_at": now}
            yield Update(COLLECTION, failed.step_id, org, version, set=changes, kids=kids(failed.error))
            return
        case StepBlocked() as blocked:
            changes = {"status": "blocked", "because": blocked.because, "ended_at": now}
        case StepCancelled():
            changes = {"status": "cancelled", "ended_at": now}
        case _:
            return
    yield Update(COLLECTION, event.data.step_id, org, version, set=changes)


def described(step: Step, opened: Opened) -> dict[str, Any]:
    """What is planned of a step."""
    return present(
        title=opened(step.title),
        description=opened(step.description),
        agent_type=step.agent_type,
        depends_on=list(step.depends_on),
        model=step.model,
        input=parsed(step.input, opened),
        estimate=step.estimate,
        needs_approval=step.needs_approval or None,
    )


def _kids_of(step: Step) -> frozenset[str]:
    return kids(step.title, step.description, step.input)
