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
    accepted, moved = job.job.accepted, min(asked, left)
    entry = ledger.refund(
        book_of(streams, command.org_id),
        context.at,
        accepted,
        entry_id=command.entry_id,
        asked=asked,
        moved=moved,
        reason=command.reason,
    )
    refunded = JobRefunded(
        job_id=command.job_id,
        org_id=command.org_id,
        cause=accepted.cause,
        entry_id=command.entry_id,
        amount=moved,
        refunded=job.refunded + moved,
    )
    events = ((book_ref(command.org_id), entry), (job_ref(command.job_id), refunded), recorded_once(entry))
    return Decision(events, {"entry_id": command.entry_id, "refunded": moved, "uncollected": asked - moved})
