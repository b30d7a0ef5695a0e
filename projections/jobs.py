"""Read model `jobs`: every job with its attempts, money and result, and by version the events that it came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from events.envelope import Recorded
from events.ids import plan_of
from events.jobs.events import (
    AttemptFailed,
    JobAccepted,
    JobCancelled,
    JobDead,
    JobDiscarded,
    JobDispatched,
    JobEvent,
    JobFailed,
    JobRefunded,
    JobReplayed,
    JobRunning,
    JobSucceeded,
    LeaseExpired,
    WebhookDelivered,
    WebhookGivenUp,
    WebhookResendRequested,
)
from projections.documents import asset_kids, assets, at, failure, kids, origin, present, text
from projections.opening import Opened
from projections.writes import Insert, Update, Write

COLLECTION = "jobs"
CONSIDERED: Final = "_considered"
"""Whose turn was near when the last attempt was dispatched: for whoever asks why a job waits, not for other answers."""
SENT: Final = "_sent"
"""What was accepted as its input, sealed as on the log: for whoever compares runs, not for other answers."""
HIDDEN: Final = (CONSIDERED, SENT)
INDEXES = (
    ("org_id", "accepted_at"),
    ("org_id", "status", "accepted_at"),
    ("status", "accepted_at"),
    ("plan_id",),
    ("session_id",),
)


def project(event: Recorded, opened: Opened) -> Iterator[Write]:
    if not isinstance(event.data, JobEvent):
        return
    job, org, version = event.data.job_id, event.data.org_id, event.version
    match event.data:
        case JobAccepted() as accepted:
            yield Insert(COLLECTION, job, org, version, _accepted(event, accepted))
        case JobDispatched() as sent:
            attempt = present(
                lease=sent.lease,
                provider=sent.provider,
                model=sent.model,
                started_at=at(event),
                worker=sent.worker,
            )
            changes = {"status": "dispatched", "provider": sent.provider, CONSIDERED: list(sent.considered)}
            push = {"attempts": (str(sent.lease - 1), attempt)}
            yield Update(COLLECTION, job, org, version, set=changes | _step(event), unset=("retry_at",), push=push)
        case _:
            changes, sealed_by = _changed(event, opened)
            if changes:
                yield Update(COLLECTION, job, org, version, set=changes | _step(event), kids=sealed_by)


def _step(event: Recorded) -> dict[str, Any]:
    """A step of the way from the job's acceptance to its end; `_trail` is for explanations, not for answers."""
    return {f"_trail.{event.version}": _passed(event)}


def _passed(event: Recorded) -> dict[str, Any]:
    lease = getattr(event.data, "lease", None)
    return present(name=event.data.name, at=at(event), lease=lease, **origin(event))


def _accepted(event: Recorded, accepted: JobAccepted) -> dict[str, Any]:
    cause = accepted.cause.model_dump(exclude_none=True)
    return present(
        job_id=accepted.job_id,
        org_id=accepted.org_id,
        status="queued",
        model=accepted.model,
        provider=accepted.provider,
        priority=accepted.priority,
        project_id=accepted.project_id,
        cause=cause or None,
        session_id=accepted.cause.session_id,
        plan_id=plan_of(accepted.cause.run_id) if accepted.cause.run_id else None,
        step_id=accepted.cause.step_id,
        attempts=[],
        outputs=[],
        reserved=accepted.reserved,
        price=[line.model_dump(mode="json") for line in accepted.price],
        accepted_at=at(event),
        deadline_at=accepted.deadline_at,
        webhook_url=accepted.webhook_url,
        replay_of=accepted.replay_of,
        _trail={str(event.version): _passed(event)},
        **{SENT: accepted.input.box.model_dump()},
    )


def _changed(event: Recorded, opened: Opened) -> tuple[dict[str, Any], frozenset[str]]:
    now = at(event)
    match event.data:
        case JobRunning() as running:
            return {"status": "running", _of(running.lease, "provider_job_id"): running.provider_job_id}, frozenset()
        case AttemptFailed() as failed:
            members = present(
                ended_at=now,
                category=failed.category,
                provider_charged=failed.provider_charged,
                answered=failed.answered.model_dump(exclude_none=True) if failed.answered is not None else None,
                error=text(failed.error, opened),
            )
            ended = {_of(failed.lease, name): value for name, value in members.items()}
            return ended | _queued_again(failed.retry_at), kids(failed.error)
        case LeaseExpired() as expired:
            ended = {_of(expired.lease, "ended_at"): now, _of(expired.lease, "category"): "lease_expired"}
            return ended | _queued_again(expired.retry_at), frozenset()
        case JobSucceeded() as done:
            return _succeeded(done, now, opened), asset_kids(done.outputs)
        case JobFailed(category=category, error=error) | JobDead(category=category, error=error):
            status = "dead" if isinstance(event.data, JobDead) else "failed"
            changes = {"status": status, "error": failure(category, error, opened), "captured": 0, "ended_at": now}
            return changes, kids(error)
        case JobCancelled() as cancelled:
            ended = {_of(cancelled.lease, "ended_at"): now} if cancelled.lease else {}
            return {"status": "cancelled", "captured": 0, "ended_at": now} | ended, frozenset()
        case JobDiscarded():
            return {"discarded_at": now}, frozenset()
        case JobRefunded(refunded=refunded):
            return {"refunded": refunded}, frozenset()
        case JobReplayed() as replayed:
            return {"replayed_as": replayed.as_job_id}, frozenset()
        case WebhookDelivered() | WebhookGivenUp() | WebhookResendRequested() as told:
            return {"webhook": _webhook(told) | {"at": now}}, frozenset()
    return {}, frozenset()


def _succeeded(done: JobSucceeded, now: str, opened: Opened) -> dict[str, Any]:
    return present(
        status="succeeded",
        outputs=assets(done.outputs, opened),
        captured=done.captured,
        uncollected=done.uncollected,
        bill=[line.model_dump(mode="json") for line in done.bill],
        engine=done.engine.model_dump() if done.engine else None,
        ended_at=now,
        reused_from=done.reused_from,
    ) | ({_of(done.lease, "ended_at"): now} if done.lease else {})


def _webhook(told: WebhookDelivered | WebhookGivenUp | WebhookResendRequested) -> dict[str, Any]:
    """What became of telling its customer."""
    match told:
        case WebhookDelivered(tries=tries):
            return {"status": "delivered", "tries": tries}
        case WebhookGivenUp():
            return present(status="given_up", tries=told.tries, reason=told.reason, answer=told.status)
        case WebhookResendRequested():
            return {"status": "resending"}


def _of(lease: int, name: str) -> str:
    """The path of an attempt's member: attempts are numbered from 1 without a gap."""
    return f"attempts.{lease - 1}.{name}"


def _queued_again(retry_at: str | None) -> dict[str, Any]:
    return {} if retry_at is None else {"status": "queued", "retry_at": retry_at}
