"""What the platform says of itself: about, health, metrics, its description and the pages of its problems."""

from __future__ import annotations

import html
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import HTMLResponse, Response

from gateway.answering.answers import json, platform_of
from gateway.http import problems

api = APIRouter(tags=["about"])
router = APIRouter(include_in_schema=False)


@api.get("/about")
async def about(request: Request) -> Response:
    said = platform_of(request).about
    return json({"planner": said.planner, "sandbox": said.sandbox, "version": said.version})


@router.get("/healthz")
async def healthy() -> Response:
    return json({"status": "ok"})


@router.get("/readyz")
async def ready(request: Request) -> Response:
    parts = platform_of(request).ready()
    whole = all(parts.values())
    return json({"status": "ready" if whole else "not ready", **parts}, 200 if whole else 503)


@router.get("/metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/problems/{slug}")
async def problem(slug: str) -> Response:
    page = problems.page(slug)
    if page is None:
        raise problems.not_found()
    return HTMLResponse(page)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The interface's description as one plain page; `/openapi.json` has it for programs."""
    description: dict[str, Any] = request.app.openapi()
    rows = [
        f"<tr><td>{method.upper()}</td><td><code>{html.escape(path)}</code></td>"
        f"<td>{html.escape(operation.get('description') or operation.get('summary', ''))}</td></tr>"
        for path, operations in sorted(description["paths"].items())
        for method, operation in operations.items()
    ]
    title = html.escape(description["info"]["title"])
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
        f'<p><a href="/openapi.json">openapi.json</a></p><table>{"".join(rows)}</table></html>'
    )
