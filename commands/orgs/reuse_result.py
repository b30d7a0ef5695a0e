"""Results that a later job may take for nothing: kept under their fingerprint, in the decision of the first success."""

from __future__ import annotations

from commands.model import Context, Streams
from commands.orgs import ledger
from commands.orgs.streams import book_of, book_ref, job_ref, result_ref
from events.accounts.events import ResultKept
from events.credits.state import evolve
from events.envelope import StreamRef
from events.jobs.events import JobAccepted, JobSucceeded
from events.model import Event

Appends = tuple[tuple[StreamRef, Event], ...]


def keep(accepted: JobAccepted, succeeded: JobSucceeded, streams: Streams) -> Appends:
    """The first result under a fingerprint stays; the later ones are its equals."""
    fingerprint = accepted.fingerprint
    if fingerprint is None or not succeeded.outputs or streams(result_ref(fingerprint)).version > 0:
        return ()
    kept = ResultKept(
        org_id=accepted.org_id,
        fingerprint=fingerprint,
        job_id=accepted.job_id,
        model=accepted.model,
        outputs=succeeded.outputs,
    )
    return ((result_ref(fingerprint), kept),)


def take_kept(accepted: JobAccepted, kept: ResultKept, streams: Streams, context: Context) -> Appends:
    """Accepted and done in one decision; its books show that it set aside nothing and cost nothing."""
    succeeded = JobSucceeded(
        job_id=accepted.job_id,
        org_id=accepted.org_id,
        cause=accepted.cause,
        lease=0,
        outputs=kept.outputs,
        captured=0,
        webhook_url=accepted.webhook_url,
        model=accepted.model,
        reused_from=kept.job_id,
    )
    job, book = job_ref(accepted.job_id), book_ref(accepted.org_id)
    before = book_of(streams, accepted.org_id)
    reserved = ledger.reserve(
        before,
        context.at,
        org_id=accepted.org_id,
        job_id=accepted.job_id,
        project_id=accepted.project_id,
        amount=0,
    )
    captured = ledger.capture(evolve(before, reserved, context.at), context.at, accepted, cost=0)
    return ((job, accepted), (book, reserved), (job, succeeded), (book, captured))
