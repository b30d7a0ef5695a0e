"""Luma, simulated: https://api.lumalabs.ai/dream-machine/v1. Behaviours beside those of `tasks`: `billing`,
`rate_limit`, `validation`, `outage`, `unauthorized` on create; its callbacks are unsigned:
`webhook_twice|late|early|unordered|forged`."""

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
from adapters.simulators.webhooks import Webhooks, add_webhooks

REFUSALS: Final[Mapping[str, Refusal]] = {
    "billing": Refusal(402, {"detail": "Insufficient credits."}),
    "rate_limit": Refusal(429, {"detail": "Too many requests."}, {"retry-after": "1"}),
    "validation": Refusal(400, {"detail": "aspect_ratio: not one of 1:1, 16:9"}),
    "outage": Refusal(503, {"detail": "Service unavailable"}),
    "unauthorized": Refusal(401, {"detail": "Not authenticated"}),
}


def luma() -> FastAPI:
    simulator, webhooks = Simulator(REFUSALS), Webhooks(signed=False)
    app = simulated("Luma", simulator)
    add_webhooks(app, webhooks)

    @app.get("/generations/{generation_id}")
    async def get(generation_id: str) -> Response:
        task = simulator.get(generation_id)
        return JSONResponse(_generation(task, time.time())) if task else JSONResponse({"detail": "Not found"}, 404)

    @app.post("/generations/{route}")
    async def create(request: Request, route: str) -> Response:
        values = orjson.loads(await request.body())
        callback = values.get("callback_url")

        async def taken(task: Task) -> None:
            if callback is not None:
                await webhooks.announce(callback, task, lambda now: (orjson.dumps(_generation(task, now)), {}))

        async def answer(task: Task) -> Response:
            return JSONResponse(_generation(task, time.time()), 201)

        kind: Kind = "image" if route == "image" else "video"
        model = str(values.get("model"))
        return await simulator.create(request, values, model, kind, answer, taken=taken, token=callback)

    return app


def _generation(task: Task, now: float) -> dict[str, Any]:
    spelled = {"queued": "queued", "running": "dreaming", "succeeded": "completed", "drift": "paused"}
    phase = task.phase(now)
    reasons = {"failed": WENT_WRONG, "moderated": MODERATED}
    done = phase == "succeeded" and task.file_url is not None
    return {
        "id": task.id,
        "generation_type": task.kind,
        "state": spelled.get(phase, "failed"),
        "failure_reason": reasons.get(phase),
        "assets": {task.kind: task.file_url} if done else None,
        "model": task.model,
        "request": dict(task.values),
    }
