"""Sessions: begun, listed, read as a whole, cancelled, followed live."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from commands.canvas.commands import CancelSession, PostMessage, StartSession
from events.canvas.session_events import Approval, PlanningMode
from events.topics import EVENTS_CANVAS, EVENTS_JOBS
from gateway.access.auth import READERS, caller, of_prefix
from gateway.answering.answers import ask, decided, json, page, platform_of
from gateway.answering.ownership import owned
from gateway.http.bodies import Body, Nothing, read, takes
from gateway.http.identity import identity
from gateway.http.problems import Problem
from gateway.live.sse import EventStream, Streams
from gateway.past.plan import moment
from gateway.past.time_machine import session_at
from gateway.reads import queries
from gateway.reads.views import Views

router = APIRouter(tags=["sessions"])
READS: Final = (EVENTS_CANVAS, EVENTS_JOBS)
TEXT_MAX: Final = 16_000


class StartBody(Body):
    title: str | None = Field(default=None, min_length=1, max_length=200)
    project_id: str | None = Field(default=None, max_length=64)


class MessageBody(Body):
    text: str = Field(min_length=1, max_length=TEXT_MAX)
    mode: PlanningMode = "subagent"
    approval: Approval = "assist"
    upload_ids: list[str] = Field(default=[], max_length=64)


@router.post("/sessions", status_code=201, openapi_extra=takes(StartBody, required=False))
async def start(request: Request) -> Response:
    who, platform = caller(request), platform_of(request)
    body, raw = await read(request, StartBody)
    if who.project_id is not None and body.project_id not in (None, who.project_id):
        raise Problem.invalid("/project_id", "this key belongs to another project")
    project = body.project_id or who.project_id
    org = platform.orgs.get(who.org_id)
    if project is not None and (org is None or project not in org.projects):
        raise Problem.invalid("/project_id", "no such project")
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    title = None if body.title is None else await platform.vault.seal(who.org_id, who.person, body.title)
    command = StartSession(
        org_id=who.org_id,
        session_id=same.new("ses"),
        title=title,
        project_id=project,
        user_id=who.user_id,
    )
    return decided(await ask(platform, command, same), 201)


@router.get("/sessions")
async def listed(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE_MAX)] = 50,
    cursor: str | None = None,
    after: str | None = None,
) -> Response:
    who, platform = caller(request), platform_of(request)
    await platform.reading.after(after, READS)
    wanted = {"org_id": who.org_id}
    found, more = await queries.newest(platform.db, "sessions", wanted, "started_at", limit, cursor)
    views: Views = request.app.state.views
    return page([views.session(document) for document in found], more)


@router.get("/sessions/{session_id}")
async def read_one(request: Request, session_id: str, at: str | None = None, after: str | None = None) -> Response:
    """The session as it is, or `at` a position or time: chat, plans, queue and balance as they were then."""
    who, platform = caller(request), platform_of(request)
    await platform.reading.after(after, READS)
    session = await queries.one(platform.db, "sessions", who.org_id, of_prefix(session_id, "ses"))
    views: Views = request.app.state.views
    if at is not None:
        when = moment(at, session_id, request.app.state.partitions)
        return json(await session_at(platform, views, who.org_id, session_id, when))
    wanted = {"session_id": session_id, "org_id": who.org_id}
    messages, plans, steps, spent = await asyncio.gather(
        queries.many(platform.db, "messages", wanted, "_v"),
        queries.many(platform.db, "plans", wanted, "drafted_at", "_id"),
        queries.many(platform.db, "steps", wanted),
        queries.money(platform.db, wanted),
    )
    jobs = await queries.jobs_of(platform.db, who.org_id, steps)
    whole = views.session(session) | {
        "messages": [views.message(message) for message in messages],
        "uploads": [views.upload(who.org_id, upload) for upload in session.get("uploads", [])],
        "plans": [
            views.plan(
                plan,
                [step for step in steps if step["plan_id"] == plan["_id"]],
                [job for job in jobs if job.get("plan_id") == plan["_id"]],
                spent.get(plan["_id"], queries.NOTHING),
            )
            for plan in plans
        ],
    }
    return json(whole)


@router.post("/sessions/{session_id}/messages", status_code=202, openapi_extra=takes(MessageBody))
async def post_message(request: Request, session_id: str) -> Response:
    who, platform = caller(request), platform_of(request)
    body, raw = await read(request, MessageBody)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    command = PostMessage(
        org_id=who.org_id,
        session_id=of_prefix(session_id, "ses"),
        message_id=same.new("msg"),
        text=await platform.vault.seal(who.org_id, who.person, body.text),
        mode=body.mode,
        approval=body.approval,
        upload_ids=tuple(body.upload_ids),
    )
    return decided(await ask(platform, command, same), 202)


@router.post("/sessions/{session_id}/cancel", openapi_extra=takes(Nothing, required=False))
async def cancel(request: Request, session_id: str) -> Response:
    """Stops every run of the session, and what is being planned; what is ready stays."""
    who, platform = caller(request), platform_of(request)
    _, raw = await read(request, Nothing)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    command = CancelSession(org_id=who.org_id, session_id=of_prefix(session_id, "ses"))
    return decided(await ask(platform, command, same), 200)


@router.get("/sessions/{session_id}/stream")
async def follow(request: Request, session_id: str) -> Response:
    """Server-sent events of the session; `Last-Event-ID` resumes."""
    who, platform = caller(request), platform_of(request)
    await owned(platform, of_prefix(session_id, "ses"), who.org_id)
    streams: Streams = request.app.state.streams
    start = await streams.resume_point(session_id, request.headers.get("last-event-id"))
    return EventStream(streams.session(session_id, who, start))


@router.get("/stream")
async def follow_org(request: Request) -> Response:
    """Server-sent events of the organisation: jobs and credits."""
    who = caller(request, *READERS)
    streams: Streams = request.app.state.streams
    return EventStream(streams.org(who))
