"""A job's customer is told of its end by a webhook: once it is known how that went, nobody tells again."""

from __future__ import annotations

from typing import Final

from commands.model import Context, Decision, Streams
from commands.orgs.commands import BeginWebhook, RecordWebhook, ResendWebhook
from commands.orgs.streams import job_of, job_ref
from commands.refusals import IllegalState
from events.jobs.events import (
    JobDead,
    JobEvent,
    JobFailed,
    JobSucceeded,
    WebhookDelivered,
    WebhookGivenUp,
    WebhookResendRequested,
)
from events.jobs.state import ENDS, EndedJob

RESENDS_MAX: Final = 100
GIVEN_UP: Final = ["given_up"]


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
            message_id=command.message_id,
        )
    return Decision(((job_ref(command.job_id), event),), {})


def resend_webhook(command: ResendWebhook, streams: Streams, _context: Context) -> Decision:
    """The event carries all that is told: whoever tells keeps nothing."""
    job = job_of(streams, command.org_id, command.job_id)
    if not isinstance(job, EndedJob):
        raise IllegalState("the job has not ended", allowed=GIVEN_UP)
    end = job.to_tell
    if end is None or end.webhook_url is None or job.ended_at is None:
        raise IllegalState("nobody waits to be told of this job's end, or it was delivered", allowed=GIVEN_UP)
    if not job.told:
        raise IllegalState("it is being told", allowed=GIVEN_UP)
    if job.resends >= RESENDS_MAX:
        raise IllegalState(f"it was told again {RESENDS_MAX} times, which is the most", allowed=[])
    event = WebhookResendRequested(
        job_id=command.job_id,
        org_id=command.org_id,
        cause=job.job.accepted.cause,
        webhook_url=end.webhook_url,
        # What an earlier release has given up has no id on the log: it was the id of the end's event.
        message_id=job.message_id or command.job_id,
        status=ENDS[type(end)],
        ended_at=job.ended_at.isoformat(),
        outputs=end.outputs if isinstance(end, JobSucceeded) else (),
        captured=end.captured if isinstance(end, JobSucceeded) else None,
        category=end.category if isinstance(end, JobFailed | JobDead) else None,
    )
    return Decision(((job_ref(command.job_id), event),), {"job_id": command.job_id, "webhook_id": event.message_id})
