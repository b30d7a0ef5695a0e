"""Giving back what a job captured: once for each entry id, and never more than it captured."""

from __future__ import annotations

from commands.model import Context, Decision, Streams
from commands.orgs import ledger
from commands.orgs.commands import RefundJob
from commands.orgs.streams import book_of, book_ref, job_of, job_ref, recorded_once
from commands.refusals import IllegalState
from events.jobs.events import JobRefunded
from events.jobs.state import EndedJob


def refund_job(command: RefundJob, streams: Streams, context: Context) -> Decision:
    """An amount beyond what is left stands in the entry as `uncollected`. Raises NotFound or IllegalState."""
    job = job_of(streams, command.org_id, command.job_id)
    if not isinstance(job, EndedJob):
        raise IllegalState("only a job that has ended can be refunded", allowed=["succeeded"])
    left = job.captured - job.refunded
    asked = left if command.amount is None else command.amount
    if asked == 0:
        raise IllegalState("of this job nothing is left to be refunded", allowed=[], refunded=job.refunded)
    return _refund(job, streams, context, command.entry_id, asked=asked, moved=min(asked, left), reason=command.reason)


def give_back(job: EndedJob, streams: Streams, context: Context, reason: str) -> Decision:
    """All that is left of what the job captured, under an entry of its own: there is at most one for each reason."""
    entry_id = f"ent_{job.job.accepted.job_id.removeprefix('job_')}.{reason}"
    left = job.captured - job.refunded
    return _refund(job, streams, context, entry_id, asked=left, moved=left, reason=reason)


def _refund(
    job: EndedJob, streams: Streams, context: Context, entry_id: str, *, asked: int, moved: int, reason: str | None
) -> Decision:
    accepted = job.job.accepted
    org, book = accepted.org_id, book_of(streams, accepted.org_id)
    entry = ledger.refund(book, context.at, accepted, entry_id=entry_id, asked=asked, moved=moved, reason=reason)
    refunded = JobRefunded(
        job_id=accepted.job_id,
        org_id=org,
        cause=accepted.cause,
        entry_id=entry_id,
        amount=moved,
        refunded=job.refunded + moved,
    )
    events = ((book_ref(org), entry), (job_ref(accepted.job_id), refunded), recorded_once(entry))
    return Decision(events, {"entry_id": entry_id, "refunded": moved, "uncollected": asked - moved})
