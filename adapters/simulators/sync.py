"""Sync, simulated: https://api.sync.so. Its creates are idempotent by a key. Behaviours beside those of `tasks`:
`billing`, `rate_limit`, `slots`, `validation`, `outage`, `unauthorized` on create."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from adapters.simulators.answers import Refusal
from adapters.simulators.tasks import MODERATED, WENT_WRONG, Simulator, Task, simulated


def _error(status: int, code: str, message: str) -> dict[str, Any]:
    return {"statusCode": status, "errorCode": code, "message": message, "error": code}


REFUSALS: Final[Mapping[str, Refusal]] = {
    "billing": Refusal(402, _error(402, "payment_required", "The plan does not cover this.")),
    "rate_limit": Refusal(429, _error(429, "rate_limit_exceeded", "Too many requests."), {"retry-after": "1"}),
    "slots": Refusal(429, _error(429, "concurrency_limit_exceeded", "Too many concurrent generations.")),
    "validation": Refusal(400, _error(400, "validation_error", "aspect_ratio: not one of 1:1, 16:9")),
    "outage": Refusal(503, _error(503, "unavailable", "Service unavailable.")),
    "unauthorized": Refusal(401, _error(401, "unauthorized", "The key is missing or wrong.")),
}


def sync() -> FastAPI:
    simulator = Simulator(REFUSALS)
    app = simulated("Sync", simulator)

    async def created(task: Task) -> Response:
        return JSONResponse(_generation(task, time.time()), 201)

    @app.get("/v2/generate/{generation_id}")
    async def get(generation_id: str) -> Response:
        task = simulator.get(generation_id)
        return (
            JSONResponse(_generation(task, time.time())) if task else JSONResponse(_error(404, "not_found", "…"), 404)
        )

    @app.post("/v2/generate")
    async def create(request: Request) -> Response:
        if "x-api-key" not in request.headers:
            return REFUSALS["unauthorized"].answer()
        key = request.headers.get("idempotency-key")
        if key is not None and (known := simulator.by_token(key)) is not None:
            return await created(known)
        values = orjson.loads(await request.body())
        return await simulator.create(request, values, str(values.get("model")), "video", created, token=key)

    return app


def _generation(task: Task, now: float) -> dict[str, Any]:
    spelled = {
        "queued": "PENDING", "running": "PROCESSING", "succeeded": "COMPLETED", "moderated": "REJECTED",
        "drift": "PAUSED",
    }  # fmt: skip
    phase = task.phase(now)
    done = phase == "succeeded"
    return {
        "id": task.id,
        "model": task.model,
        "status": spelled.get(phase, "FAILED"),
        "outputUrl": task.file_url if done else None,
        "outputDuration": 1.0 if done else None,
        "error": {"failed": WENT_WRONG, "moderated": MODERATED}.get(phase),
    }
