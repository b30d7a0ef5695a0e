"""Answers /healthz, /readyz and /metrics of a process, on 127.0.0.1."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import orjson
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from studio.processes.process import Process

Message = MutableMapping[str, Any]
Answer = tuple[int, bytes, bytes]
JSON = b"application/json"


def answer(process: Process, path: str) -> Answer:
    """Status, content type and body for a path."""
    about = {"process": process.name, "instance": process.instance, "pending": process.pending}
    match path:
        case "/healthz":
            return 200, JSON, orjson.dumps({"status": "ok", **about})
        case "/readyz":
            ready = not process.pending and not process.stop.is_set()
            status = "ready" if ready else "not ready"
            return 200 if ready else 503, JSON, orjson.dumps({"status": status, **about})
        case "/metrics":
            return 200, CONTENT_TYPE_LATEST.encode(), generate_latest()
        case _:
            return 404, JSON, b'{"status":"unknown path"}'


class HealthServer(uvicorn.Server):
    """uvicorn without its signal handlers: the process has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def health_server(process: Process, port: int) -> HealthServer:
    """The server for a process; it shares the event loop, so a blocked loop shows as no answer."""

    async def app(
        scope: MutableMapping[str, Any],
        _receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        status, content_type, body = answer(process, scope["path"])
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    return HealthServer(config)
