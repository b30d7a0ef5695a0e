"""A reader's polls until its stop, which ends the one that waits: nobody stays for the rest of its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from events.log.clients import Record


class Polls:
    """What has come, poll by poll.

    A poll that is ended has taken nothing: what was fetched by then stays with the client. Its bookkeeping of who
    polls is off from then on, so it is for closing only.
    """

    def __init__(self, client: AIOKafkaConsumer) -> None:
        self._client = client
        self._ended = False
        self._waiting: asyncio.Timeout | None = None

    async def next(
        self, *partitions: TopicPartition, timeout_ms: int, max_records: int | None = None
    ) -> Mapping[TopicPartition, Sequence[Record]]:
        """Records, by partition; none where the time or everything is over."""
        if self._ended:
            return {}
        try:
            async with asyncio.timeout(None) as self._waiting:
                found: Mapping[TopicPartition, Sequence[Record]] = await self._client.getmany(
                    *partitions, timeout_ms=timeout_ms, max_records=max_records
                )
                return found
        except TimeoutError:
            if not self._ended:
                raise
            return {}
        finally:
            self._waiting = None

    def end(self) -> None:
        self._ended = True
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())


@asynccontextmanager
async def polling(client: AIOKafkaConsumer, stop: asyncio.Event) -> AsyncIterator[Polls]:
    """Polls that end with `stop`."""
    polls = Polls(client)
    stopped = asyncio.ensure_future(stop.wait())
    stopped.add_done_callback(lambda _: polls.end())
    try:
        yield polls
    finally:
        stopped.cancel()
