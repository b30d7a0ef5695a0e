"""Jobs: submitted, read, awaited, listed, cancelled; their customers told once more."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from commands.orgs.commands import CancelJob, ResendWebhook, SubmitJob
from commands.pricing import reservation
from events.jobs.events import Priority
from events.topics import EVENTS_CANVAS, EVENTS_JOBS
from gateway.access.auth import READERS, caller, of_prefix
from gateway.access.keyring import Caller
from gateway.answering.answers import ask, decided, json, page, platform_of
from gateway.answering.catalog import active_model
from gateway.http.bodies import Body, Nothing, OptionalAmount, read, takes
from gateway.http.identity import identity
from gateway.http.inputs import Inputs, as_text, priced
from gateway.http.problems import Problem, not_found
from gateway.live.trails import job_of
from gateway.platform import Platform
from gateway.reads import queries
from gateway.reads.views import ENDED, Views
from projections.jobs import HIDDEN
from projections.looking import found_within

router = APIRouter(tags=["jobs"])
READS: Final = (EVENTS_JOBS,)
WAIT_MAX_S: Final = 60
KNOWN_WAIT_S: Final = 5.0
LOOK_AGAIN_S: Final = 0.1
Status = Literal["queued", "dispatched", "running", "succeeded", "failed", "cancelled", "dead"]


class SubmitBody(Body):
    model: str = Field(min_length=1, max_length=200)
    input: dict[str, Any]
    priority: Priority = "NORMAL"
    project_id: str | None = Field(default=None, max_length=64)
    webhook_url: str | None = Field(default=None, max_length=2048)
    max_cost: OptionalAmount = None
    deadline_s: int = Field(default=86_400, ge=1, le=7 * 86_400)


@router.post("/jobs", status_code=202, openapi_extra=takes(SubmitBody))
async def submit(request: Request, after: str | None = None) -> Response:
    """Accepts a job and reserves its price; `after` waits for an upload that the input names."""
    who, platform = caller(request), platform_of(request)
    body, raw = await read(request, SubmitBody)
    await platform.reading.after(after, (EVENTS_CANVAS, EVENTS_JOBS))
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw, required=True)
    model = active_model(platform, body.model)
    inputs: Inputs = request.app.state.inputs
    values = await inputs.resolve(who.org_id, model.model, body.input)
    inputs.check(model, values)
    lines, _ = priced(model.model, values)
    command = SubmitJob(
        org_id=who.org_id,
        job_id=same.new("job"),
        model=model.model.id,
        provider=model.model.provider,
        priority=body.priority,
        input=await platform.vault.seal(who.org_id, who.person, as_text(values)),
        reserve=reservation(lines),
        price=lines,
        project_id=project_of(who, body.project_id),
        max_cost=body.max_cost,
        max_runtime_s=model.model.limits.max_runtime_s,
        deadline_s=body.deadline_s,
        webhook_url=public_address(body.webhook_url, private=platform.webhooks_to_private),
    )
    return decided(await ask(platform, command, same), 202)


def project_of(who: Caller, asked: str | None) -> str | None:
    if who.project_id is not None and asked not in (None, who.project_id):
        raise Problem.invalid("/project_id", "this key belongs to another project")
    return asked or who.project_id


def public_address(url: str | None, *, private: bool = False) -> str | None:
    """Refuses at once what can never be public; whoever calls it later checks the address it connects to."""
    if url is None:
        return None
    if not private and not may_be_public(url):
        raise Problem.invalid("/webhook_url", "a public http(s) address is needed")
    return url


def may_be_public(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or parts.username or host.rstrip(".").endswith("localhost"):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return any(char.isalpha() for char in host.rsplit(".", 1)[-1])


@router.get("/jobs")
async def listed(
    request: Request,
    status: Status | None = None,
    model: Annotated[str | None, Query(max_length=200)] = None,
    priority: Priority | None = None,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE_MAX)] = 50,
    cursor: str | None = None,
    after: str | None = None,
) -> Response:
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, READS)
    asked = {"status": status, "model": model, "priority": priority}
    wanted = {"org_id": who.org_id} | {name: value for name, value in asked.items() if value is not None}
    found, more = await queries.newest(platform.db, "jobs", wanted, "accepted_at", limit, cursor, without=HIDDEN)
    views: Views = request.app.state.views
    return page([views.job(document) for document in found], more)


@router.get("/jobs/{job_id}")
async def read_one(
    request: Request,
    job_id: str,
    wait: Annotated[int, Query(ge=0, le=WAIT_MAX_S)] = 0,
    after: str | None = None,
) -> Response:
    """The job; `wait` holds the answer back until its end, or for so many seconds."""
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, READS)
    of_prefix(job_id, "job")
    views: Views = request.app.state.views
    if wait == 0:
        return json(views.job(await queries.one(platform.db, "jobs", who.org_id, job_id)))
    with platform.hub.job_end(job_id) as end:
        known = await begun(platform, who.org_id, job_id, end, min(wait, KNOWN_WAIT_S))
        if known is not None and known["status"] in ENDED:
            return json(views.job(known))
        return json(views.job(await ended(platform, who.org_id, job_id, end, wait)))


async def ended(
    platform: Platform, org_id: str, job_id: str, end: asyncio.Future[dict[str, int]], wait_s: float
) -> Mapping[str, Any]:
    """The job at its end, or as it is when time is up: from the log where all of it is at hand, which may be ahead of
    the read model."""
    await asyncio.wait([end], timeout=wait_s)
    found = await job_of(platform.vault, platform.hub.trails.get(job_id))
    if found is not None:
        if found["org_id"] != org_id:
            raise not_found()
        return found
    if end.done():
        await platform.reading.reach(end.result())
    return await queries.one(platform.db, "jobs", org_id, job_id)


class Begun(NamedTuple):
    """A job that is there."""

    document: dict[str, Any] | None


async def begun(
    platform: Platform, org_id: str, job_id: str, end: asyncio.Future[Any], within_s: float
) -> dict[str, Any] | None:
    """The job's document, or None for one that the log shows and the read model need not yet: it lives, or has ended.

    What nobody knows is waited for a moment: it may have been accepted just now. Then it is not there.
    """

    async def look() -> Begun | None:
        live = platform.live_jobs.get(job_id)
        if end.done() or (live is not None and live.org_id == org_id):
            return Begun(None)
        document = await platform.db["jobs"].find_one({"_id": job_id, "org_id": org_id})
        return None if document is None else Begun(document)

    found = await found_within(look, within_s, lambda: asyncio.wait([end], timeout=LOOK_AGAIN_S))
    if found is None:
        raise not_found()
    return found.document


@router.post("/jobs/{job_id}/cancel", openapi_extra=takes(Nothing, required=False))
async def cancel(request: Request, job_id: str) -> Response:
    who, platform = caller(request), platform_of(request)
    _, raw = await read(request, Nothing)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    command = CancelJob(org_id=who.org_id, job_id=of_prefix(job_id, "job"))
    return decided(await ask(platform, command, same), 200)


@router.post("/jobs/{job_id}/webhook/resend", status_code=202, openapi_extra=takes(Nothing, required=False))
async def resend(request: Request, job_id: str) -> Response:
    """Tells of the job's end once more, under the same `webhook-id`, where its webhook was given up."""
    who, platform = caller(request), platform_of(request)
    _, raw = await read(request, Nothing)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    command = ResendWebhook(org_id=who.org_id, job_id=of_prefix(job_id, "job"))
    return decided(await ask(platform, command, same), 202)
