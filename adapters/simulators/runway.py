"""Runway, simulated: https://api.dev.runwayml.com/v1. Behaviours beside those of `tasks`: `billing`, `rate_limit`,
`validation`, `outage`, `unauthorized` on create; ends by failure code: `safety_input`, `safety_output`, `asset`,
`third_party`; `throttled` (waits for the account's own slots)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from adapters.simulators.answers import Refusal
from adapters.simulators.media import Kind
from adapters.simulators.tasks import MODERATED, WENT_WRONG, Simulator, Task, simulated


def _error(words: str) -> dict[str, Any]:
    return {"error": words, "docUrl": "https://docs.dev.runwayml.com"}


REFUSALS: Final[Mapping[str, Refusal]] = {
    "billing": Refusal(400, _error("You do not have enough credits to run this task.")),
    "rate_limit": Refusal(429, _error("You have exceeded the limit of your tier."), {"retry-after": "1"}),
    "validation": Refusal(400, _error("Validation of body failed: aspect_ratio is not one of 1:1, 16:9")),
    "outage": Refusal(503, _error("Load is being shed.")),
    "unauthorized": Refusal(401, _error("The key is missing or wrong.")),
}
CODES: Final[Mapping[str, tuple[str, str]]] = {
    "content_policy": ("SAFETY.INPUT.TEXT", MODERATED),
    "safety_input": ("SAFETY.INPUT.TEXT", MODERATED),
    "safety_output": ("SAFETY.OUTPUT.VIDEO", MODERATED),
    "asset": ("ASSET.INVALID", "The picture cannot be read."),
    "third_party": ("THIRD_PARTY.UNAVAILABLE", "A partner cannot be reached."),
}


def runway() -> FastAPI:
    simulator = Simulator(REFUSALS)
    app = simulated("Runway", simulator)

    async def created(task: Task) -> Response:
        return JSONResponse({"id": task.id})

    @app.get("/tasks/{task_id}")
    async def get(task_id: str) -> Response:
        task = simulator.get(task_id)
        return JSONResponse(_task(task, time.time())) if task else JSONResponse(_error("No such task."), 404)

    @app.delete("/tasks/{task_id}")
    async def delete(task_id: str) -> Response:
        """What runs is cancelled; what has ended is deleted, with its results."""
        task = simulator.get(task_id)
        if task is None:
            return JSONResponse(_error("No such task."), 404)
        if simulator.cancel(task, time.time()) is task:
            simulator.drop(task)
        return Response(status_code=204)

    @app.post("/{route}")
    async def create(request: Request, route: str) -> Response:
        if "x-runway-version" not in request.headers:
            return JSONResponse(_error("The header X-Runway-Version is missing."), 400)
        values = orjson.loads(await request.body())
        kind: Kind = "image" if route == "text_to_image" else "video"
        return await simulator.create(request, values, str(values.get("model")), kind, created)

    return app


def _task(task: Task, now: float) -> dict[str, Any]:
    told: dict[str, Any] = {"id": task.id, "createdAt": _time(task.created_at)}
    code = CODES.get(task.behaviour.name)
    match task.phase(now):
        case "queued":
            return told | {"status": "THROTTLED" if task.behaviour.name == "throttled" else "PENDING"}
        case "running":
            return told | {"status": "RUNNING", "progress": task.fraction(now)}
        case "cancelled":
            return told | {"status": "CANCELLED"}
        case "drift":
            return told | {"status": "PAUSED"}
        case _ if code is not None:
            return told | {"status": "FAILED", "failureCode": code[0], "failure": code[1]}
        case "failed":
            return told | {"status": "FAILED", "failureCode": None, "failure": WENT_WRONG}
        case _:
            return told | {"status": "SUCCEEDED", "output": [task.file_url] if task.file_url else []}


def _time(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
