"""Read model `runs`: every run of a plan with what each step came to in it, for history and comparison."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from events.canvas.plan_events import (
    RunArchived,
    RunCancelled,
    RunCompleted,
    RunEvent,
    RunStarted,
    StepAwaitingApproval,
    StepBlocked,
    StepCancelled,
    StepFailed,
    StepReady,
    StepStarted,
    StepSucceeded,
)
from events.envelope import Recorded
from events.ids import session_of
from projections.documents import at, local_name, present
from projections.opening import Opened
from projections.writes import Insert, Update, Write

COLLECTION = "runs"
INDEXES = (("plan_id", "started_at"),)


def project(event: Recorded, opened: Opened) -> Iterator[Write]:  # noqa: ARG001 - words stay with steps and jobs
    if not isinstance(event.data, RunEvent):
        return
    org, version, run = event.envelope.org_id, event.version, event.data.run_id
    if isinstance(event.data, RunStarted):
        started = event.data
        document = {
            "run_id": run,
            "plan_id": started.plan_id,
            "session_id": session_of(started.plan_id),
            "org_id": org,
            "status": "running",
            "steps": list(started.steps),
            "kept": {local_name(step): kept for step, kept in started.all_kept().items()},
            "results": {},
            "started_at": at(event),
        }
        yield Insert(COLLECTION, run, org, version, document)
        return
    changes = _changes(event)
    if changes:
        yield Update(COLLECTION, run, org, version, set=changes)


def _changes(event: Recorded) -> dict[str, Any]:
    match event.data:
        case StepAwaitingApproval(step_id=step_id):
            return _result(step_id, status="awaiting_approval")
        case StepReady() as ready:
            return _result(ready.step_id, status="ready", job_id=ready.job_id, model=ready.model)
        case StepStarted(step_id=step_id):
            return _result(step_id, status="running", started_at=at(event))
        case StepSucceeded() as done:
            outputs = [ref.model_dump(mode="json", exclude_none=True, exclude={"text"}) for ref in done.outputs]
            return _result(done.step_id, status="succeeded", outputs=outputs, cost=done.cost, job_id=done.job_id) | (
                _result(done.step_id, ended_at=at(event), **present(reused_from=done.reused_from))
            )
        case StepFailed() as failed:
            error = {"category": failed.category}
            return _result(failed.step_id, status="failed", error=error, ended_at=at(event))
        case StepBlocked() as blocked:
            return _result(blocked.step_id, status="blocked", because=blocked.because)
        case StepCancelled() as cancelled:
            return _result(cancelled.step_id, status="cancelled")
        case RunCompleted() as completed:
            return {"status": completed.status, "cost": completed.cost, "ended_at": at(event)}
        case RunCancelled():
            return {"status": "cancelled", "ended_at": at(event)}
        case RunArchived():
            return {"archived_at": at(event)}
    return {}


def _result(step_id: str, **members: Any) -> dict[str, Any]:
    return {f"results.{local_name(step_id)}.{name}": value for name, value in members.items()}
