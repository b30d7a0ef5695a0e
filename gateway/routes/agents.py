"""How the agents do: for each variant of their prompts, and whether two of them differ by more than chance."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from commands.catalog.commands import NAME
from events.catalog.current import PLATFORM
from events.log.codec import time_to_text
from events.topics import EVENTS_CANVAS
from gateway.answering.answers import json, platform_of
from gateway.lab import significance
from gateway.lab.agent_metrics import Asked, comparisons, item, metrics, span
from gateway.lab.prompts import asker
from gateway.past.times import QueryTime

router = APIRouter(tags=["agents"])


@router.get("/agents/metrics")
async def measured(
    request: Request,
    agent: Annotated[str | None, Query(pattern=NAME)] = None,
    since: Annotated[QueryTime | None, Query(alias="from")] = None,
    until: Annotated[QueryTime | None, Query(alias="to")] = None,
    by: Literal["variant", "version"] = "variant",
    after: str | None = None,
) -> Response:
    """Of the organisation's own calls, with the platform's key of everybody's; the last 30 days where none are named.

    Times are those of calls that were answered, to three digits. A plan counts for the variant that drafted it, and as
    accepted where it was approved or run; `revise_rounds` are calls beyond the first of a message. `comparisons` hold
    the variant that was used most against the others, with the test's method and p-value, or `too few to tell`.
    """
    who, platform = asker(request), platform_of(request)
    await platform.reading.after(after, (EVENTS_CANVAS,))
    begin, end = span(since, until)
    org_id = None if who.owner == PLATFORM else who.owner
    found = await metrics(platform.db, Asked(org_id, agent, begin, end, by == "version"))
    return json(
        {
            "items": [item(key, found[key]) for key in sorted(found)],
            "comparisons": comparisons(found),
            "from": time_to_text(begin),
            "to": time_to_text(end),
            "level": significance.LEVEL,
        }
    )
