"""Credits: the balance, and the books entry by entry."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime
from starlette.responses import Response

from events.credits.events import EntryKind
from events.topics import EVENTS_CANVAS, EVENTS_CREDITS, EVENTS_JOBS
from gateway import ledger as books
from gateway import queries
from gateway.answers import json, platform_of
from gateway.auth import READERS, caller
from gateway.credits_feed import balance_of
from gateway.ledger import Asked

router = APIRouter(tags=["credits"])
READS: Final = (EVENTS_CREDITS,)
WITH_CAUSES: Final = (EVENTS_CREDITS, EVENTS_JOBS, EVENTS_CANVAS)
Id = Annotated[str | None, Query(max_length=64)]


@router.get("/credits")
async def balance(request: Request, after: str | None = None) -> Response:
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, READS)
    return json(await balance_of(platform.db, who.org_id))


def asked(
    request: Request,
    as_of: AwareDatetime | None = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    kind: EntryKind | None = None,
    job_id: Id = None,
    project_id: Id = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Asked:
    """`from` is part of what is asked for, `to` is not; as of a time means with all that happened then."""
    return Asked(caller(request, *READERS).org_id, as_of, since, until, kind, job_id, project_id, q)


@router.get("/credits/ledger")
async def ledger(
    request: Request,
    wanted: Annotated[Asked, Depends(asked)],
    expand: Literal["cause"] | None = None,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE_MAX)] = 50,
    cursor: str | None = None,
    after: str | None = None,
) -> Response:
    """Entries exactly as on the log, newest first; `balances` are those as of then, whatever else narrows the page.

    `expand=cause` lays two members beside those of the log: the balances after the entry, and what led to it. `q` is
    looked for in ids, kind, reason, model, step and the first of a person's words; a page of a search may be short
    and still have a `next_cursor`.
    """
    platform = platform_of(request)
    await platform.reading.after(after, READS if expand is None else WITH_CAUSES)
    items, more = await books.page_of(platform.db, wanted, limit, cursor, causes=expand is not None)
    left = await books.balances_at(platform.db, wanted.org_id, wanted.as_of)
    return json({"items": items, "balances": left} | ({} if more is None else {"next_cursor": more}))
