"""OpenAI's pictures, speech and videos, simulated: https://api.openai.com/v1.

Behaviours beside those of `tasks`: `billing`, `billing_limit`, `rate_limit`, `validation`, `content_refused`, `outage`,
`unauthorized` on create.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from adapters.simulators.answers import Refusal
from adapters.simulators.media import sample
from adapters.simulators.tasks import MODERATED, WENT_WRONG, Simulator, Task, simulated


def _error(type_: str, code: str | None, message: str, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": type_, "param": param, "code": code}}


QUOTA: Final = "You exceeded your current quota, please check your plan and billing details."
REFUSALS: Final[Mapping[str, Refusal]] = {
    "billing": Refusal(429, _error("insufficient_quota", "insufficient_quota", QUOTA)),
    "billing_limit": Refusal(400, _error("invalid_request_error", "billing_hard_limit_reached", "Limit reached.")),
    "rate_limit": Refusal(429, _error("requests", "rate_limit_exceeded", "Rate limit reached."), {"retry-after": "1"}),
    "validation": Refusal(400, _error("invalid_request_error", None, "not one of 1:1, 16:9", "aspect_ratio")),
    "content_refused": Refusal(400, _error("image_generation_user_error", "moderation_blocked", MODERATED)),
    "outage": Refusal(503, _error("server_error", None, "The server is overloaded.")),
    "unauthorized": Refusal(401, _error("invalid_request_error", "invalid_api_key", "Incorrect API key provided.")),
}


def openai() -> FastAPI:
    simulator = Simulator(REFUSALS)
    app = simulated("OpenAI", simulator)

    async def picture(task: Task) -> Response:
        packed = {"b64_json": b64encode(sample("image").body).decode()}
        data = [] if task.behaviour.name == "no_output" else [packed]
        return JSONResponse({"created": int(time.time()), "data": data, "usage": {"total_tokens": 1056}})

    async def voice(_task: Task) -> Response:
        return Response(sample("audio").body, media_type="audio/wav")

    async def video(task: Task) -> Response:
        return JSONResponse(_video(task, time.time()))

    @app.post("/images/generations")
    @app.post("/images/edits")
    async def pictures(request: Request) -> Response:
        values = await _values(request)
        return await simulator.create(request, values, str(values.get("model")), "image", picture, at_once=True)

    @app.post("/audio/speech")
    async def speech(request: Request) -> Response:
        values = await _values(request)
        return await simulator.create(request, values, str(values.get("model")), "audio", voice, at_once=True)

    @app.post("/videos")
    async def videos(request: Request) -> Response:
        values = await _values(request)
        return await simulator.create(request, values, str(values.get("model")), "video", video)

    _reading(app, simulator)
    return app


def _reading(app: FastAPI, simulator: Simulator) -> None:
    @app.get("/videos/{video_id}")
    async def get(video_id: str) -> Response:
        task = simulator.get(video_id)
        return JSONResponse(_video(task, time.time())) if task else _missing()

    @app.get("/videos/{video_id}/content")
    async def content(request: Request, video_id: str) -> Response:
        if "authorization" not in request.headers:
            return REFUSALS["unauthorized"].answer()
        task = simulator.get(video_id)
        if task is None or task.file_url is None or task.behaviour.name == "expired":
            return _missing()
        return Response(sample("video").body, media_type="video/mp4")


async def _values(request: Request) -> dict[str, Any]:
    """Of JSON, or of a form, whose files count by their names."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form()
        return {name: value if isinstance(value, str) else value.filename for name, value in form.items()}
    body: dict[str, Any] = orjson.loads(await request.body())
    return body


def _video(task: Task, now: float) -> dict[str, Any]:
    spelled = {
        "queued": "queued", "running": "in_progress", "succeeded": "completed", "drift": "paused",
    }  # fmt: skip
    phase = task.phase(now)
    errors = {
        "failed": {"code": "unknown_error", "message": WENT_WRONG},
        "moderated": {"code": "moderation_blocked", "message": MODERATED},
    }
    return {
        "id": task.id,
        "object": "video",
        "model": task.model,
        "status": spelled.get(phase, "failed"),
        "progress": round(task.fraction(now) * 100),
        "created_at": int(task.created_at),
        "completed_at": int(task.ends_at) if phase == "succeeded" else None,
        "seconds": str(task.values.get("seconds", "4")),
        "error": errors.get(phase),
    }


def _missing() -> Response:
    return JSONResponse(_error("invalid_request_error", None, "No such video."), 404)
