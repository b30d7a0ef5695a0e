"""Audit: how far an organisation's books are signed, and the public keys that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from commands.orgs.commands import RequestCheckpoint
from events.credits.chain import GENESIS
from events.topics import EVENTS_CHECKPOINTS, EVENTS_CREDITS
from gateway.access.auth import READERS, caller, of_prefix, operator
from gateway.access.keyring import Operator
from gateway.answering.answers import ask, decided, json, page, platform_of
from gateway.http.bodies import Nothing, read, takes
from gateway.http.identity import identity
from gateway.http.problems import not_found
from gateway.reads import queries
from gateway.reads.views import pick

router = APIRouter(tags=["audit"])
CHECKPOINT: Final = ("org_id", "seq", "hash", "at", "key_id", "signature")
KEY: Final = ("key_id", "algorithm", "public_key", "since", "retired_at", "replaces", "endorsement")
READS: Final = (EVENTS_CREDITS, EVENTS_CHECKPOINTS)


@router.get("/audit/keys")
async def keys(request: Request) -> Response:
    """Every key that has ever signed a checkpoint, oldest first; one without `endorsement` is vouched for by nobody."""
    if not isinstance(request.scope["state"]["who"], Operator):
        caller(request, *READERS)
    found = await queries.many(platform_of(request).db, "signing_keys", {}, "since")
    return json({"items": [pick(key, KEY) for key in found]})


@router.get("/audit/chain")
async def chain(request: Request, after: str | None = None) -> Response:
    """How long the chain is, its head, and the newest checkpoint: up to there it was computed again and signed."""
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, READS)
    return json(await state_of(platform.db, who.org_id))


@router.get("/audit/checkpoints")
async def checkpoints(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE_MAX)] = 50,
    cursor: str | None = None,
    after: str | None = None,
) -> Response:
    """Exactly as on the log, newest first."""
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, READS)
    found, more = await queries.newest(platform.db, "checkpoints", {"org_id": who.org_id}, "seq", limit, cursor)
    return page([pick(one, CHECKPOINT) for one in found], more)


@router.post("/audit/checkpoints", status_code=202, openapi_extra=takes(Nothing, required=False))
async def request_checkpoint(request: Request) -> Response:
    """Asks for a checkpoint of the present head; `seq` is the entry that it will cover, at least."""
    who, platform = caller(request, "auditor", "admin"), platform_of(request)
    _, raw = await read(request, Nothing)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    return decided(await ask(platform, RequestCheckpoint(org_id=who.org_id), same), 202)


@router.get("/admin/orgs/{org_id}/audit/chain", tags=["admin"])
async def chain_of(request: Request, org_id: str) -> Response:
    """The same of any organisation, for the platform's own key."""
    operator(request)
    platform = platform_of(request)
    if await platform.orgs.wait_for(of_prefix(org_id, "org"), 1.0) is None:
        raise not_found()
    return json(await state_of(platform.db, org_id))


@router.post(
    "/admin/orgs/{org_id}/audit/checkpoints",
    status_code=202,
    tags=["admin"],
    openapi_extra=takes(Nothing, required=False),
)
async def request_checkpoint_of(request: Request, org_id: str) -> Response:
    """The same of any organisation, for the platform's own key."""
    who, platform = operator(request), platform_of(request)
    _, raw = await read(request, Nothing)
    same = identity(request, platform.secrets.server, of_prefix(org_id, "org"), who.actor, raw)
    return decided(await ask(platform, RequestCheckpoint(org_id=org_id), same), 202)


async def state_of(db: queries.Db, org_id: str) -> Mapping[str, Any]:
    """A checkpoint that is ahead of the entries which can be read is not shown yet."""
    book = await db["balances"].find_one({"_id": org_id}, {"_v": 1, "hash": 1})
    entries, head = (book["_v"], book["hash"]) if book is not None else (0, GENESIS)
    signed = await db["checkpoints"].find_one({"org_id": org_id, "seq": {"$lte": entries}}, sort=[("seq", -1)])
    covered = {} if signed is None else {"checkpoint": pick(signed, CHECKPOINT)}
    return {"entries": entries, "head": head, **covered}
