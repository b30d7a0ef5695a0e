"""Providers' webhooks: hints that a job has changed, checked on their raw bytes and put on the log. And the secret by
which customers check ours."""

from __future__ import annotations

import base64
import logging
import time
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from commands.model import CommandEnvelope
from commands.orgs.commands import RecordJobRunning
from commands.ports import BadWebhook, WebhookNews
from commands.refusals import Refusal
from commands.signing import BadSignature, SignedAttempt, verify_attempt, webhook_key
from events.ids import caused_id, new_id
from gateway.access.auth import caller
from gateway.answering.answers import ANSWER_WITHIN_S, json, platform_of
from gateway.http.problems import Problem
from gateway.platform import Platform

router = APIRouter(tags=["webhooks"])
log = logging.getLogger(__name__)


@router.post("/webhooks/{provider}")
async def hear(
    request: Request,
    provider: str,
    t: Annotated[str, Query(max_length=2048)] = "",
    at: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """What a provider tells of the attempt that `t` names; 200 once it is on the log, or when it changes nothing."""
    platform = platform_of(request)
    attempt, news = await believed(request, platform, provider, t, at)
    command = RecordJobRunning(
        org_id=attempt.org_id, job_id=attempt.job_id, lease=attempt.lease, provider_job_id=news.provider_job_id
    )
    request_id = new_id("req")
    envelope = CommandEnvelope(
        id=caused_id(t, f"{provider}:{news.provider_job_id}"),
        org_id=attempt.org_id,
        actor=f"webhook:{provider}",
        correlation_id=request_id,
        causation_id=request_id,
    )
    try:
        await platform.ask(command, envelope, timeout_s=ANSWER_WITHIN_S)
    except Refusal as refusal:
        log.info("a webhook came late: %s", refusal.slug, extra={"provider": provider, "job_id": attempt.job_id})
    return json({})


@router.get("/webhook-secret")
async def own_secret(request: Request) -> Response:
    """What our webhooks to this organisation are signed with, as Standard Webhooks has it: for its admins."""
    who, platform = caller(request, "admin"), platform_of(request)
    key = base64.b64encode(webhook_key(platform.secrets.server, who.org_id)).decode()
    return json({"secret": f"whsec_{key}"})


async def believed(
    request: Request, platform: Platform, provider: str, token: str, at: str
) -> tuple[SignedAttempt, WebhookNews]:
    """Raises the same Problem for every reason not to believe it."""
    unsigned = Problem("unauthenticated", "this webhook is not signed as it has to be, or is too old")
    verifier = platform.webhooks.get(provider)
    if verifier is None:
        raise unsigned
    try:
        attempt = verify_attempt(platform.secrets.server, provider, token)
        return attempt, await verifier.verify(request.headers, await request.body(), now=time.time(), at=at)
    except (BadSignature, BadWebhook) as error:
        log.info("a webhook is not believed: %s", error, extra={"provider": provider})
        raise unsigned from error
    except Problem:
        raise
    except Exception as error:
        log.warning("a webhook could not be checked: %r", error, extra={"provider": provider})
        raise Problem("unavailable", "this webhook cannot be checked now; send it again") from error
