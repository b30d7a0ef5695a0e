"""A small Cog server: the wire of a worker without its engines, with the failures that a real one has on bad days."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from adapters.simulators.answers import CutConnection
from adapters.simulators.media import sample

QUICK_S = 0.05
SLOW_S = 3.0


class Cog:
    """Predictions by the caller's id; `simulate` in the input says how a run goes."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.predictions: dict[str, dict[str, Any]] = {}
        self.changed: dict[str, asyncio.Event] = {}
        self.runs: set[asyncio.Task[None]] = set()
        self.streams_cut = 0

    def take(self, prediction_id: str, values: dict[str, Any]) -> dict[str, Any]:
        if prediction_id not in self.predictions:
            self.accepted[prediction_id] += 1
            self.predictions[prediction_id] = {
                "id": prediction_id, "status": "starting", "input": values, "logs": "", "progress": 0.0,
                "engine": "local-cpu/test", "output": None, "error": None,
            }  # fmt: skip
            self.changed[prediction_id] = asyncio.Event()
            run = asyncio.create_task(self.run(prediction_id, str(values.get("simulate", "ok"))))
            self.runs.add(run)
            run.add_done_callback(self.runs.discard)
        return self.predictions[prediction_id]

    def change(self, prediction_id: str, **members: Any) -> None:
        if self.predictions[prediction_id]["status"] in ("starting", "processing"):
            self.predictions[prediction_id] = {**self.predictions[prediction_id], **members}
        self.changed[prediction_id].set()
        self.changed[prediction_id] = asyncio.Event()

    async def run(self, prediction_id: str, behaviour: str) -> None:
        started = time.time()
        await asyncio.sleep(QUICK_S)
        self.change(prediction_id, status="processing", progress=0.5, logs="half\n")
        if behaviour == "never":
            return
        await asyncio.sleep(SLOW_S if behaviour == "slow" else QUICK_S)
        ends: dict[str, dict[str, Any]] = {
            "broken_model": {"status": "failed", "error": "the model went wrong", "error_category": "unknown"},
            "drift": {"status": "paused"},
        }
        files = [{"url": f"{self.url}/files/{prediction_id}/one.png", "media_type": "image/png"}]
        stamps = {"engine_started_at": started, "engine_ended_at": time.time()}
        done = {"status": "succeeded", "output": files, "progress": 1.0, **stamps}
        self.change(prediction_id, **ends.get(behaviour, done))

    url = ""


def create_app(cog: Cog) -> FastAPI:
    app = FastAPI()

    @app.put("/predictions/{prediction_id}")
    async def put(prediction_id: str, request: Request) -> Response:
        body = orjson.loads(await request.body())
        values = body["input"]
        match values.get("simulate"):
            case "invalid":
                return JSONResponse({"detail": [{"pointer": "/aspect_ratio", "detail": "not one of"}]}, 422)
            case "down":
                return JSONResponse({"detail": "the queue is full"}, 503, headers={"Retry-After": "1"})
            case "lost" if prediction_id not in cog.predictions:
                cog.take(prediction_id, values)
                return CutConnection()
        return JSONResponse(cog.take(prediction_id, values), 202)

    @app.get("/predictions/{prediction_id}")
    async def get(prediction_id: str) -> Response:
        found = cog.predictions.get(prediction_id)
        return JSONResponse(found) if found else JSONResponse({"detail": "no such prediction"}, 404)

    @app.post("/predictions/{prediction_id}/cancel")
    async def cancel(prediction_id: str) -> Response:
        if prediction_id not in cog.predictions:
            return JSONResponse({"detail": "no such prediction"}, 404)
        cog.change(prediction_id, status="canceled")
        return JSONResponse(cog.predictions[prediction_id])

    _reading(app, cog)
    return app


def _reading(app: FastAPI, cog: Cog) -> None:
    @app.get("/predictions/{prediction_id}/events")
    async def events(prediction_id: str) -> Response:
        if prediction_id not in cog.predictions:
            return JSONResponse({"detail": "no such prediction"}, 404)

        async def frames() -> AsyncIterator[ServerSentEvent]:
            while True:
                changed, present = cog.changed[prediction_id], cog.predictions[prediction_id]
                yield ServerSentEvent(orjson.dumps(present).decode(), event=present["status"])
                if present["status"] not in ("starting", "processing"):
                    return
                if present["input"].get("simulate") == "cut_stream" and cog.streams_cut < 1:
                    cog.streams_cut += 1
                    return
                await changed.wait()

        return EventSourceResponse(frames())

    @app.get("/files/{prediction_id}/one.png")
    async def file(prediction_id: str) -> Response:
        return Response(sample("image").body, media_type="image/png")
