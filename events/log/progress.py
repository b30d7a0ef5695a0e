"""Sends live progress: fire and forget, bounded, never in the way of a job."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from events.log.clients import close, is_dead, producer
from events.progress import Progress
from events.topics import PROGRESS

log = logging.getLogger(__name__)

WAITING_MAX: Final = 2000
LINGER_MS: Final = 5
FRAME_BYTES_MAX: Final = 256 * 1024
DRAIN_S: Final = 2.0


class ProgressSender:
    """An async context manager. What does not fit is dropped and counted in `dropped`."""

    def __init__(self, bootstrap: str) -> None:
        self.dropped = 0
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer = producer(bootstrap, linger_ms=LINGER_MS)
        self._waiting: asyncio.Queue[Progress] = asyncio.Queue(WAITING_MAX)
        self._pump: asyncio.Task[None] | None = None

    async def __aenter__(self) -> ProgressSender:
        await self._producer.start()
        self._pump = asyncio.create_task(self._send_all(), name="progress")
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            async with asyncio.timeout(DRAIN_S):
                await self._waiting.join()
                await self._producer.flush()
        except TimeoutError:
            log.warning("%d frames of progress were not sent", self._waiting.qsize())
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])
        await close(self._producer)

    async def send(self, progress: Progress) -> None:
        """Returns at once. Frames of one session (or org) keep their order."""
        try:
            self._waiting.put_nowait(progress)
        except asyncio.QueueFull:
            self.dropped += 1

    async def _send_all(self) -> None:
        while True:
            progress = await self._waiting.get()
            try:
                await self._send(progress)
            except KafkaError as error:
                self.dropped += 1
                log.warning("progress was dropped: %r", error)
                await self._renew()
            finally:
                self._waiting.task_done()

    async def _send(self, progress: Progress) -> None:
        value = progress.model_dump_json(by_alias=True, exclude_none=True).encode()
        if len(value) > FRAME_BYTES_MAX:
            self.dropped += 1
            return
        sent = await self._producer.send(PROGRESS, value, key=(progress.session_id or progress.org_id).encode())
        sent.add_done_callback(self._count)

    async def _renew(self) -> None:
        """A producer that has died is replaced: outside transactions nothing hangs on its identity."""
        if is_dead(self._producer):
            await close(self._producer)
            self._producer = producer(self._bootstrap, linger_ms=LINGER_MS)
            await self._producer.start()

    def _count(self, sent: asyncio.Future[object]) -> None:
        if not sent.cancelled() and sent.exception() is not None:
            self.dropped += 1
