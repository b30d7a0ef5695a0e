"""Accepting a job and reserving its price: one decision."""

from __future__ import annotations

from datetime import datetime, timedelta

from commands.model import Context, Decision, Streams
from commands.orgs import ledger
from commands.orgs.commands import JobCommand, ReplayJob, SubmitJob
from commands.orgs.reuse_result import take_kept
from commands.orgs.streams import book_of, book_ref, job_of, job_ref, kept_result, org_of
from commands.pricing import reservation
from commands.refusals import IllegalState, InvalidInput, NotFound
from events.envelope import StreamRef
from events.jobs.events import JobAccepted, JobEvent, JobQueued, JobReplayed
from events.jobs.state import EndedJob, LiveJob
from events.model import Event


def check_project(command: JobCommand, streams: Streams) -> None:
    """Raises NotFound where the job is not of the project that the asker's key is of."""
    if isinstance(command, SubmitJob):
        project = command.project_id
    else:
        job = job_of(streams, command.org_id, command.job_id)
        project = (job if isinstance(job, LiveJob) else job.job).accepted.project_id
    if project != command.within_project:
        raise NotFound("no such job")


def submit_job(command: SubmitJob, streams: Streams, context: Context) -> Decision:
    """Raises NotFound, InvalidInput or InsufficientCredit; then nothing is written."""
    org = org_of(streams, command.org_id)
    if command.project_id is not None and command.project_id not in org.projects:
        raise InvalidInput.at("/project_id", "no such project")
    if command.price and command.reserve != reservation(command.price):
        raise InvalidInput.at("/price", "the lines of the price do not explain what is to be reserved")
    if command.max_cost is not None and command.reserve > command.max_cost:
        raise InvalidInput.at("/max_cost", f"this job may cost {command.reserve} millicredits")
    kept = kept_result(streams, command.org_id, command.fingerprint) if command.reuse and command.fingerprint else None
    accepted = JobAccepted(
        job_id=command.job_id,
        org_id=command.org_id,
        cause=command.cause,
        model=command.model,
        provider=command.provider,
        priority=command.priority,
        input=command.input,
        reserved=command.reserve if kept is None else 0,
        paid_from=ledger.source_of(book_of(streams, command.org_id), command.project_id),
        price=command.price,
        project_id=command.project_id,
        max_attempts=command.max_attempts,
        max_runtime_s=command.max_runtime_s,
        deadline_at=(context.at + timedelta(seconds=command.deadline_s)).isoformat(),
        webhook_url=command.webhook_url,
        replay_of=command.replay_of,
        fingerprint=command.fingerprint,
    )
    result = {"job_id": command.job_id, "reserved": accepted.reserved}
    if kept is not None:
        return Decision(take_kept(accepted, kept, streams, context), result)
    return Decision(_accept(accepted, streams, context), result)


def replay_job(command: ReplayJob, streams: Streams, context: Context) -> Decision:
    """A dead job again: a new one with a reservation of its own, as large, and with as much time as that had. Only
    the first replay of a job counts."""
    ended = job_of(streams, command.org_id, command.job_id)
    if not isinstance(ended, EndedJob) or ended.status != "dead":
        raise IllegalState("only a dead job can be replayed", allowed=["dead"])
    if ended.replayed_as is not None or ended.discarded:
        raise IllegalState("this job was replayed or discarded already", allowed=[], replayed_as=ended.replayed_as)
    before = ended.job.accepted
    if command.reserve != before.reserved:
        raise InvalidInput.at("/reserve", f"the job was accepted for {before.reserved} millicredits")
    accepted = before.model_copy(
        update={
            "job_id": command.new_job_id,
            "reserved": command.reserve,
            "replay_of": command.job_id,
            "paid_from": ledger.source_of(book_of(streams, command.org_id), before.project_id),
            "provider": command.provider or before.provider,
            "deadline_at": (context.at + _time_given(ended.job)).isoformat(),
        }
    )
    replayed = JobReplayed(
        job_id=command.job_id, org_id=command.org_id, cause=before.cause, as_job_id=command.new_job_id
    )
    events = (*_accept(accepted, streams, context), (job_ref(command.job_id), replayed))
    result = {"job_id": command.new_job_id, "replay_of": command.job_id, "reserved": command.reserve}
    return Decision(events, result)


def _time_given(job: LiveJob) -> timedelta:
    return datetime.fromisoformat(job.accepted.deadline_at) - job.accepted_at


def _accept(accepted: JobAccepted, streams: Streams, context: Context) -> tuple[tuple[StreamRef, Event], ...]:
    reserved = ledger.reserve(
        book_of(streams, accepted.org_id),
        context.at,
        org_id=accepted.org_id,
        job_id=accepted.job_id,
        project_id=accepted.project_id,
        amount=accepted.reserved,
    )
    queued: JobEvent = JobQueued(job_id=accepted.job_id, org_id=accepted.org_id, cause=accepted.cause)
    job = job_ref(accepted.job_id)
    return ((job, accepted), (job, queued), (book_ref(accepted.org_id), reserved))
