"""A small server of the Chat Completions wire that misbehaves as told: each call takes the next behaviour."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Behaviour = Callable[["Hostile", dict[str, Any]], Awaitable[Response]]


@dataclass
class Hostile:
    """What was asked, and what is still to be done to whoever asks."""

    behaviours: list[Behaviour] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        return await self.behaviours.pop(0)(self, body)

    @property
    def asked(self) -> list[tuple[str, bool]]:
        """(model, streamed) of each call."""
        return [(body["model"], bool(body.get("stream"))) for body in self.requests]


def whole(text: str, *, reasoning: str = "", finish: str = "stop") -> Behaviour:
    """A good answer, streamed in small pieces or whole, as asked."""

    async def behave(_server: Hostile, body: dict[str, Any]) -> Response:
        if not body.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
            usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
            return JSONResponse({"id": "c", "object": "chat.completion", "created": 0, "model": body["model"],
                                 "choices": [choice], "usage": usage})  # fmt: skip
        events = [chunk({"reasoning": reasoning})] if reasoning else []
        events += [chunk({"content": text[at : at + 5]}) for at in range(0, len(text), 5)]
        usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
        return stream([*events, chunk({}, finish), {**chunk({}), "choices": [], "usage": usage}, "[DONE]"])

    return behave


def refuse(status: int, message: str = "no", code: str | None = None) -> Behaviour:
    async def behave(_server: Hostile, _body: dict[str, Any]) -> Response:
        return JSONResponse({"error": {"message": message, "type": "x", "code": code}}, status_code=status)

    return behave


def cut(text: str) -> Behaviour:
    """A stream that ends in the middle, without a finish reason."""
    return raw([chunk({"content": text})])


def silent() -> Behaviour:
    return raw([chunk({}, "stop"), "[DONE]"])


def garbage() -> Behaviour:
    return raw([chunk({"content": "x"}), "{not json"])


def failing_midway() -> Behaviour:
    return raw([chunk({"content": "x"}), {"error": {"message": "overloaded", "type": "server_error"}}])


def raw(events: Sequence[Any]) -> Behaviour:
    async def behave(_server: Hostile, _body: dict[str, Any]) -> Response:
        return stream(events)

    return behave


def dropped(text: str) -> Behaviour:
    """The connection dies in the middle of a chunk."""

    async def behave(_server: Hostile, _body: dict[str, Any]) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield event(chunk({"content": text}))
            raise ConnectionResetError

        return StreamingResponse(body(), media_type="text/event-stream")

    return behave


def stalling(text: str, released: asyncio.Event) -> Behaviour:
    """Begins, then says nothing more until it is released."""

    async def behave(_server: Hostile, _body: dict[str, Any]) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield event(chunk({"content": text}))
            await released.wait()

        return StreamingResponse(body(), media_type="text/event-stream")

    return behave


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}


def stream(events: Sequence[Any]) -> Response:
    async def body() -> AsyncIterator[bytes]:
        for one in events:
            yield event(one)

    return StreamingResponse(body(), media_type="text/event-stream")


def event(data: Any) -> bytes:
    return b"data: " + (data if isinstance(data, str) else json.dumps(data)).encode() + b"\n\n"


@asynccontextmanager
async def serving(server: Hostile) -> AsyncIterator[Hostile]:
    """The server on a free port of this machine."""
    app = Starlette(routes=[Route("/v1/chat/completions", server.answer, methods=["POST"])])
    async with running(app) as url:
        server.url = f"{url}/v1"
        yield server


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[str]:
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    runner = _Server(config)
    task = asyncio.create_task(runner.serve())
    async with asyncio.timeout(10):
        await runner.listening.wait()
    try:
        yield f"http://127.0.0.1:{runner.servers[0].sockets[0].getsockname()[1]}"
    finally:
        runner.should_exit = True
        await task
