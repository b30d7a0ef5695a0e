"""Kling's first API, simulated: https://api-singapore.klingai.com. Behaviours beside those of `tasks`: `billing`,
`rate_limit`, `slots`, `validation`, `content_refused`, `outage`, `unauthorized` on create; `inner` (a refusal inside of
a 200); its callbacks are unsigned: `webhook_twice|late|early|unordered|forged`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import jwt
import orjson
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from adapters.simulators.answers import Refusal
from adapters.simulators.media import Kind
from adapters.simulators.tasks import MODERATED, WENT_WRONG, Simulator, Task, simulated
from adapters.simulators.webhooks import Webhooks, add_webhooks


def _code(code: int, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "request_id": "req"}


REFUSALS: Final[Mapping[str, Refusal]] = {
    "billing": Refusal(429, _code(1102, "Account balance not enough")),
    "rate_limit": Refusal(429, _code(1302, "request too fast"), {"retry-after": "1"}),
    "slots": Refusal(429, _code(1303, "parallel task over resource pack limit")),
    "validation": Refusal(400, _code(1201, "aspect_ratio is invalid")),
    "content_refused": Refusal(400, _code(1301, "content policy")),
    "inner": Refusal(200, _code(1102, "Account balance not enough")),
    "outage": Refusal(503, _code(5001, "Service unavailable")),
    "unauthorized": Refusal(401, _code(1002, "Authorization is invalid")),
}


def kling() -> FastAPI:
    simulator, webhooks = Simulator(REFUSALS), Webhooks(signed=False)
    app = simulated("Kling", simulator)
    add_webhooks(app, webhooks)

    @app.get("/v1/{kind}/{route}/{name}")
    async def get(name: str) -> Response:
        """By its id, or by the name that its client gave."""
        task = simulator.get(name) or simulator.by_token(name)
        if task is None:
            return JSONResponse(_code(1203, "task not found"), 404)
        return JSONResponse(_envelope(_task(task, time.time())))

    @app.post("/v1/{kind}/{route}")
    async def create(request: Request, kind: str, route: str) -> Response:
        if not _known(request.headers.get("authorization", "")):
            return REFUSALS["unauthorized"].answer()
        values = orjson.loads(await request.body())
        callback = values.get("callback_url")

        async def taken(task: Task) -> None:
            if callback is not None:
                await webhooks.announce(callback, task, lambda now: (orjson.dumps(_task(task, now)), {}))

        async def answer(task: Task) -> Response:
            return JSONResponse(_envelope(_task(task, time.time())))

        medium: Kind = "image" if kind == "images" else "video"
        model, token = f"{route}:{values.get('model_name')}", values.get("external_task_id")
        return await simulator.create(request, values, model, medium, answer, taken=taken, token=token)

    return app


def _known(authorization: str) -> bool:
    """A token that is well formed and not over; whose it is, a simulator does not know."""
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), options={"verify_signature": False})
        return bool(claims["iss"]) and claims["nbf"] <= time.time() < claims["exp"]
    except (jwt.PyJWTError, KeyError):
        return False


def _envelope(data: dict[str, Any]) -> dict[str, Any]:
    return {"code": 0, "message": "SUCCEED", "request_id": "req", "data": data}


def _task(task: Task, now: float) -> dict[str, Any]:
    spelled = {"queued": "submitted", "running": "processing", "succeeded": "succeed", "drift": "paused"}
    phase = task.phase(now)
    words = {"failed": WENT_WRONG, "moderated": f"{MODERATED} content policy"}
    told: dict[str, Any] = {
        "task_id": task.id,
        "task_status": spelled.get(phase, "failed"),
        "task_status_msg": words.get(phase, ""),
        "task_info": {"external_task_id": task.token},
        "created_at": int(task.created_at * 1000),
        "updated_at": int(now * 1000),
    }
    if phase == "succeeded" and task.file_url is not None:
        file = {"id": "1", "url": task.file_url, "duration": "5.1"}
        told["task_result"] = {"images" if task.kind == "image" else "videos": [file]}
    return told
