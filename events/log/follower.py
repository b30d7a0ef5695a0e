"""The follower: all partitions of its topics by manual assignment, without a group, without commits."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final, Literal

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from events.log.clients import Record, close, consumer
from events.log.polling import polling
from events.log.position import part

log = logging.getLogger(__name__)

POLL_MS: Final = 1000
"""How soon a stall is looked for; records and a stop wake the follower at once."""
CATCH_UP_POLL_MS: Final = 50
"""Markers of transactions wake nobody: while catching up their passing is looked for."""
CHUNK: Final = 1000
STALL_CHECK_S: Final = 30.0
CATCH_UP_STALL_S: Final = 10.0
"""A reader that is behind and has not moved for so long may stand for ever: nobody waits for it longer."""


class Stalled(RuntimeError):
    """The log goes on and this reader does not: the process must start anew."""


class Follower:
    """Hands every record to `on_record`, in order within a partition; keeps nothing itself.

    Where `on_record` returns something to await, the next record waits for it.
    It outlives restarts of the broker. What it cannot outlive it raises out of `run`.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        *,
        on_record: Callable[[Record], Awaitable[None] | None],
        start: Literal["end", "beginning"] = "end",
        name: str = "follower",
        partitions: Collection[int] | None = None,
        back: int = 0,
        back_s: float = 0.0,
        patience_ms: int = 0,
    ) -> None:
        """`back` begins so many offsets before the end, `back_s` at what was written so many seconds ago: what just
        happened is known from the start. For so long as `patience_ms` a record may wait for others to come with."""
        self._bootstrap = bootstrap
        self._topics = tuple(topics)
        self._on_record = on_record
        self._start = start
        self._name = name
        self._partitions = partitions
        self._back = back
        self._back_s = back_s
        self._patience_ms = patience_ms
        self._ready = asyncio.Event()
        self._done = asyncio.Event()
        self._position: dict[str, int] = {}
        self._caught_at: dict[TopicPartition, int] = {}
        self._caught_up_at = 0.0

    @property
    def position(self) -> dict[str, int]:
        """`topic/partition` → next offset: everything before it has been handed over."""
        return self._position

    async def ready(self) -> None:
        """Returns once everything that stood on the log when `run` began has been handed over."""
        waits = [asyncio.ensure_future(self._ready.wait()), asyncio.ensure_future(self._done.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not self._ready.is_set():
            raise RuntimeError(f"{self._name} ended before it was ready")

    async def run(self, stop: asyncio.Event) -> None:
        """Follows until `stop` is set. Without a topic there is nothing to follow, and no broker is asked."""
        if not self._topics:
            self._ready.set()
            await stop.wait()
            return
        # A compacted or short-lived topic may lose what was to be read next: the next that is there is right then.
        client = consumer(self._bootstrap, reset="earliest", patience_ms=self._patience_ms)
        try:
            await client.start()
            partitions = await self._assign(client)
            ends = await self._seek(client, partitions)
            await self._follow(client, partitions, ends, stop)
        finally:
            self._done.set()
            await close(client)

    async def _assign(self, client: AIOKafkaConsumer) -> list[TopicPartition]:
        partitions = await assigned_partitions(client, self._topics, self._partitions)
        client.assign(partitions)
        return partitions

    async def _seek(self, client: AIOKafkaConsumer, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        begins: dict[TopicPartition, int] = await client.beginning_offsets(partitions)
        ends: dict[TopicPartition, int] = await client.end_offsets(partitions)
        since = await self._since(client, partitions)
        for tp in partitions:
            latest = since.get(tp, ends[tp] - self._back)
            begin = max(begins[tp], min(latest, ends[tp])) if self._start == "end" else begins[tp]
            client.seek(tp, begin)
            self._position[part(tp.topic, tp.partition)] = begin
        return ends

    async def _since(self, client: AIOKafkaConsumer, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The first record of each partition that is no older than `back_s`, where there is one."""
        if not self._back_s:
            return {}
        at = round((time.time() - self._back_s) * 1000)
        found = await client.offsets_for_times(dict.fromkeys(partitions, at))
        return {tp: place.offset for tp, place in found.items() if place is not None}

    async def _follow(
        self,
        client: AIOKafkaConsumer,
        partitions: list[TopicPartition],
        ends: dict[TopicPartition, int],
        stop: asyncio.Event,
    ) -> None:
        behind = {tp for tp in partitions if self._position[part(tp.topic, tp.partition)] < ends[tp]}
        watch = StallWatch(self._name)
        async with polling(client, stop) as polls:
            while not stop.is_set():
                if not behind:
                    self._ready.set()
                records = await polls.next(timeout_ms=CATCH_UP_POLL_MS if behind else POLL_MS, max_records=CHUNK)
                await self._hand_over(records)
                if behind:
                    behind = await self._still_behind(client, behind, ends)
                await watch.check(client, partitions, moved=bool(records))

    async def _hand_over(self, records: Mapping[TopicPartition, Sequence[Record]]) -> None:
        for tp, chunk in records.items():
            for record in chunk:
                if (handing := self._on_record(record)) is not None:
                    await handing
            self._position[part(tp.topic, tp.partition)] = chunk[-1].offset + 1

    async def _still_behind(
        self, client: AIOKafkaConsumer, behind: set[TopicPartition], ends: dict[TopicPartition, int]
    ) -> set[TopicPartition]:
        """Raises Stalled where catching up has come to a stand.

        Markers of transactions and aborted records take offsets too, and are never handed over: positions tell.
        """
        try:
            async with asyncio.timeout(CATCH_UP_STALL_S):
                at = {tp: await client.position(tp) for tp in behind}
        except TimeoutError as error:
            raise Stalled(f"{self._name} has no position in one of {sorted(behind)}") from error
        now = asyncio.get_running_loop().time()
        if at != self._caught_at:
            self._caught_at, self._caught_up_at = at, now
        elif now - self._caught_up_at > CATCH_UP_STALL_S:
            raise Stalled(f"{self._name} does not catch up: {[(*tp, at[tp], ends[tp]) for tp in sorted(behind)]}")
        return {tp for tp in behind if at[tp] < ends[tp]}


async def assigned_partitions(
    client: AIOKafkaConsumer, topics: Sequence[str], only: Collection[int] | None = None
) -> list[TopicPartition]:
    """All partitions of the topics. Raises UnknownTopicOrPartitionError where a topic does not appear in time."""
    found: list[TopicPartition] = []
    for topic in topics:
        numbers = await client._client._wait_on_metadata(topic)
        found += [TopicPartition(topic, number) for number in sorted(numbers) if only is None or number in only]
    return found


class StallWatch:
    """Looks, where nothing has come for a while, whether nothing is there: a consumer may stand for ever."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._checked_at = self._loop.time()
        self._suspect: dict[TopicPartition, int] = {}

    async def check(self, client: AIOKafkaConsumer, partitions: list[TopicPartition], *, moved: bool) -> None:
        """Raises Stalled when a partition has stood for two checks at the same place before its end."""
        now = self._loop.time()
        if moved:
            self._checked_at, self._suspect = now, {}
            return
        if now - self._checked_at < STALL_CHECK_S:
            return
        self._checked_at = now
        try:
            ends = await client.end_offsets(partitions)
            behind = {tp: at for tp in partitions if (at := await client.position(tp)) < ends[tp]}
        except (KafkaError, IllegalStateError) as error:
            # The broker is away, or partitions are moving: nothing can be said now.
            log.warning("%s: the end of the log is not known: %r", self._name, error)
            return
        for tp, at in behind.items():
            if self._suspect.get(tp) == at:
                raise Stalled(f"{self._name} stands at {tp.topic}/{tp.partition}/{at}, the log ends at {ends[tp]}")
        self._suspect = behind
