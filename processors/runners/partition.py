"""One partition of a decider: its only writer, from the fold of its log to the last commit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from commands.model import Decider
from commands.wire import encode_answer
from events.log.clients import Record, close, consumer, transactional_producer
from events.log.crashpoints import crashpoint
from events.log.polling import Polls, polling
from events.log.position import part
from events.registry import Registry
from events.topics import REPLIES
from processors.runners import metrics
from processors.runners.decide import Batch, BatchDecider, Reply
from processors.runners.recovery import GapInLog, StoreIsOfAnotherLog, catch_up
from processors.runners.rows import LastEvent
from processors.runners.store import DeciderStore

log = logging.getLogger(__name__)

BATCH_MAX: Final = 500
"""Beyond this a transaction only gets slower."""
POLL_MS: Final = 1000
"""How soon a flush that failed is seen, and an offset told; commands and a stop wake the partition at once."""
GATHER_S: Final = 0.02
"""From one batch to the next, at least, while commands come faster than one by one."""
FLUSH_EVERY_S: Final = 1.0
OFFSET_EVERY_S: Final = 1.0
"""How long the group's offset may lag behind where the events tell it anyway."""
START_WITHIN_S: Final = 60.0
UNWRITTEN_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class DeciderSettings:
    """Where a decider runs and under which names."""

    bootstrap: str
    data_dir: Path
    app: str
    fingerprint: str
    registry: Registry

    def group(self, decider: Decider) -> str:
        return f"{self.app}.{decider.name}"

    def transactional_id(self, decider: Decider, partition: int) -> str:
        """Static: a successor's start fences whoever wrote before it."""
        return f"{self.app}.{decider.name}.{partition}"


class PartitionWorker:
    """Decides the commands of one partition until `stop`. Whatever surprises it, it raises: the process ends.

    It never makes a second producer, and a commit is awaited without a time limit.
    """

    def __init__(
        self,
        settings: DeciderSettings,
        decider: Decider,
        partition: int,
        *,
        partitions: int,
        membership: AIOKafkaConsumer,
        replier: AIOKafkaProducer,
    ) -> None:
        self._settings = settings
        self._decider = decider
        self._partition = partition
        self._partitions = partitions
        self._membership = membership
        self._replier = replier
        self._input = TopicPartition(decider.command_topic, partition)
        self._group = settings.group(decider)
        self._store = self._open_store()
        self._busy_since: float | None = None
        self._untold: int | None = None
        """The next offset, where events on the log tell it and the group's offset does not yet."""
        self._untold_since = 0.0
        self.stop = asyncio.Event()
        self.running = asyncio.Event()
        """Set once the partition is caught up and takes commands."""

    def _open_store(self) -> DeciderStore:
        path = self._settings.data_dir / "deciders" / f"{self._decider.name}-{self._partition}.sqlite"
        return DeciderStore(path, fingerprint=self._settings.fingerprint)

    @property
    def busy_s(self) -> float:
        """For how long the present batch has been on its way."""
        return 0.0 if self._busy_since is None else asyncio.get_running_loop().time() - self._busy_since

    async def run(self) -> None:
        """The protocol of ownership, in this order: fence, read the position, fold, and only then decide."""
        producer = transactional_producer(
            self._settings.bootstrap, self._settings.transactional_id(self._decider, self._partition)
        )
        try:
            async with asyncio.timeout(START_WITHIN_S):
                await producer.start()
                crashpoint("decider.fenced")
                committed = await self._membership.committed(self._input)
            await self._catch_up()
            if not self.stop.is_set():
                await self._process(producer, committed or 0)
            await self._store.close()
        finally:
            await close(producer)

    async def _catch_up(self) -> None:
        arguments = (self._partition, self._settings.registry, self.stop)
        try:
            await catch_up(self._settings.bootstrap, self._decider, self._store, *arguments)
        except StoreIsOfAnotherLog as error:
            log.warning("the store is made anew: %s", error)
            self._store.remove()
            self._store = self._open_store()
            await catch_up(self._settings.bootstrap, self._decider, self._store, *arguments)

    async def _process(self, producer: AIOKafkaProducer, committed: int) -> None:
        start = max(committed, self._store.mark.highest_input + 1)
        if start > committed:
            self._untold = start
        reader = consumer(self._settings.bootstrap)
        await reader.start()
        try:
            reader.assign([self._input])
            await self._check_start(reader, start)
            reader.seek(self._input, start)
            async with polling(reader, self.stop) as polls:
                await self._loop(producer, reader, polls, start)
        finally:
            await close(reader)

    async def _check_start(self, reader: AIOKafkaConsumer, start: int) -> None:
        """Commands that are gone unread stop the partition: nobody would ever know what they asked for."""
        begin = (await reader.beginning_offsets([self._input]))[self._input]
        end = (await reader.end_offsets([self._input]))[self._input]
        if not begin <= start <= end:
            where = part(*self._input)
            raise GapInLog(f"{where}: next is {start}, the log holds {begin} up to {end}")

    async def _loop(self, producer: AIOKafkaProducer, reader: AIOKafkaConsumer, polls: Polls, start: int) -> None:
        log.info("%s/%d decides from offset %d", self._decider.name, self._partition, start)
        deciding = BatchDecider(self._decider, self._store, partition=self._partition, partitions=self._partitions)
        loop = asyncio.get_running_loop()
        flushing = asyncio.create_task(self._flush_each_second(), name=f"flush {self._decider.name}")
        self.running.set()
        try:
            while not self.stop.is_set() and not flushing.done():
                polled = await polls.next(self._input, timeout_ms=POLL_MS, max_records=BATCH_MAX)
                records: Sequence[Record] = polled.get(self._input, ())
                if not records:
                    await self._tell_offset(producer)
                    continue
                crashpoint("decider.polled")
                # Not one command ahead of the rest: what comes meanwhile is the next batch, whole.
                reader.pause(self._input)
                self._busy_since = loop.time()
                batch = deciding.decide(records)
                position = await self._commit(producer, batch, records[-1].offset + 1)
                self._tell(len(records), loop.time() - self._busy_since, batch.outcomes)
                crashpoint("decider.applied")
                await self._answer(batch.replies, position)
                if len(records) > 1:
                    await self._gather(self._busy_since)
                reader.resume(self._input)
                self._busy_since = None
                if self._store.unwritten > UNWRITTEN_MAX:
                    await self._store.flush()
            await self._tell_offset(producer)
            await flushing
        finally:
            flushing.cancel()

    async def _gather(self, began: float) -> None:
        """Several at once say that more are on their way: they are decided together, for a transaction has its price.
        A command that comes alone waits for nothing, and neither does the next one."""
        if (left := began + GATHER_S - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(left)

    async def _commit(self, producer: AIOKafkaProducer, batch: Batch, next_input: int) -> dict[str, int]:
        """Events, summaries and the input's offset in one transaction; then the store. Returns the position after it.

        Nothing here may be cancelled or timed out: a commit whose outcome is unknown is resolved by a restart only.
        """
        await producer.begin_transaction()
        crashpoint("decider.begun")
        sent = [
            await producer.send(r.topic, r.value, key=r.key, partition=self._partition, headers=r.headers)
            for r in batch.records
        ]
        crashpoint("decider.sent")
        if self._must_tell_offset(batch, next_input):
            await producer.send_offsets_to_transaction({self._input: next_input}, self._group)
            self._untold = None
        # A record that did not arrive fails its own future only, and a commit would go on without it.
        placed: list[RecordMetadata] = [await future for future in sent]
        crashpoint("decider.offsets_sent")
        await producer.commit_transaction()
        crashpoint("decider.committed")
        return self._apply(batch, placed)

    def _must_tell_offset(self, batch: Batch, next_input: int) -> bool:
        """Not where the batch's last command has events: they name it as their input, and the fold starts behind it.

        A refusal leaves nothing else on the log: its offset must be there before anybody hears of it, or a successor
        could decide it again, and otherwise. Two of a transaction's five requests are saved.
        """
        now = asyncio.get_running_loop().time()
        if batch.highest_input + 1 != next_input:
            return True
        if self._untold is None:
            self._untold_since = now
        self._untold = next_input
        return now - self._untold_since >= OFFSET_EVERY_S

    async def _tell_offset(self, producer: AIOKafkaProducer) -> None:
        """Brings the group's offset up to date when nothing else is to be done: whoever measures the lag reads it."""
        if self._untold is None:
            return
        self._busy_since = asyncio.get_running_loop().time()
        await producer.begin_transaction()
        await producer.send_offsets_to_transaction({self._input: self._untold}, self._group)
        await producer.commit_transaction()
        self._untold, self._busy_since = None, None

    def _apply(self, batch: Batch, placed: list[RecordMetadata]) -> dict[str, int]:
        mark = self._store.mark.copy()
        mark.highest_input = max(mark.highest_input, batch.highest_input)
        mark.last_ms = max(mark.last_ms, batch.last_ms)
        for record, place in zip(batch.records, placed, strict=True):
            if record.command is not None and record.event_id is not None:
                record.command.position[part(record.topic, self._partition)] = place.offset + 1
                mark.last_events[record.topic] = LastEvent(place.offset, record.event_id)
        self._store.apply(batch.changes, mark)
        return {part(topic, self._partition): last.offset + 1 for topic, last in mark.last_events.items()}

    async def _answer(self, replies: list[Reply], position: dict[str, int]) -> None:
        """By a plain producer, after the commit. A reply that is lost is asked for again."""
        for reply in replies:
            value = reply.finished
            if value is None:
                row = reply.command
                where = position if row is None else row.position
                value = encode_answer(reply.result, where, remembered=row is not None)
            try:
                sent = await self._replier.send(REPLIES, value, key=reply.to.token, partition=reply.to.partition)
            except KafkaError as error:
                log.warning("a reply was lost: %r", error)
            else:
                sent.add_done_callback(_tell_failure)

    def _tell(self, commands: int, seconds: float, outcomes: Mapping[str, int]) -> None:
        name = self._decider.name
        metrics.BATCH.labels(name).observe(commands)
        metrics.COMMIT.labels(name).observe(seconds)
        for outcome, count in outcomes.items():
            metrics.COMMANDS.labels(name, outcome).inc(count)

    async def _flush_each_second(self) -> None:
        while not self.stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), FLUSH_EVERY_S)
            await self._store.flush()


def _tell_failure(sent: asyncio.Future[RecordMetadata]) -> None:
    if not sent.cancelled() and (error := sent.exception()) is not None:
        log.warning("a reply was lost: %r", error)
