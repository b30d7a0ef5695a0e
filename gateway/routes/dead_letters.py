"""Dead letters: listed, replayed or discarded, one at a time or up to a hundred in one request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from commands.ask import Answer
from commands.orgs.commands import DiscardJob, ReplayJob
from events.catalog.current import CurrentModel
from events.log import position
from events.topics import EVENTS_JOBS
from gateway.access.auth import READERS, caller, of_prefix
from gateway.answering.answers import ask, decided, json, page, platform_of
from gateway.http.bodies import Body, Nothing, read, takes
from gateway.http.identity import Identity, identity
from gateway.http.problems import Problem, not_found, problem_body
from gateway.platform import Platform
from gateway.reads import queries
from gateway.reads.views import Views
from projections.jobs import HIDDEN

router = APIRouter(tags=["dead letters"])
READS: Final = (EVENTS_JOBS,)
MANY_MAX: Final = 100
AT_ONCE: Final = 8
MANY_WITHIN_S: Final = 20.0
"""What was not asked for until then is answered `unavailable`: the request has an end when the decider has none."""

Act = Callable[[str], Awaitable[Answer]]
"""What is done to one job. Raises a Problem."""


JobId = Annotated[str, Field(max_length=200)]


class DeadLettersBody(Body):
    """Ids of dead jobs. Each is decided for itself, and answered for itself."""

    job_ids: list[JobId] = Field(min_length=1, max_length=MANY_MAX)


MANY: Final[dict[str, Any]] = {
    "description": "One item for each id, in the order of the request: what became of it, or its problem.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["items", "position"],
                "properties": {
                    "items": {
                        "type": "array",
                        "maxItems": MANY_MAX,
                        "items": {
                            "type": "object",
                            "required": ["job_id", "status"],
                            "properties": {
                                "job_id": {"type": "string"},
                                "status": {"enum": ["replayed", "discarded", "refused"]},
                                "replayed_as": {"type": "string"},
                                "reserved": {"type": "integer"},
                                "problem": {"type": "object"},
                            },
                        },
                    },
                    "position": {"type": "string"},
                },
            }
        }
    },
}
"""The answer of both, as the interface's description has it."""


@router.get("/dlq")
async def dead(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE_MAX)] = 50,
    cursor: str | None = None,
    after: str | None = None,
) -> Response:
    """Dead jobs that were neither replayed nor discarded."""
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, READS)
    wanted: dict[str, Any] = {"org_id": who.org_id, "status": "dead"}
    wanted |= {"discarded_at": {"$exists": False}, "replayed_as": {"$exists": False}}
    found, more = await queries.newest(platform.db, "jobs", wanted, "accepted_at", limit, cursor, without=HIDDEN)
    views: Views = request.app.state.views
    return page([views.job(document) for document in found], more)


@router.post("/dlq/replay", status_code=202, openapi_extra=takes(DeadLettersBody), responses={202: MANY})
async def replay_many(request: Request, after: str | None = None) -> Response:
    """Dead jobs again, each as a new one with its own reservation.

    A repeat under the same Idempotency-Key runs none of them twice, and is answered as before.
    """
    who, platform = caller(request), platform_of(request)
    body, raw = await read(request, DeadLettersBody)
    await platform.reading.after(after, READS)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    found = {one["_id"]: one for one in await queries.those(platform.db, "jobs", who.org_id, body.job_ids)}

    async def act(job_id: str) -> Answer:
        if (job := found.get(job_id)) is None:
            raise not_found()
        return await _replayed(platform, job, same.apart(job_id))

    return await _all_done(body.job_ids, act, "replayed", 202)


@router.post("/dlq/discard", openapi_extra=takes(DeadLettersBody), responses={200: MANY})
async def discard_many(request: Request) -> Response:
    """Sets dead jobs aside for good; their history stays."""
    who, platform = caller(request), platform_of(request)
    body, raw = await read(request, DeadLettersBody)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)

    async def act(job_id: str) -> Answer:
        return await _discarded(platform, who.org_id, job_id, same.apart(job_id))

    return await _all_done(body.job_ids, act, "discarded", 200)


@router.post("/dlq/{job_id}/replay", status_code=202, openapi_extra=takes(Nothing, required=False))
async def replay(request: Request, job_id: str, after: str | None = None) -> Response:
    """A dead job again, as a new one with its own reservation."""
    who, platform = caller(request), platform_of(request)
    _, raw = await read(request, Nothing)
    await platform.reading.after(after, READS)
    job = await queries.one(platform.db, "jobs", who.org_id, of_prefix(job_id, "job"))
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    return decided(await _replayed(platform, job, same), 202)


@router.post("/dlq/{job_id}/discard", openapi_extra=takes(Nothing, required=False))
async def discard(request: Request, job_id: str) -> Response:
    who, platform = caller(request), platform_of(request)
    _, raw = await read(request, Nothing)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    return decided(await _discarded(platform, who.org_id, job_id, same), 200)


async def _replayed(platform: Platform, job: Mapping[str, Any], same: Identity) -> Answer:
    listed = platform.catalog.get(f"model:{job['model']}")
    command = ReplayJob(
        org_id=job["org_id"],
        job_id=job["_id"],
        new_job_id=same.new("job"),
        reserve=job["reserved"],
        provider=listed.model.provider if isinstance(listed, CurrentModel) else None,
    )
    return await ask(platform, command, same)


async def _discarded(platform: Platform, org_id: str, job_id: str, same: Identity) -> Answer:
    return await ask(platform, DiscardJob(org_id=org_id, job_id=of_prefix(job_id, "job")), same)


async def _all_done(job_ids: Sequence[str], act: Act, done: str, status: int) -> Response:
    """An id that is named twice is done once. The position is one at which all of it can be read."""
    free, loop = asyncio.Semaphore(AT_ONCE), asyncio.get_running_loop()
    until = loop.time() + MANY_WITHIN_S

    async def each(job_id: str) -> tuple[dict[str, Any], position.Position]:
        async with free:
            if loop.time() >= until:
                late = Problem("unavailable", "it was not asked for in time; repeat it with the same key")
                return _not_done(job_id, late, done), {}
            try:
                answer = await act(job_id)
            except Problem as problem:
                return _not_done(job_id, problem, done), {}
        new = {"replayed_as": answer.result["job_id"], "reserved": answer.result["reserved"]} if answer.result else {}
        return {"job_id": job_id, "status": done, **new}, answer.position

    told = await asyncio.gather(*(each(job_id) for job_id in dict.fromkeys(job_ids)))
    body = {"items": [item for item, _ in told], "position": position.encode(position.merge(*(at for _, at in told)))}
    return json(body, status)


def _not_done(job_id: str, problem: Problem, done: str) -> dict[str, Any]:
    """A repeat of what was decided is no refusal: it is told what the first request made."""
    if problem.slug != "idempotency-replay":
        return {"job_id": job_id, "status": "refused", "problem": problem_body(problem)}
    existing = problem.members.get("existing_id")
    return {"job_id": job_id, "status": done, **({"replayed_as": existing} if done == "replayed" else {})}
