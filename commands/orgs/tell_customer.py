"""A job's customer is told of its end by a webhook: once it is known how that went, nobody tells again."""

from __future__ import annotations

from commands.model import Context, Decision, Streams
from commands.orgs.commands import BeginWebhook, RecordWebhook
from commands.orgs.streams import job_of, job_ref
from events.jobs.events import JobEvent, WebhookDelivered, WebhookGivenUp
from events.jobs.state import EndedJob


def begin_webhook(command: BeginWebhook, streams: Streams, _context: Context) -> Decision:
    """From state alone: who reads the whole log again tells nobody anything."""
    job = job_of(streams, command.org_id, command.job_id)
    return Decision(result={"go": isinstance(job, EndedJob) and not job.told})


def record_webhook(command: RecordWebhook, streams: Streams, _context: Context) -> Decision:
    job = job_of(streams, command.org_id, command.job_id)
    if not isinstance(job, EndedJob) or job.told:
        return Decision(result={})
    event: JobEvent
    if command.failure is None:
        event = WebhookDelivered(
            job_id=command.job_id, org_id=command.org_id, cause=job.job.accepted.cause, tries=command.tries
        )
    else:
        event = WebhookGivenUp(
            job_id=command.job_id,
            org_id=command.org_id,
            cause=job.job.accepted.cause,
            tries=command.tries,
            reason=command.failure,
            status=command.status,
        )
    return Decision(((job_ref(command.job_id), event),), {})
