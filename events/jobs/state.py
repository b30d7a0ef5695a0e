"""A job folded from its stream: not there, live, or ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from events.jobs.current import CurrentJob
from events.jobs.events import (
    AttemptBegun,
    AttemptFailed,
    EndStatus,
    JobAccepted,
    JobCancelled,
    JobDead,
    JobDiscarded,
    JobDispatched,
    JobEvent,
    JobFailed,
    JobNote,
    JobRefunded,
    JobReplayed,
    JobRunning,
    JobSucceeded,
    LeaseExpired,
    WebhookDelivered,
    WebhookGivenUp,
    WebhookResendRequested,
)
from events.model import Event

STOPPED = "stopped"
"""Code of the note that an ended attempt is over at its provider."""
SOUGHT = "sought"
"""Code of the note that an attempt which one owner has begun is looked for by another: nobody may call for it now."""
CALLED_OFF = "called_off"
"""Code of the note that no job will be accepted under an id: whoever asked for it has no use for it any more."""
ENDS: Final[Mapping[type[JobEvent], EndStatus]] = {
    JobSucceeded: "succeeded",
    JobFailed: "failed",
    JobDead: "dead",
    JobCancelled: "cancelled",
}
UNCOUNTED_MAX = 2_000
"""How often a job may find no slot: at half a minute each a day's work, and the end of its history's growth."""


@dataclass(frozen=True, slots=True)
class NoJob:
    """Nothing was ever accepted under this id."""


@dataclass(frozen=True, slots=True)
class LiveJob:
    """Accepted and not ended. `lease` is the number of the last dispatched attempt, 0 before the first."""

    accepted: JobAccepted
    accepted_at: datetime
    phase: Literal["queued", "dispatched", "running"] = "queued"
    lease: int = 0
    uncounted: int = 0
    """How many of the attempts so far found no slot at their provider, and do not count."""
    owner: str | None = None
    """Who began the present attempt, where the provider's create is not idempotent, and may call; `SOUGHT`: nobody."""
    not_before: str | None = None
    dispatched_at: datetime | None = None
    provider: str | None = None
    model: str | None = None
    worker: str | None = None
    provider_job_id: str | None = None
    named_at: datetime | None = None
    """Since when the present attempt's `provider_job_id` is known: by then it had begun."""
    unstopped: datetime | None = None
    """Since when the log has been beyond the last attempt, which may still run at its provider and holds its slot."""

    @property
    def begun(self) -> bool:
        """Whether the present attempt's provider may have been called; one that takes our name needs no leave."""
        return self.owner is not None or self.provider_job_id is not None

    def another(self, *, counts: bool) -> bool:
        """Whether there may be another attempt after the present one, which counts or found no slot, has failed."""
        if not counts:
            return self.uncounted < UNCOUNTED_MAX
        return self.lease - self.uncounted < self.accepted.max_attempts


JobEnd = JobSucceeded | JobFailed | JobCancelled | JobDead


@dataclass(frozen=True, slots=True)
class EndedJob:
    """At its one end. `stopping`: the last attempt may still run at its provider and holds its slot."""

    job: LiveJob
    status: EndStatus
    captured: int = 0
    refunded: int = 0
    """Of what was captured. It stands here, and not in the book, so that a book does not grow with its history."""
    stopping: bool = False
    replayed_as: str | None = None
    discarded: bool = False
    told: bool = False
    """Its customer's webhook has been delivered or given up, for now."""
    to_tell: JobEnd | None = None
    """The end, for as long as its customer may have to be told of it."""
    ended_at: datetime | None = None
    message_id: str | None = None
    """The `webhook-id` that was given up."""
    resends: int = 0


Job = NoJob | LiveJob | EndedJob


def initial(_subject: str) -> Job:
    return NoJob()


def evolve(state: Job, event: Event, at: datetime) -> Job:
    """The job after the event; what this state does not need passes by."""
    if isinstance(event, JobAccepted):
        return LiveJob(event, at)
    if isinstance(state, LiveJob):
        return _evolve_live(state, event, at)
    if isinstance(state, EndedJob):
        return _evolve_ended(state, event)
    return state


def _evolve_live(job: LiveJob, event: Event, at: datetime) -> Job:
    match event:
        case JobDispatched():
            return replace(
                job,
                phase="dispatched",
                lease=event.lease,
                owner=None,
                not_before=None,
                dispatched_at=at,
                provider=event.provider,
                model=event.model,
                worker=event.worker,
                provider_job_id=None,
                named_at=None,
                unstopped=None,
            )
        case AttemptBegun(owner=owner):
            return replace(job, owner=owner)
        case JobNote(code=code) if code == SOUGHT:
            return replace(job, owner=SOUGHT)
        case JobRunning(provider_job_id=provider_job_id):
            return replace(job, phase="running", provider_job_id=provider_job_id, named_at=job.named_at or at)
        case AttemptFailed(counts=counts, unstopped=unstopped):
            over = replace(job, uncounted=job.uncounted + (counts is False))
            return _queued_again(over, event.retry_at, at if unstopped else None)
        case LeaseExpired(retry_at=retry_at):
            return _queued_again(job, retry_at, at)
        case JobNote(code=code) if code == STOPPED and job.unstopped is not None:
            return _queued_again(job, job.not_before, None)
        case JobSucceeded() | JobFailed() | JobDead() | JobCancelled():
            return _ended(job, event, at)
        case _:
            return job


def _queued_again(job: LiveJob, not_before: str | None, unstopped: datetime | None) -> LiveJob:
    """What may still run is remembered with its place, for whoever stops it."""
    over = replace(job, phase="queued", not_before=not_before, unstopped=unstopped)
    return over if unstopped is not None else replace(over, worker=None, provider_job_id=None)


def _ended(job: LiveJob, end: JobEnd, at: datetime) -> EndedJob:
    ended = EndedJob(job, ENDS[type(end)], to_tell=end if end.webhook_url is not None else None, ended_at=at)
    match end:
        case JobSucceeded(captured=captured):
            return replace(ended, captured=captured)
        case JobCancelled(lease=int()):
            return replace(ended, stopping=True)
        case _:
            return replace(ended, stopping=job.unstopped is not None)


def _evolve_ended(ended: EndedJob, event: Event) -> Job:
    match event:
        case JobNote(code=code) if code == STOPPED:
            return replace(ended, stopping=False)
        case JobReplayed(as_job_id=as_job_id):
            return replace(ended, replayed_as=as_job_id)
        case JobRefunded(refunded=refunded):
            return replace(ended, refunded=refunded)
        case JobDiscarded():
            return replace(ended, discarded=True)
        case WebhookDelivered():
            return replace(ended, told=True, to_tell=None)
        case WebhookGivenUp(message_id=message_id):
            return replace(ended, told=True, message_id=message_id or ended.message_id)
        case WebhookResendRequested():
            return replace(ended, told=False, resends=ended.resends + 1)
        case _:
            return ended


def current(state: Job) -> CurrentJob | None:
    """What `current.jobs` says of it: None once nothing of it lives any more."""
    match state:
        case LiveJob():
            return _summary(state, state.phase)
        case EndedJob(job=job, stopping=True):
            return _summary(job, "stopping")
        case _:
            return None


def _summary(job: LiveJob, phase: Literal["queued", "dispatched", "running", "stopping"]) -> CurrentJob:
    accepted = job.accepted
    return CurrentJob(
        job_id=accepted.job_id,
        org_id=accepted.org_id,
        phase=phase,
        lease=job.lease,
        priority=accepted.priority,
        model=job.model or accepted.model,
        provider=job.provider or accepted.provider,
        cause=accepted.cause,
        reserved=accepted.reserved,
        max_runtime_s=accepted.max_runtime_s,
        accepted_at=job.accepted_at.isoformat(),
        deadline_at=accepted.deadline_at,
        not_before=job.not_before,
        dispatched_at=job.dispatched_at.isoformat() if job.dispatched_at else None,
        worker=job.worker,
        provider_job_id=job.provider_job_id,
        unstopped=True if phase == "queued" and job.unstopped is not None else None,
    )
