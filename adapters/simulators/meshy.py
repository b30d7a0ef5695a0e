"""Meshy, simulated: https://api.meshy.ai. Behaviours beside those of `tasks`: `billing`, `rate_limit`, `slots`,
`validation`, `outage`, `unauthorized` on create."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from adapters.simulators.answers import Refusal
from adapters.simulators.tasks import MODERATED, WENT_WRONG, Simulator, Task, simulated

REFUSALS: Final[Mapping[str, Refusal]] = {
    "billing": Refusal(402, {"message": "Insufficient funds."}),
    "rate_limit": Refusal(429, {"message": "Rate limit exceeded."}, {"retry-after": "1"}),
    "slots": Refusal(429, {"message": "Too many concurrent tasks."}),
    "validation": Refusal(400, {"message": "aspect_ratio: not one of 1:1, 16:9"}),
    "outage": Refusal(503, {"message": "Service unavailable."}),
    "unauthorized": Refusal(401, {"message": "Invalid API key."}),
}


def meshy() -> FastAPI:
    simulator = Simulator(REFUSALS)
    app = simulated("Meshy", simulator)

    async def created(task: Task) -> Response:
        return JSONResponse({"result": task.id}, 202)

    @app.get("/openapi/{version}/{route}/{task_id}")
    async def get(task_id: str) -> Response:
        task = simulator.get(task_id)
        return JSONResponse(_task(task, time.time())) if task else JSONResponse({"message": "Task not found"}, 404)

    @app.post("/openapi/{version}/{route}")
    async def create(request: Request, route: str) -> Response:
        values = orjson.loads(await request.body())
        if route == "text-to-3d" and values.get("mode") != "preview":
            return JSONResponse({"message": "mode: must be preview or refine"}, 400)
        return await simulator.create(request, values, route, "3d", created)

    return app


def _task(task: Task, now: float) -> dict[str, Any]:
    spelled = {
        "queued": "PENDING", "running": "IN_PROGRESS", "succeeded": "SUCCEEDED", "cancelled": "CANCELED",
        "drift": "PAUSED",
    }  # fmt: skip
    phase = task.phase(now)
    done = phase == "succeeded" and task.file_url is not None
    return {
        "id": task.id,
        "status": spelled.get(phase, "FAILED"),
        "progress": round(task.fraction(now) * 100),
        "created_at": int(task.created_at * 1000),
        "task_error": {"message": {"failed": WENT_WRONG, "moderated": MODERATED}.get(phase, "")},
        "model_urls": {"glb": task.file_url} if done else {},
    }
