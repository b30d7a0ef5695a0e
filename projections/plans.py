"""Read model `plans`: a plan's title, status and present run. Its cost is joined with its jobs when it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from events.canvas.plan_events import (
    FieldsVerified,
    PlanApproved,
    PlanDrafted,
    PlanEdited,
    PlanEvent,
    PlanForked,
    PlanRejected,
    PlanRevised,
    PlanRolledBack,
    PlanValidated,
    RunCancelled,
    RunCompleted,
    RunStarted,
)
from events.envelope import Recorded
from projections.documents import at, kids, present
from projections.opening import Opened
from projections.writes import Insert, Update, Write

COLLECTION = "plans"
INDEXES = (("session_id", "drafted_at"), ("org_id", "drafted_at"), ("drafted_at",))


def project(event: Recorded, opened: Opened) -> Iterator[Write]:
    if not isinstance(event.data, PlanEvent):
        return
    org, version = event.envelope.org_id, event.version
    if isinstance(event.data, PlanDrafted):
        yield _drafted(event, event.data, opened)
        return
    if isinstance(event.data, PlanEdited):
        yield _edited(event, event.data, opened)
        return
    sealed_by = kids(*event.data.issues) if isinstance(event.data, PlanValidated) else frozenset()
    changes = _changes(event, opened)
    if changes:
        yield Update(COLLECTION, event.data.plan_id, org, version, set=changes, kids=sealed_by)


def _drafted(event: Recorded, drafted: PlanDrafted, opened: Opened) -> Insert:
    document = present(
        plan_id=drafted.plan_id,
        session_id=drafted.session_id,
        org_id=drafted.org_id,
        message_id=drafted.message_id,
        title=opened(drafted.title),
        status="drafting",
        step_ids=list(drafted.step_ids),
        approval=drafted.approval,
        project_id=drafted.project_id,
        planner=drafted.planner,
        drafted_by=None if drafted.drafted_by is None else drafted.drafted_by.model_dump(exclude_none=True),
        first_by=None if drafted.first_by is None else drafted.first_by.model_dump(exclude_none=True),
        drafted_at=at(event),
    )
    return Insert(COLLECTION, drafted.plan_id, drafted.org_id, event.version, document, kids(drafted.title))


def _edited(event: Recorded, edited: PlanEdited, opened: Opened) -> Update:
    changes = present(
        message_id=edited.message_id,
        title=opened(edited.title),
        step_ids=list(edited.step_ids),
        approval=edited.approval,
        planner=edited.planner,
        status="drafting" if edited.changed else None,
    )
    org = event.envelope.org_id
    return Update(COLLECTION, edited.plan_id, org, event.version, set=changes, kids=kids(edited.title))


def _changes(event: Recorded, opened: Opened) -> dict[str, Any]:
    match event.data:
        case PlanValidated(verdict=verdict, issues=issues):
            return {"verdict": verdict, "issues": [opened(issue) for issue in issues]}
        case FieldsVerified(flags=flags):
            return {"status": "awaiting_approval", "flags": list(flags)}
        case PlanRevised(flags=flags) if flags is not None:
            return {"flags": list(flags)}
        case PlanApproved(approved_by=person):
            return {"approved_by": person}
        case PlanRejected(rejected_by=person):
            return {"status": "rejected", "rejected_by": person}
        case RunStarted(run_id=run):
            return {"run_id": run, "status": "running"}
        case PlanRolledBack(run_id=run, status=status, flags=flags):
            return {"run_id": run} | present(status=status, flags=None if flags is None else list(flags))
        case RunCompleted(status=status):
            return {"status": status}
        case RunCancelled():
            return {"status": "cancelled"}
        case PlanForked(source_plan_id=source, source_version=version):
            return {"forked_from": {"plan_id": source, "version": version}}
    return {}
