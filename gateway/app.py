"""The application: routes, their order, what becomes of errors, and the interface's description."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic.json_schema import models_json_schema
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from commands.ask import Unavailable
from events.topics import PARTITIONS_LOCAL
from gateway.access.auth import Authenticate
from gateway.http import page
from gateway.http.bodies import DESCRIBED
from gateway.http.inputs import Inputs, pointer_to
from gateway.http.limits import BodyLimit
from gateway.http.metrics import Measure
from gateway.http.problems import Problem, not_found, response
from gateway.http.rates import Rates
from gateway.live.credits_feed import CreditsFeed
from gateway.live.frames import Renderer
from gateway.live.sse import Streams
from gateway.platform import Platform
from gateway.reads.views import Views, signer
from gateway.routes import (
    about,
    admin,
    agents,
    assets,
    audit,
    books,
    dead_letters,
    jobs,
    models,
    page_login,
    past,
    plans,
    projects,
    prompts,
    queue,
    refunds,
    sessions,
    uploads,
    webhooks,
)

log = logging.getLogger(__name__)


def create_app(platform: Platform, feed: CreditsFeed, dist: Path, *, partitions: int = PARTITIONS_LOCAL) -> ASGIApp:
    """Key first, then the size of the body, then the routes."""
    app = FastAPI(title="AI Studio", version=platform.about.version, docs_url=None, redoc_url=None)
    sign = signer(platform.secrets.server)
    app.state.platform = platform
    app.state.partitions = partitions
    app.state.views = Views(sign)
    app.state.inputs = Inputs(platform.secrets.server, asset_finder(platform))
    app.state.streams = Streams(
        platform.hub,
        Renderer(platform.vault, sign),
        feed,
        platform.streams,
        platform.reading,
        platform.keyring,
        partitions,
    )
    resources = (
        jobs, dead_letters, sessions, uploads, plans, past, queue, models, books, audit, assets, projects, admin,
        refunds, page_login, webhooks, prompts, agents,
    )  # fmt: skip
    for resource in resources:
        app.include_router(resource.router, prefix="/v1")
    app.include_router(about.api, prefix="/v1")
    app.include_router(about.router)
    app.include_router(page.router(dist))
    handle_errors(app)
    describe(app)
    return Measure(Authenticate(BodyLimit(app), platform.keyring, Rates()))


def asset_finder(platform: Platform) -> Any:
    async def find(org_id: str, file_id: str) -> dict[str, Any] | None:
        field = "upload_id" if file_id.startswith("upl_") else "_id"
        return await platform.db["assets"].find_one({field: file_id, "org_id": org_id})

    return find


def handle_errors(app: FastAPI) -> None:
    """Everything that leaves is a problem; a traceback stays in the log."""

    async def problem(_request: Request, error: Exception) -> Response:
        return response(error if isinstance(error, Problem) else Problem("internal"))

    async def invalid(_request: Request, error: Exception) -> Response:
        found = error.errors() if isinstance(error, RequestValidationError) else []
        errors = [{"pointer": pointer_to(one["loc"]), "detail": one["msg"]} for one in found]
        return response(Problem("invalid-input", "a parameter is not valid", errors=errors[:20]))

    async def http(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 404:
            return response(not_found())
        return response(Problem("method-not-allowed" if status == 405 else "malformed"))

    async def down(request: Request, error: Exception) -> Response:
        log.warning("a server does not answer: %r", error, extra={"path": request.url.path})
        return response(Problem("unavailable", "a server that this needs does not answer"))

    async def surprise(request: Request, error: Exception) -> Response:
        log.exception("unexpected", exc_info=error, extra={"path": request.url.path})
        return response(Problem("internal"))

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    for kind in (PyMongoError, RedisError, Unavailable):
        app.add_exception_handler(kind, down)
    app.add_exception_handler(Exception, surprise)


def describe(app: FastAPI) -> None:
    """Adds the bodies that routes read themselves to the interface's description."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = described()
            _, bodies = models_json_schema(
                [(model, "validation") for model in DESCRIBED.values()], ref_template="#/components/schemas/{model}"
            )
            schema.setdefault("components", {}).setdefault("schemas", {}).update(bodies["$defs"])
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]
