"""The catalog, as a client may use it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from events.canvas.plan_events import AgentType
from gateway.access.auth import READERS, caller
from gateway.answering import catalog
from gateway.answering.answers import json, page, platform_of

router = APIRouter(tags=["models"])


@router.get("/models")
async def listed(
    request: Request,
    agent_type: AgentType | None = None,
    active: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """By id; the cursor is the id after which a page begins."""
    caller(request, *READERS)
    platform = platform_of(request)
    specs = sorted((current.model for current in catalog.listed(platform)), key=lambda spec: spec.id)
    views = [
        catalog.view(platform, spec) for spec in specs if spec.id > cursor and agent_type in (None, spec.agent_type)
    ]
    wanted = [view for view in views if active in (None, view["active"])]
    more = wanted[limit - 1]["id"] if len(wanted) > limit else None
    return page([*wanted[:limit]], more)


@router.get("/models/{model_id:path}")
async def read_one(request: Request, model_id: str) -> Response:
    caller(request, *READERS)
    platform = platform_of(request)
    return json(catalog.view(platform, catalog.listed_model(platform, model_id).model))


@router.get("/capabilities")
async def capabilities(request: Request) -> Response:
    caller(request, *READERS)
    return json({"agent_types": catalog.capabilities(platform_of(request))})
