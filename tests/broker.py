"""A broker of a test's own: to be killed, or to hold a log that nobody else writes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from studio.local.ports import assign
from studio.local.servers import kafka
from studio.local.servers.server import wait_until_ready


class Broker:
    """A broker of its own, which may be killed."""

    def __init__(self, folder: Path) -> None:
        self._server = kafka.server(folder, *assign(["broker", "controller"], {}).values())
        self.bootstrap = self._server.address
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        await asyncio.to_thread(self._server.prepare)
        quiet = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            *self._server.command, stdout=quiet, stderr=quiet, env={**os.environ, **self._server.environment}
        )
        await wait_until_ready("kafka", self._server.check)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()


@asynccontextmanager
async def a_broker(folder: Path) -> AsyncIterator[Broker]:
    broker = Broker(folder)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.kill()
