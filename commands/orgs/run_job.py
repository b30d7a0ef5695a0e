"""A job under way: dispatched with a lease, begun, running, its lease expired."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from commands.model import Context, Decision, Streams
from commands.orgs.commands import (
    BeginAttempt,
    ConfirmStopped,
    DispatchJob,
    ExpireLease,
    RecordJobAgentCall,
    RecordJobRunning,
)
from commands.orgs.end_job import exhausted
from commands.orgs.streams import job_of, job_ref
from commands.refusals import AlreadyEnded, IllegalState
from events.jobs.events import (
    AttemptBegun,
    JobAgentCallRecorded,
    JobDispatched,
    JobEvent,
    JobNote,
    JobRunning,
    LeaseExpired,
)
from events.jobs.state import SOUGHT, STOPPED, EndedJob, LiveJob

ON_ITS_WAY: Final = timedelta(seconds=60)
"""How long after the log has gone on a call may begin that was allowed before."""


def live(streams: Streams, org_id: str, job_id: str) -> LiveJob:
    """Raises NotFound or AlreadyEnded."""
    job = job_of(streams, org_id, job_id)
    if isinstance(job, EndedJob):
        raise AlreadyEnded(f"the job has ended: {job.status}", status=job.status)
    return job


def holding(streams: Streams, org_id: str, job_id: str, lease: int) -> LiveJob:
    """The live job whose present attempt is `lease`: the fencing token. Raises IllegalState for an older one."""
    job = live(streams, org_id, job_id)
    if job.lease != lease or job.phase == "queued":
        raise IllegalState(f"attempt {lease} is over", allowed=[job.phase], lease=job.lease)
    return job


def dispatch_job(command: DispatchJob, streams: Streams, context: Context) -> Decision:
    job = live(streams, command.org_id, command.job_id)
    if job.phase != "queued" or command.lease != job.lease + 1:
        raise IllegalState("the job was dispatched already", allowed=["queued"], lease=job.lease)
    if job.unstopped is not None:
        raise IllegalState("the attempt before may still run", allowed=["queued"], lease=job.lease)
    if job.not_before is not None and datetime.fromisoformat(job.not_before) > context.at:
        raise IllegalState("the job waits for its retry", allowed=["queued"], not_before=job.not_before)
    event = JobDispatched(
        job_id=command.job_id,
        org_id=command.org_id,
        cause=job.accepted.cause,
        lease=command.lease,
        provider=command.provider,
        model=command.model,
        input=job.accepted.input,
        max_runtime_s=job.accepted.max_runtime_s,
        price=job.accepted.price if command.model == job.accepted.model else None,
        worker=command.worker,
        considered=command.considered,
        uncounted=job.uncounted or None,
        owner=command.owner,
    )
    begun = () if command.owner is None else (_begun(job, command.lease, command.owner),)
    return Decision(tuple((job_ref(command.job_id), one) for one in (event, *begun)), {"lease": command.lease})


def begin_attempt(command: BeginAttempt, streams: Streams, _context: Context) -> Decision:
    """The first owner goes; any other must reconcile with the provider and never call. From then on the first one may
    not either: a call that came after the other had looked in vain would run beside the next attempt."""
    job = holding(streams, command.org_id, command.job_id, command.lease)
    if job.owner is None:
        return _one(_begun(job, command.lease, command.owner), {"go": True})
    if job.owner in (command.owner, SOUGHT):
        return Decision(result={"go": job.owner != SOUGHT})
    note = JobNote(job_id=command.job_id, org_id=command.org_id, cause=job.accepted.cause, code=SOUGHT)
    return _one(note, {"go": False})


def _begun(job: LiveJob, lease: int, owner: str) -> AttemptBegun:
    accepted = job.accepted
    return AttemptBegun(job_id=accepted.job_id, org_id=accepted.org_id, cause=accepted.cause, lease=lease, owner=owner)


def record_job_running(command: RecordJobRunning, streams: Streams, _context: Context) -> Decision:
    """The first name stays: by it the attempt is watched, stopped and paid for."""
    job = holding(streams, command.org_id, command.job_id, command.lease)
    if job.provider_job_id == command.provider_job_id:
        return Decision(result={})
    if job.provider_job_id is not None:
        raise IllegalState("the attempt has another name at its provider", allowed=[], lease=job.lease)
    event = JobRunning(
        job_id=command.job_id,
        org_id=command.org_id,
        cause=job.accepted.cause,
        lease=command.lease,
        provider_job_id=command.provider_job_id,
    )
    return _one(event, {})


def record_agent_call(command: RecordJobAgentCall, streams: Streams, _context: Context) -> Decision:
    """Whatever has become of the attempt: its tokens are used."""
    found = job_of(streams, command.org_id, command.job_id)
    job = found.job if isinstance(found, EndedJob) else found
    if not 1 <= command.lease <= job.lease:
        raise IllegalState(f"there was no attempt {command.lease}", allowed=[], lease=job.lease)
    told = command.model_dump(exclude={"within_project"})
    return _one(JobAgentCallRecorded(**told, cause=job.accepted.cause), {})


def expire_lease(command: ExpireLease, streams: Streams, context: Context) -> Decision:
    """The attempt is over on the log; the job waits for the next one, or is dead when there is none left.

    Whoever held it may only have been paused, and its provider works on in any case: its slot is kept.
    """
    job = holding(streams, command.org_id, command.job_id, command.lease)
    again = job.another(counts=True)
    retry_at = (context.at + timedelta(seconds=command.retry_in_s)).isoformat() if again else None
    expired = LeaseExpired(
        job_id=command.job_id,
        org_id=command.org_id,
        cause=job.accepted.cause,
        lease=command.lease,
        retry_at=retry_at,
        provider=job.provider,
        provider_job_id=job.provider_job_id,
        worker=job.worker,
        begun=None if job.begun else False,
    )
    if again:
        return _one(expired, {})
    first = (job_ref(command.job_id), expired)
    return Decision((first, *exhausted(job, streams, context, category="lease_expired", error=None)), {})


def confirm_stopped(command: ConfirmStopped, streams: Streams, context: Context) -> Decision:
    """Nothing of an attempt that the log is beyond runs any more: its slot is free, and a live job has its next one."""
    found = job_of(streams, command.org_id, command.job_id)
    job, over_at = (found.job, found.ended_at) if isinstance(found, EndedJob) else (found, None)
    stopping = found.stopping if isinstance(found, EndedJob) else found.unstopped is not None
    if not stopping or job.lease != command.lease:
        return Decision(result={})
    if command.unheard and context.at < _longest_until(job, job.unstopped or over_at or context.at):
        raise IllegalState("the attempt may still run", allowed=[])
    event = JobNote(job_id=command.job_id, org_id=command.org_id, cause=job.accepted.cause, code=STOPPED)
    return _one(event, {})


def _longest_until(job: LiveJob, over_at: datetime) -> datetime:
    """When nothing of the last attempt can run any more: it had begun when it was named; or, nameless, when the log
    went beyond it, but for a call that was on its way."""
    begun_by = job.named_at if job.named_at is not None else over_at + ON_ITS_WAY
    return begun_by + timedelta(seconds=job.accepted.max_runtime_s)


def _one(event: JobEvent, result: dict[str, object]) -> Decision:
    return Decision(((job_ref(event.job_id), event),), result)
