"""Credits: the balance, and the books entry by entry."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime
from starlette.responses import Response

from events.topics import EVENTS_CREDITS
from gateway import queries
from gateway.answers import json, page, platform_of
from gateway.auth import READERS, caller
from gateway.credits_feed import balance_of

router = APIRouter(tags=["credits"])
READS: Final = (EVENTS_CREDITS,)


@router.get("/credits")
async def balance(request: Request, after: str | None = None) -> Response:
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, READS)
    return json(await balance_of(platform.db, who.org_id))


@router.get("/credits/ledger")
async def ledger(
    request: Request,
    as_of: AwareDatetime | None = None,
    job_id: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE_MAX)] = 50,
    cursor: str | None = None,
    after: str | None = None,
) -> Response:
    """Entries exactly as on the log, newest first."""
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, READS)
    wanted: dict[str, Any] = {"org_id": who.org_id}
    if as_of is not None:
        # Times stand in the books as `isoformat` in UTC: as text they sort as they are.
        wanted["at"] = {"$lte": as_of.astimezone(UTC).isoformat()}
    if job_id is not None:
        wanted["job_id"] = job_id
    found, more = await queries.newest(platform.db, "ledger", wanted, "seq", limit, cursor)
    entries = [{name: value for name, value in entry.items() if not name.startswith("_")} for entry in found]
    return page([*entries], more)
