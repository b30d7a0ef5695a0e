"""Cog's HTTP protocol over a worker, with server-sent events for progress and the files that were made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException
from fastapi.responses import FileResponse, JSONResponse, Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.background import BackgroundTask
from ulid import ULID

from gpu_workers.predictions import ID_PATTERN, Prediction, as_answer
from gpu_workers.worker import Busy, InvalidInput, UnknownModel, Worker

MAX_BODY_BYTES = 48 * 2**20
SYNC_WAIT_S = 600.0
FILE_CHUNK_BYTES = 2**20


class File(FileResponse):
    """Each chunk is read in a thread, and the way there and back takes longer than to read 64 KiB."""

    chunk_size = FILE_CHUNK_BYTES


class PredictionRequest(BaseModel):
    """Cog's body, and the engine that is meant."""

    model_config = ConfigDict(extra="ignore")

    id: str | None = None
    model: str
    input: dict[str, Any]
    hashes: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of the files that the input's addresses lead to, where they are known."""


class BodyLimit:
    """Refuses a body beyond the limit before it fills the memory."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0

        async def counted() -> Any:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise HTTPException(413, "the body is larger than 48 MB: pass large files by URL")
            return message

        await self._app(scope, counted, send)


class Routes:
    """The handlers. `public_url` is set once the port is known."""

    def __init__(self, worker: Worker, worker_id: str) -> None:
        self.worker = worker
        self.worker_id = worker_id
        self.public_url = ""

    def answer(self, prediction: Prediction, status: int = 200) -> JSONResponse:
        return JSONResponse(as_answer(prediction, self.public_url), status)

    async def index(self) -> dict[str, Any]:
        paths = {"predictions_url": "/predictions", "openapi_url": "/openapi.json", "docs_url": "/docs"}
        return {"worker_id": self.worker_id, "models": sorted(self.worker.specs), **paths}

    async def health_check(self) -> dict[str, Any]:
        worker = self.worker
        status = "STARTING" if not worker.specs else "BUSY" if worker.running >= worker.capacity else "READY"
        setup = {"status": "succeeded" if worker.specs else "starting", "logs": ""}
        return {"status": status, "setup": setup, "running": worker.running, "capacity": worker.capacity}

    async def healthz(self) -> dict[str, str]:
        return {"status": "ok"}

    async def metrics(self) -> Response:
        return Response(exposition(self.worker), media_type="text/plain; version=0.0.4")

    async def post(self, body: PredictionRequest, prefer: Annotated[str, Header()] = "") -> JSONResponse:
        return await self.put(body.id or str(ULID()), body, prefer)

    async def put(
        self, prediction_id: str, body: PredictionRequest, prefer: Annotated[str, Header()] = ""
    ) -> JSONResponse:
        taken = submit(self.worker, prediction_id, body)
        if "respond-async" in prefer:
            return self.answer(taken, 202)
        async with asyncio.timeout(SYNC_WAIT_S):
            return self.answer(await self.worker.ended(prediction_id))

    async def get(self, prediction_id: str) -> JSONResponse:
        return self.answer(found(self.worker.store.get(prediction_id)))

    async def cancel(self, prediction_id: str) -> JSONResponse:
        return self.answer(found(self.worker.cancel(prediction_id)))

    async def events(self, prediction_id: str) -> EventSourceResponse:
        found(self.worker.store.get(prediction_id))

        async def frames() -> AsyncIterator[ServerSentEvent]:
            async for state in self.worker.watch(prediction_id):
                yield ServerSentEvent(json.dumps(as_answer(state, self.public_url)), event=state.status)

        return EventSourceResponse(frames(), ping=15)

    async def file(self, prediction_id: str, name: str) -> FileResponse:
        path = self.worker.store.file(prediction_id, name)
        if path is None:
            raise HTTPException(404, "no such file")
        outputs = found(self.worker.store.get(prediction_id)).outputs
        media_type = next(output.media_type for output in outputs if output.name == name)
        return File(
            path,
            media_type=media_type,
            headers={"X-Content-Type-Options": "nosniff"},
            background=BackgroundTask(self.worker.fetched, prediction_id),
        )


def create_app(routes: Routes) -> FastAPI:
    app = FastAPI(title="AI Studio worker", redoc_url=None)
    app.add_middleware(BodyLimit)
    app.get("/")(routes.index)
    app.get("/health-check")(routes.health_check)
    app.get("/healthz")(routes.healthz)
    app.get("/metrics")(routes.metrics)
    app.post("/predictions")(routes.post)
    app.put("/predictions/{prediction_id}")(routes.put)
    app.get("/predictions/{prediction_id}")(routes.get)
    app.post("/predictions/{prediction_id}/cancel")(routes.cancel)
    app.get("/predictions/{prediction_id}/events")(routes.events)
    app.get("/files/{prediction_id}/{name}")(routes.file)
    return app


def found(prediction: Prediction | None) -> Prediction:
    if prediction is None:
        raise HTTPException(404, "no such prediction")
    return prediction


def submit(worker: Worker, prediction_id: str, body: PredictionRequest) -> Prediction:
    """Hand a request to the worker; its refusals become HTTP's."""
    if not ID_PATTERN.fullmatch(prediction_id):
        raise HTTPException(422, "a prediction's id is 1 to 128 letters, digits, '_', '.', ':' or '-'")
    try:
        return worker.submit(prediction_id, body.model, body.input, body.hashes)
    except UnknownModel as error:
        raise HTTPException(404, f"no engine {error} here") from error
    except InvalidInput as error:
        raise HTTPException(422, error.errors) from error
    except Busy as error:
        raise HTTPException(503, str(error), headers={"Retry-After": "1"}) from error


def exposition(worker: Worker) -> bytes:
    """The worker's figures for Prometheus."""
    registry = CollectorRegistry()
    running = Gauge("studio_worker_predictions", "Predictions that run or wait", registry=registry)
    running.set(worker.running)
    capacity = Gauge("studio_worker_capacity", "Predictions that can run at once", registry=registry)
    capacity.set(worker.capacity)
    return generate_latest(registry)
