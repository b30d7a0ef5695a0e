"""The projector: batches of events into a store, data and position together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from events.envelope import Recorded
from events.log.clients import close, consumer
from events.log.codec import from_record
from events.log.crashpoints import crashpoint
from events.log.follower import StallWatch, assigned_partitions
from events.log.polling import Polls, polling
from events.log.position import part
from events.log.resting import resting
from events.registry import Registry
from events.types import REGISTRY
from projections.writes import Store, Write

log = logging.getLogger(__name__)

BATCH_MAX: Final = 500
POLL_MS: Final = 1000
COMMIT_EVERY_S: Final = 1.0
COMMIT_WITHIN_S: Final = 5.0
REST_S: Final = 0.02
"""From one batch to the next, at least: of a command's few events one batch is made, and one transaction."""


class Projector:
    """Reads all partitions of its topics from where the store says, and projects them. Crash-only.

    The store's position is the truth. The group offsets that it commits now and then only show how far it is.
    """

    def __init__(
        self,
        bootstrap: str,
        name: str,
        topics: Sequence[str],
        store: Store,
        project: Callable[[Sequence[Recorded]], Awaitable[Sequence[Write]]],
        *,
        registry: Registry = REGISTRY,
    ) -> None:
        self._bootstrap = bootstrap
        self._name = name
        self._topics = tuple(topics)
        self._store = store
        self._project = project
        self._registry = registry
        self._ready = asyncio.Event()
        self._position: dict[str, int] = {}
        self._shown: dict[str, int] = {}

    @property
    def position(self) -> dict[str, int]:
        """`topic/partition` → next offset: everything before it is in the store."""
        return self._position

    async def ready(self) -> None:
        """Returns once the store holds what stood on the log when `run` began."""
        await self._ready.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """Projects until `stop`, which ends a poll, never a batch."""
        client = consumer(self._bootstrap, group=self._name)
        try:
            await client.start()
            partitions = await assigned_partitions(client, self._topics)
            client.assign(partitions)
            await self._seek(client, partitions)
            async with polling(client, stop) as polls:
                await self._loop(client, polls, partitions, stop)
        finally:
            await close(client)

    async def _seek(self, client: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        stored = await self._store.positions(self._name)
        for tp in partitions:
            start = stored.get(part(*tp), 0)
            self._position[part(*tp)] = start
            client.seek(tp, start)

    async def _loop(
        self, client: AIOKafkaConsumer, polls: Polls, partitions: list[TopicPartition], stop: asyncio.Event
    ) -> None:
        loop = asyncio.get_running_loop()
        watch = StallWatch(self._name)
        ends: dict[TopicPartition, int] = await client.end_offsets(partitions)
        behind = {tp for tp in partitions if self._position[part(*tp)] < ends[tp]}
        commit_at = loop.time()
        while not stop.is_set():
            if not behind:
                self._ready.set()
            polled = await polls.next(timeout_ms=POLL_MS, max_records=BATCH_MAX)
            async with resting(client, REST_S if polled and not behind else 0.0):
                if polled:
                    await self._apply([from_record(r, self._registry) for records in polled.values() for r in records])
            behind -= {tp for tp in behind if await client.position(tp) >= ends[tp]}
            if loop.time() >= commit_at:
                await self._show(client)
                commit_at = loop.time() + COMMIT_EVERY_S
            await watch.check(client, partitions, moved=bool(polled))

    async def _apply(self, batch: Sequence[Recorded]) -> None:
        writes = await self._project(batch)
        positions = {part(event.stream.topic, event.partition): event.offset + 1 for event in batch}
        crashpoint("projector.projected")
        await self._store.apply(self._name, writes, positions)
        crashpoint("projector.applied")
        self._position.update(positions)

    async def _show(self, client: AIOKafkaConsumer) -> None:
        """Commits the position to the group, for whoever measures the lag; nothing reads it back."""
        if self._position == self._shown:
            return
        position = dict(self._position)
        offsets = {_topic_partition(name): offset for name, offset in position.items()}
        try:
            async with asyncio.timeout(COMMIT_WITHIN_S):
                await client.commit(offsets)
        except (KafkaError, TimeoutError) as error:
            log.warning("%s: the lag is not shown: %r", self._name, error)
        else:
            self._shown = position


def _topic_partition(name: str) -> TopicPartition:
    topic, partition = name.rsplit("/", 1)
    return TopicPartition(topic, int(partition))
