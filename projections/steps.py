"""Read model `steps`: each step of a plan as its latest run has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from events.canvas.plan_events import (
    ModelSelected,
    PlanEdited,
    PlanEvent,
    PlanRevised,
    RunStarted,
    Step,
    StepApproved,
    StepAwaitingApproval,
    StepBlocked,
    StepCancelled,
    StepDrafted,
    StepFailed,
    StepFellBack,
    StepReady,
    StepRestored,
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
PLANNED = ("model", "input", "estimate", "needs_approval")
"""What a step may have, and have no more once it is revised."""
RAN_WITH = "ran_with"
"""The model of the latest attempt: the step's own, or one that it fell back to. The next run begins with `model`."""
RESULT = ("outputs", "error", "job_id", "because", "started_at", "ended_at", "captured", "fallbacks", "reused_from",
          "approved_by", RAN_WITH)  # fmt: skip


def project(event: Recorded, opened: Opened) -> Iterator[Write]:
    if not isinstance(event.data, PlanEvent):
        return
    org, version, plan = event.envelope.org_id, event.version, event.data.plan_id
    match event.data:
        case StepDrafted(step=step):
            planned = described(step, opened) | {"status": "planned", "outputs": []}
            ids = {"step_id": step.step_id, "plan_id": plan, "session_id": session_of(plan), "org_id": org}
            yield Insert(COLLECTION, step.step_id, org, version, planned | ids, _kids_of(step))
            again = {name: value for name, value in planned.items() if name != "outputs"}
            yield Update(COLLECTION, step.step_id, org, version, set=again, unset=RESULT, kids=_kids_of(step))
        case PlanEdited(changed=changed):
            for step_id in changed:
                yield Update(COLLECTION, step_id, org, version, set={"status": "planned"}, unset=RESULT)
        case PlanRevised(step=step, stale=stale):
            yield _revised(event, step, opened, blank=step.step_id in (stale or ()))
            for step_id in stale or ():
                if step_id != step.step_id:
                    yield Update(COLLECTION, step_id, org, version, set={"status": "planned"}, unset=RESULT)
        case ModelSelected() as selected:
            changes = present(
                model=selected.model,
                input=parsed(selected.input, opened),
                estimate=selected.estimate,
                reason=selected.reason,
            )
            yield Update(COLLECTION, selected.step_id, org, version, set=changes, kids=kids(selected.input))
        case RunStarted() as started:
            kept = started.all_kept()
            for step_id in started.steps:
                if step_id not in kept:
                    changes = {"status": "planned", "run_id": started.run_id}
                    yield Update(COLLECTION, step_id, org, version, set=changes, unset=RESULT)
        case _:
            yield from _progressed(event, opened)


def _revised(event: Recorded, step: Step, opened: Opened, *, blank: bool) -> Update:
    """`blank`: what came out of it counts no more."""
    changes = described(step, opened)
    gone = (RAN_WITH, *(name for name in PLANNED if name not in changes))
    if blank:
        changes, gone = changes | {"status": "planned"}, (*gone, *(name for name in RESULT if name != RAN_WITH))
    return Update(
        COLLECTION, step.step_id, event.envelope.org_id, event.version, set=changes, unset=gone, kids=_kids_of(step)
    )


def _progressed(event: Recorded, opened: Opened) -> Iterator[Write]:
    org, version, now = event.envelope.org_id, event.version, at(event)
    match event.data:
        case StepReady() as ready:
            changes: dict[str, Any] = {
                "status": "ready",
                "run_id": ready.run_id,
                "job_id": ready.job_id,
                "attempt": ready.attempt,
                RAN_WITH: ready.model,
            }
        case StepAwaitingApproval():
            changes = {"status": "awaiting_approval", "run_id": event.data.run_id}
        case StepApproved(approved_by=person):
            changes = {"approved_by": person}
        case StepRestored() as restored:
            yield _restored(event, restored, opened)
            return
        case StepStarted() as started:
            changes = {"status": "running", "job_id": started.job_id, "started_at": now}
        case StepSucceeded() as done:
            yield _succeeded(event, done, opened)
            return
        case StepFellBack() as fell:
            yield _fell_back(event, fell, opened)
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


def _succeeded(event: Recorded, done: StepSucceeded, opened: Opened) -> Update:
    changes = present(
        status="succeeded",
        job_id=done.job_id,
        outputs=assets(done.outputs, opened),
        captured=done.cost,
        reused_from=done.reused_from,
        ended_at=at(event),
    )
    org, version, sealed_by = event.envelope.org_id, event.version, asset_kids(done.outputs)
    return Update(COLLECTION, done.step_id, org, version, set=changes, kids=sealed_by)


def _fell_back(event: Recorded, fell: StepFellBack, opened: Opened) -> Update:
    told = present(
        from_model=fell.from_model,
        to_model=fell.to_model,
        category=fell.category,
        job_id=fell.job_id,
        error=text(fell.error, opened),
        at=at(event),
    )
    push = {"fallbacks": (fell.job_id, told)}
    return Update(COLLECTION, fell.step_id, event.envelope.org_id, event.version, push=push, kids=kids(fell.error))


def _restored(event: Recorded, restored: StepRestored, opened: Opened) -> Update:
    """What an earlier run had of it, and nothing of what came after."""
    changes = {
        "status": restored.status,
        "run_id": restored.run_id,
        "outputs": assets(restored.outputs, opened),
        "captured": restored.cost,
    } | present(job_id=restored.job_id, ran_with=restored.tried[-1] if restored.tried else None)
    if restored.why is not None:
        changes |= {"error": {"category": restored.why}} if restored.status == "failed" else {"because": restored.why}
    gone = tuple(name for name in RESULT if name not in changes)
    org, version, sealed_by = event.envelope.org_id, event.version, asset_kids(restored.outputs)
    return Update(COLLECTION, restored.step_id, org, version, set=changes, unset=gone, kids=sealed_by)


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
