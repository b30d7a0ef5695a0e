"""Serves an ASGI app on a free local port, in the test's own loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn

START_S = 10.0
ANSWERED_WITHIN_S = 1.0
"""What a request that is not answered yet has left once the server ends."""
LOOK_S = 0.005


class _Server(uvicorn.Server):
    """Tells when it is started, and ends at once: uvicorn's own looks ten times a second, and hundreds end in a run."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self.ends = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)  # sets the headers that each answer has
        await self.ends.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        deadline = asyncio.get_running_loop().time() + ANSWERED_WITHIN_S
        while self._busy() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
        for task in self.server_state.tasks:
            task.cancel()
        await self.lifespan.shutdown()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # they are the test run's

    def _busy(self) -> bool:
        return bool(self.server_state.connections or self.server_state.tasks)


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The app's address while the context lasts."""
    # asyncio sends at once only over what says that it is TCP; else each short answer waits 40 ms to be acknowledged.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        sock.bind(("127.0.0.1", 0))
        server = _Server(uvicorn.Config(app, log_config=None, log_level="error"))
        serving = asyncio.create_task(server.serve([sock]))
        try:
            async with asyncio.timeout(START_S):
                await server.up.wait()
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.ends.set()
            await serving


def unused_address() -> str:
    """An address at which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"
