"""The end of a job, and with it its money: captured or released in the same decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, TypeGuard

from commands.model import Context, Decision, Streams
from commands.orgs import ledger
from commands.orgs.commands import CancelJob, DiscardJob, JobCommand, RecordAttemptFailed, RecordJobSucceeded
from commands.orgs.refund_job import give_back
from commands.orgs.reuse_result import keep
from commands.orgs.streams import book_of, book_ref, job_of, job_ref, org_of
from commands.pricing import total
from commands.refusals import AlreadyEnded, IllegalState, InvalidInput
from events.envelope import StreamRef
from events.jobs.events import (
    AttemptFailed,
    Category,
    JobCancelled,
    JobDead,
    JobDiscarded,
    JobFailed,
    JobNote,
    JobSucceeded,
    LateResultRefused,
)
from events.jobs.state import CALLED_OFF, EndedJob, LiveJob, NoJob
from events.model import Event
from events.sealed import Sealed

UNWANTED: Final = "unwanted"
"""Why a result is given back that came after its step had been cancelled."""

Appends = tuple[tuple[StreamRef, Event], ...]


def record_job_succeeded(command: RecordJobSucceeded, streams: Streams, context: Context) -> Decision:
    """Only the present attempt's result counts; an older one's leaves a note and moves nothing."""
    job = job_of(streams, command.org_id, command.job_id)
    if not _holds(job, command.lease):
        return _refuse_late(command, job, command.lease)
    if command.bill and total(command.bill) != command.cost:
        raise InvalidInput.at("/bill", "the lines of the bill do not add up to the cost")
    accepted = job.accepted
    captured = min(command.cost, accepted.reserved)
    succeeded = JobSucceeded(
        job_id=command.job_id,
        org_id=command.org_id,
        cause=accepted.cause,
        lease=command.lease,
        outputs=command.outputs,
        captured=captured,
        uncollected=(command.cost - captured) or None,
        bill=command.bill,
        engine=command.engine,
        webhook_url=accepted.webhook_url,
        provider=job.provider,
        model=job.model,
    )
    entry = ledger.capture(book_of(streams, command.org_id), context.at, accepted, command.cost)
    events = (
        (job_ref(command.job_id), succeeded),
        (book_ref(command.org_id), entry),
        *keep(accepted, succeeded, streams),
    )
    return Decision(events, {"captured": captured})


def record_attempt_failed(command: RecordAttemptFailed, streams: Streams, context: Context) -> Decision:
    """Another attempt, or the end: `failed` where no other attempt is worth it, `dead` where none is left, or where it
    is for us to act, after which the job can be run again."""
    job = job_of(streams, command.org_id, command.job_id)
    if not _holds(job, command.lease):
        return _refuse_late(command, job, command.lease)
    accepted = job.accepted
    retry_at = _retry_at(command, job, context.at)
    failed = AttemptFailed(
        job_id=command.job_id,
        org_id=command.org_id,
        cause=accepted.cause,
        lease=command.lease,
        category=command.category,
        provider_charged=command.provider_charged,
        error=command.error,
        retry_at=retry_at,
        provider=job.provider,
        model=job.model,
        counts=None if command.counts else False,
        unstopped=True if command.unstopped else None,
        provider_job_id=job.provider_job_id if command.unstopped else None,
        worker=job.worker if command.unstopped else None,
        trouble=command.trouble,
        answered=command.answered,
        busy_until=(context.at + timedelta(seconds=command.busy_s)).isoformat() if command.busy_s else None,
    )
    first = (job_ref(command.job_id), failed)
    if retry_at is not None:
        return Decision((first,), {"status": "queued"})
    if command.retry_in_s is not None or command.trouble == "account":
        end = exhausted(job, streams, context, category=command.category, error=command.error)
        return Decision((first, *end), {"status": "dead"})
    ended = JobFailed(
        job_id=command.job_id,
        org_id=command.org_id,
        cause=accepted.cause,
        category=command.category,
        error=command.error,
        webhook_url=accepted.webhook_url,
        model=job.model or accepted.model,
        reserved=accepted.reserved,
    )
    return Decision((first, *_released(job, ended, streams, context, "failed")), {"status": "failed"})


def exhausted(job: LiveJob, streams: Streams, context: Context, *, category: Category, error: Sealed | None) -> Appends:
    """No attempt is left: dead, and the money goes back."""
    accepted = job.accepted
    dead = JobDead(
        job_id=accepted.job_id,
        org_id=accepted.org_id,
        cause=accepted.cause,
        category=category,
        error=error,
        webhook_url=accepted.webhook_url,
        model=job.model or accepted.model,
        reserved=accepted.reserved,
    )
    return _released(job, dead, streams, context, "dead")


def cancel_job(command: CancelJob, streams: Streams, context: Context) -> Decision:
    """The first of cancel and success on the log wins. What runs at a provider keeps its slot until it is stopped."""
    if command.unwanted and isinstance(streams(job_ref(command.job_id)).state, NoJob):
        return _call_off(command, streams)
    job = job_of(streams, command.org_id, command.job_id)
    if command.unwanted and isinstance(job, EndedJob) and job.captured > job.refunded:
        return give_back(job, streams, context, UNWANTED)
    if isinstance(job, EndedJob):
        raise AlreadyEnded(f"the job has ended: {job.status}", status=job.status)
    if command.overdue and context.at < datetime.fromisoformat(job.accepted.deadline_at):
        raise IllegalState("the job has time left", allowed=[], deadline_at=job.accepted.deadline_at)
    under_way = job.phase in ("dispatched", "running") or job.unstopped is not None
    cancelled = JobCancelled(
        job_id=command.job_id,
        org_id=command.org_id,
        cause=job.accepted.cause,
        lease=job.lease if under_way else None,
        provider=job.provider if under_way else None,
        provider_job_id=job.provider_job_id,
        worker=job.worker,
        webhook_url=job.accepted.webhook_url,
        begun=False if under_way and not job.begun else None,
    )
    return Decision(_released(job, cancelled, streams, context, "cancelled"), {"status": "cancelled"})


def _call_off(command: CancelJob, streams: Streams) -> Decision:
    """The job's stream begins with this note, and a stream that has begun takes no acceptance."""
    org_of(streams, command.org_id)
    note = JobNote(job_id=command.job_id, org_id=command.org_id, code=CALLED_OFF)
    events = () if streams(job_ref(command.job_id)).version > 0 else ((job_ref(command.job_id), note),)
    return Decision(events, {"status": "cancelled"})


def discard_job(command: DiscardJob, streams: Streams, _context: Context) -> Decision:
    job = job_of(streams, command.org_id, command.job_id)
    if not isinstance(job, EndedJob) or job.status != "dead":
        raise IllegalState("only a dead job can be discarded", allowed=["dead"])
    if job.discarded:
        return Decision(result={})
    event = JobDiscarded(job_id=command.job_id, org_id=command.org_id, cause=job.job.accepted.cause)
    return Decision(((job_ref(command.job_id), event),), {})


def _holds(job: LiveJob | EndedJob, lease: int) -> TypeGuard[LiveJob]:
    return isinstance(job, LiveJob) and job.lease == lease and job.phase != "queued"


def _refuse_late(command: JobCommand, job: LiveJob | EndedJob, lease: int) -> Decision:
    """A fenced result changes nothing but a note."""
    accepted = job.accepted if isinstance(job, LiveJob) else job.job.accepted
    note = LateResultRefused(job_id=command.job_id, org_id=command.org_id, cause=accepted.cause, lease=lease)
    return Decision(((job_ref(command.job_id), note),), {"refused": "late"})


def _retry_at(command: RecordAttemptFailed, job: LiveJob, at: datetime) -> str | None:
    if command.retry_in_s is None or not job.another(counts=command.counts):
        return None
    when = at + timedelta(seconds=command.retry_in_s)
    if when >= datetime.fromisoformat(job.accepted.deadline_at):
        return None
    return when.isoformat()


def _released(job: LiveJob, end: Event, streams: Streams, context: Context, reason: str) -> Appends:
    accepted = job.accepted
    entry = ledger.release(book_of(streams, accepted.org_id), context.at, accepted, reason)
    return ((job_ref(accepted.job_id), end), (book_ref(accepted.org_id), entry))
