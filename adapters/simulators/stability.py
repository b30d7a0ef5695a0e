"""Stability AI, simulated: https://api.stability.ai/v2beta. Behaviours beside those of `tasks`: `billing`,
`rate_limit`, `validation`, `content_refused`, `filtered` (a 200 that is a refusal), `outage`, `unauthorized`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from adapters.simulators.answers import Refusal
from adapters.simulators.media import Kind, sample
from adapters.simulators.tasks import MODERATED, WENT_WRONG, Simulator, Task, simulated

LATER: Final = "stable-image/upscale/creative"


def _errors(name: str, *words: str) -> dict[str, Any]:
    return {"id": "0" * 32, "name": name, "errors": list(words)}


REFUSALS: Final[Mapping[str, Refusal]] = {
    "billing": Refusal(402, _errors("payment_required", "You lack sufficient credits to make this request.")),
    "rate_limit": Refusal(429, _errors("rate_limit_exceeded", "More than 150 requests in 10 s."), {"retry-after": "1"}),
    "validation": Refusal(400, _errors("bad_request", "aspect_ratio: must be one of 1:1, 16:9")),
    "content_refused": Refusal(403, _errors("content_moderation", MODERATED)),
    "outage": Refusal(500, _errors("internal_error", "An unexpected error occurred.")),
    "unauthorized": Refusal(401, _errors("unauthorized", "The key is missing or wrong.")),
}


def stability() -> FastAPI:
    simulator = Simulator(REFUSALS)
    app = simulated("Stability", simulator)

    async def at_once(task: Task) -> Response:
        return _made(task)

    async def later(task: Task) -> Response:
        return JSONResponse({"id": task.id})

    @app.get("/results/{task_id}")
    async def result(task_id: str) -> Response:
        task = simulator.get(task_id)
        if task is None:
            return JSONResponse(_errors("not_found", "No such result."), 404)
        if task.phase(time.time()) in ("queued", "running"):
            return JSONResponse({"id": task.id, "status": "in-progress"}, 202)
        return _made(task)

    @app.post("/{path:path}")
    async def create(request: Request, path: str) -> Response:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            return JSONResponse(_errors("bad_request", "content-type: must be multipart/form-data"), 400)
        values = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        kind: Kind = "audio" if path.startswith("audio/") else "3d" if path.startswith("3d/") else "image"
        model = str(values.get("model") or path)
        answer = later if path == LATER else at_once
        return await simulator.create(request, values, model, kind, answer, at_once=answer is at_once)

    return app


def _made(task: Task) -> Response:
    if task.behaviour.name == "model_error":
        return JSONResponse(_errors("internal_error", WENT_WRONG), 500)
    if task.behaviour.name == "content_policy":
        return JSONResponse(_errors("content_moderation", MODERATED), 403)
    made = sample(task.kind)
    body = b"" if task.behaviour.name == "no_output" else made.body
    reason = "CONTENT_FILTERED" if task.behaviour.name == "filtered" else "SUCCESS"
    return Response(body, media_type=made.media_type, headers={"finish-reason": reason, "seed": "1"})
