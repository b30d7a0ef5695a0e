"""Frames: what an event, or a piece of progress, looks like in a stream of server-sent events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from commands.ports import Vault
from events.canvas.plan_events import (
    FieldsVerified,
    ModelSelected,
    PlanApproved,
    PlanDrafted,
    PlanEdited,
    PlanEvent,
    PlanForked,
    PlanRejected,
    PlanRevised,
    PlanRolledBack,
    PlanValidated,
    RunCompleted,
    RunEvent,
    RunStarted,
    StepApproved,
    StepAwaitingApproval,
    StepBlocked,
    StepCancelled,
    StepDrafted,
    StepFailed,
    StepReady,
    StepStarted,
    StepSucceeded,
)
from events.canvas.session_events import AgentCallRecorded, MessagePosted
from events.envelope import Recorded
from events.jobs.events import JobEvent
from events.log.codec import from_record
from events.progress import Progress
from events.topics import PROGRESS
from gateway.live.rings import Entry
from gateway.reads.notes import of_flags, of_issues
from gateway.reads.views import asset_view, cost, without_nulls
from projections.documents import assets, at, failure, parsed, present
from projections.opening import Opened, open_all
from projections.steps import described

Frame = tuple[str, dict[str, Any]]
JOB_STATUS = {
    "accepted": "queued",
    "queued": "queued",
    "dispatched": "dispatched",
    "running": "running",
    "attempt_failed": "queued",
    "lease_expired": "queued",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
    "dead": "dead",
}


class Renderer:
    """Makes an entry's frame once, for all streams that carry it."""

    def __init__(self, vault: Vault, sign: Callable[[str, dict[str, Any]], str]) -> None:
        self._vault = vault
        self._sign = sign

    async def frame(self, entry: Entry) -> Frame | None:
        if not entry.rendered and entry.record is not None:
            if entry.record.topic == PROGRESS:
                entry.frame = await self._progress(entry.record.value or b"{}")
            else:
                entry.frame = await self.of_event(from_record(entry.record))
            entry.rendered = True
        return entry.frame

    async def of_event(self, event: Recorded) -> Frame | None:
        """The frame of an event; most have one, none has two."""
        opened = await open_all(self._vault, [event])
        match event.data:
            case MessagePosted() as posted:
                return "message.posted", self._message(event, posted, opened)
            case AgentCallRecorded() as call:
                return "agent.finished", _call(event, call)
            case RunEvent() as of_run:
                return self._of_run(event, of_run, opened)
            case PlanEvent() as of_plan:
                return _of_plan(of_plan, opened)
            case JobEvent() as job:
                return _of_job(job)
        return None

    def _message(self, event: Recorded, posted: MessagePosted, opened: Opened) -> dict[str, Any]:
        org = event.envelope.org_id
        return present(
            message_id=posted.message_id,
            role=posted.role,
            text=opened(posted.text),
            assets=[self._asset(org, document) for document in assets(posted.assets, opened)],
            upload_ids=list(posted.upload_ids) or None,
            in_reply_to=posted.in_reply_to,
            plan_id=posted.plan_id,
            at=at(event),
        )

    def _of_run(self, event: Recorded, data: RunEvent, opened: Opened) -> Frame | None:
        run = {"plan_id": data.plan_id, "run_id": data.run_id}
        match data:
            case RunStarted() as started:
                return "run.started", run | {"steps": list(started.steps), "kept": started.all_kept()}
            case StepAwaitingApproval(step_id=step_id):
                return "step.awaiting_approval", run | {"step_id": step_id}
            case StepApproved(step_id=step_id, approved_by=person):
                return "step.approved", run | {"step_id": step_id, "approved_by": person}
            case PlanRolledBack(status=status):
                return "plan.rolled_back", run | present(status=status)
            case StepReady() as ready:
                return "step.ready", run | {"step_id": ready.step_id, "job_id": ready.job_id, "model": ready.model}
            case StepStarted() as started:
                return "step.started", run | {"step_id": started.step_id, "job_id": started.job_id}
            case StepSucceeded() as done:
                outputs = [self._asset(event.envelope.org_id, one) for one in assets(done.outputs, opened)]
                members = {"step_id": done.step_id, "outputs": outputs, "cost": {"captured": done.cost}}
                members |= present(reused_from=done.reused_from)
                return "step.succeeded", run | members
            case StepFailed() as failed:
                error = failure(failed.category, failed.error, opened)
                return "step.failed", run | {"step_id": failed.step_id, "category": failed.category, "error": error}
            case StepBlocked() as blocked:
                return "step.blocked", run | {"step_id": blocked.step_id, "because": blocked.because}
            case StepCancelled() as cancelled:
                return "step.cancelled", run | {"step_id": cancelled.step_id}
            case RunCompleted() as completed:
                return "run.completed", run | {"status": completed.status, "cost": completed.cost}
        return None

    def _asset(self, org_id: str, document: dict[str, Any]) -> dict[str, Any]:
        return asset_view(document, self._sign(org_id, document))

    async def _progress(self, value: bytes) -> Frame:
        progress = Progress.model_validate_json(value)
        data = dict(progress.data)
        if progress.text is not None:
            text = await self._vault.open(progress.text)
            data[progress.text_field] = _json_or_text(text) if progress.text_field == "step" else text
        return progress.event, data


def _of_plan(data: PlanEvent, opened: Opened) -> Frame | None:
    plan = {"plan_id": data.plan_id}
    match data:
        case PlanDrafted() as drafted:
            members = {"title": opened(drafted.title), "message_id": drafted.message_id, "approval": drafted.approval}
            return "plan.drafted", plan | members
        case PlanEdited() as edited:
            members = {"title": opened(edited.title), "message_id": edited.message_id, "approval": edited.approval}
            return "plan.revised", plan | members | {"changed": list(edited.changed), "removed": list(edited.removed)}
        case StepDrafted(step=step) | PlanRevised(step=step):
            told = {"stale": list(data.stale)} if isinstance(data, PlanRevised) and data.stale else {}
            described_step = {"step_id": step.step_id, **described(step, opened), "cost": cost(step.estimate)}
            if isinstance(data, StepDrafted):
                described_step |= {"status": "planned", "outputs": [], "attempts": []}
                return "step.drafted", plan | {"step": without_nulls(described_step)}
            return "plan.revised", plan | told | {"step_id": step.step_id, "step": without_nulls(described_step)}
        case PlanValidated(verdict=verdict, issues=issues):
            said = [opened(issue) for issue in issues]
            return "plan.validated", plan | {"verdict": verdict, "issues": said, "notes": of_issues(said)}
        case ModelSelected() as selected:
            members = present(
                step_id=selected.step_id,
                model=selected.model,
                input=parsed(selected.input, opened),
                cost=cost(selected.estimate),
                reason=selected.reason,
            )
            return "plan.revised", plan | {"step_id": selected.step_id, "step": members}
        case FieldsVerified(flags=flags):
            return "plan.awaiting_approval", plan | {"flags": list(flags), "notes": of_flags(flags)}
        case PlanForked(source_plan_id=source, source_version=version):
            return "plan.forked", plan | {"forked_from": {"plan_id": source, "version": version}}
        case PlanApproved(approved_by=person):
            return "plan.approved", plan | {"approved_by": person}
        case PlanRejected(rejected_by=person):
            return "plan.rejected", plan | {"rejected_by": person}
    return None


def _call(event: Recorded, call: AgentCallRecorded) -> dict[str, Any]:
    return present(
        agent=call.agent,
        call_id=call.call_id,
        ms=call.ms,
        tokens_in=call.tokens_in,
        tokens_out=call.tokens_out,
        variant=call.variant,
        model=call.model,
        fallback=call.fallback,
        error=call.error,
        at=at(event),
    )


def _of_job(job: JobEvent) -> Frame | None:
    """A job's change on the organisation's stream; `GET /jobs/{id}` has the rest."""
    status = JOB_STATUS.get(job.name)
    if status is None:
        return None
    members = job.model_dump(mode="json", include={"model", "provider", "priority", "lease", "captured", "category"})
    cause = job.cause.model_dump(exclude_none=True)
    return "job.changed", present(job_id=job.job_id, status=status, **without_nulls(members), cause=cause or None)


def _json_or_text(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
