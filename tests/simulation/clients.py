"""aiokafka's producer and consumer, as far as the house uses them, over the simulated broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    ConcurrentTransactions,
    IllegalStateError,
    ProducerFenced,
    UnknownMemberIdError,
)
from aiokafka.structs import RecordMetadata

from events.log.clients import Record
from tests.simulation.broker import Headers
from tests.simulation.loop import OWNER
from tests.simulation.network import Lane

if TYPE_CHECKING:
    from tests.simulation.world import Process

T = TypeVar("T")

AGAIN_S: Final = 0.02
HEARTBEAT_S: Final = 2.0
JOINING_S: Final = 0.1
AUTO_COMMIT_S: Final = 5.0


def _process() -> Process:
    process = OWNER.get()
    assert process is not None, "a client outside of any process"
    return process  # type: ignore[return-value]


class SimProducer:
    """Sends what waits in one request, in order. Once fenced, for ever dead."""

    def __init__(self, *, transactional_id: str | None = None, transaction_timeout_ms: int = 60_000, **_: Any) -> None:
        self._process = _process()
        self._world = self._process.world
        self._id = transactional_id
        self._timeout_s = transaction_timeout_ms / 1000
        self._epoch = -1
        self._lane = Lane()
        self._waiting: list[tuple[Any, asyncio.Future[RecordMetadata]]] = []
        self._sending: asyncio.Task[None] | None = None
        self._fenced = False
        self._sender = _Sender()

    async def start(self) -> None:
        if self._id is not None:
            self._epoch = await self._again("init", lambda: self._world.broker.init(str(self._id)))

    async def stop(self) -> None:
        if self._process.alive and self._sending is not None and not self._sending.done():
            await asyncio.wait([self._sending])

    async def partitions_for(self, topic: str) -> set[int]:
        return set(range(self._world.broker.counts[topic]))

    async def send(
        self,
        topic: str,
        value: bytes | None = None,
        *,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Headers = (),
    ) -> asyncio.Future[RecordMetadata]:
        if self._fenced:
            raise ProducerFenced
        placed: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        self._waiting.append(((topic, partition, key, value, tuple(headers)), placed))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.ensure_future(self._send_waiting())
        return placed

    async def send_and_wait(self, topic: str, value: bytes | None = None, **more: Any) -> RecordMetadata:
        return await (await self.send(topic, value, **more))

    async def begin_transaction(self) -> None:
        if self._fenced:
            raise ProducerFenced

    async def send_offsets_to_transaction(self, offsets: dict[TopicPartition, int], group: str) -> None:
        def effect() -> None:
            self._world.broker.offsets_in(
                str(self._id), self._epoch, group, offsets, now=self._world.now, timeout_s=self._timeout_s
            )

        await self._again("offsets", effect)

    async def commit_transaction(self) -> None:
        """As in aiokafka, it goes on when its caller is cancelled."""
        await asyncio.shield(asyncio.ensure_future(self._end("committed")))

    async def abort_transaction(self) -> None:
        await asyncio.shield(asyncio.ensure_future(self._end("aborted")))

    async def _end(self, outcome: Any) -> None:
        if self._sending is not None:
            await self._sending
        await self._again(f"end_{outcome}", lambda: self._world.broker.end(str(self._id), self._epoch, outcome))

    async def _send_waiting(self) -> None:
        await asyncio.sleep(0)
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                records = await self._again("send", lambda batch=batch: self._append(batch))
            except ProducerFenced as error:
                for _, placed in batch:
                    if not placed.done():
                        placed.set_exception(error)
                        placed.exception()
                return
            for (_, placed), record in zip(batch, records, strict=True):
                if not placed.done():
                    tp = TopicPartition(record.topic, record.partition)
                    placed.set_result(RecordMetadata(*tp, tp, record.offset, record.timestamp, 0, 0))

    def _append(self, batch: Sequence[Any]) -> list[Record]:
        broker, now = self._world.broker, self._world.now
        if self._id is None:
            records = [
                broker.append(topic, partition, key, value, headers, now)
                for (topic, partition, key, value, headers), _ in batch
            ]
        else:
            records = [
                broker.append_in(
                    self._id, self._epoch, (topic, partition), key, value, headers, now=now, timeout_s=self._timeout_s
                )
                for (topic, partition, key, value, headers), _ in batch
            ]
        for record in records:
            self._world.wake(TopicPartition(record.topic, record.partition))
        return records

    async def _again(self, what: str, effect: Any) -> Any:
        """Asks again while the broker still ends the transaction before."""
        while True:
            if self._fenced:
                raise ProducerFenced
            try:
                result = await self._world.network.call(self._process, "kafka", what, effect, lane=self._lane)
            except ConcurrentTransactions:
                await asyncio.sleep(AGAIN_S)
            except ProducerFenced:
                self._fenced = True
                raise
            else:
                return result


class _Sender:
    """Of a producer that never dies of an error but fencing."""

    sender_task = None


class SimConsumer:
    """Reads partitions by assignment, or as the group assigns them."""

    def __init__(
        self,
        *topics: str,
        group_id: str | None = None,
        group_instance_id: str | None = None,
        enable_auto_commit: bool = True,
        auto_offset_reset: str = "latest",
        isolation_level: str = "read_uncommitted",
        **_: Any,
    ) -> None:
        self._process = _process()
        self._world = self._process.world
        self._group = group_id
        self._instance = group_instance_id
        self._auto_commit = enable_auto_commit and group_id is not None
        self._reset = auto_offset_reset
        self._committed_only = isolation_level == "read_committed"
        self._topics = topics
        self._listener: ConsumerRebalanceListener | None = None
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._member = self._world.fresh(f"member-{self._process.name}")
        self._generation = -1
        self._membership: asyncio.Task[None] | None = None
        self._assigned = asyncio.Event()
        """Not while partitions move: nothing is handed over then, however long it takes."""
        self._stopped = False
        self._coordination = Lane()
        """Of one connection to the group's coordinator: a commit never overtakes the one before."""
        self._client = _Metadata(self)

    # --- assignment --------------------------------------------------------------------------------------

    def subscribe(self, topics: Sequence[str], listener: ConsumerRebalanceListener | None = None) -> None:
        self._topics, self._listener = tuple(topics), listener

    async def start(self) -> None:
        if self._group is not None and self._topics:
            self._membership = asyncio.ensure_future(self._stay_member())

    async def stop(self) -> None:
        self._stopped = True
        if self._membership is not None:
            self._membership.cancel()
        if self._group is not None and self._instance is None and self._process.alive:
            await self._ask("leave", lambda: self._world.broker.leave(str(self._group), self._member))

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self._positions = dict.fromkeys(partitions, -1)
        self._assigned.set()

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(self._positions)

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused.update(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused.difference_update(partitions)

    async def _stay_member(self) -> None:
        """Joins, keeps its place alive, and takes what it is given; what was fetched before is dropped."""
        auto_at = self._world.now + AUTO_COMMIT_S
        joined = False
        while not self._stopped:
            try:
                if not joined:
                    await self._ask("join", self._join)
                generation, owned = await self._ask(
                    "heartbeat",
                    lambda: self._world.broker.heartbeat(str(self._group), self._member, self._world.now),
                )
                joined = True
            except UnknownMemberIdError:
                await self._revoke()
                self._member, joined = self._world.fresh(f"member-{self._process.name}"), False
                continue
            if generation == self._generation:
                await asyncio.sleep(HEARTBEAT_S)
            elif owned is not None:
                await self._take(generation, owned)
            else:
                await self._revoke()
                joined = False
                await asyncio.sleep(JOINING_S)
            if self._auto_commit and self._world.now >= auto_at:
                auto_at = self._world.now + AUTO_COMMIT_S
                await self.commit({tp: at for tp, at in self._positions.items() if at >= 0})

    def _join(self) -> None:
        self._world.broker.join(str(self._group), self._member, self._instance, self._topics, self._world.now)

    async def _revoke(self) -> None:
        self._assigned.clear()
        revoked = set(self._positions)
        if self._listener is not None and self._generation >= 0:
            await self._listener.on_partitions_revoked(revoked)
        self._positions, self._generation = {}, -1

    async def _take(self, generation: int, owned: Collection[TopicPartition]) -> None:
        fresh = {}
        for tp in owned:
            fresh[tp] = await self._start_of(tp)
        self._positions, self._generation = fresh, generation
        self._assigned.set()
        if self._listener is not None:
            await self._listener.on_partitions_assigned(set(owned))
        self._world.wake(*owned)

    async def _start_of(self, tp: TopicPartition) -> int:
        committed = await self.committed(tp)
        if committed is not None:
            return committed
        return 0 if self._reset == "earliest" else self._end(tp)

    # --- offsets -----------------------------------------------------------------------------------------

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self._positions[tp] = offset

    async def position(self, tp: TopicPartition) -> int:
        if tp not in self._positions:
            raise IllegalStateError(f"{tp} is not assigned")
        return self._positions[tp]

    async def committed(self, tp: TopicPartition) -> int | None:
        return await self._ask("where", lambda: self._world.broker.group(str(self._group)).offsets.get(tp))

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        def effect() -> None:
            self._world.broker.commit(str(self._group), self._member, self._generation, offsets)

        try:
            await self._world.network.call(self._process, "kafka", "commit", effect, lane=self._coordination)
        except UnknownMemberIdError as error:
            raise CommitFailedError from error

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return await self._ask("begins", lambda: dict.fromkeys(partitions, 0))

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return await self._ask("ends", lambda: {tp: self._end(tp) for tp in partitions})

    def _end(self, tp: TopicPartition) -> int:
        partition = self._world.broker.partitions[tp]
        return partition.stable if self._committed_only else partition.end

    # --- records -----------------------------------------------------------------------------------------

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Record]]:
        until = self._world.now + timeout_ms / 1000
        while not self._stopped:
            await self._assigned.wait()
            if self._readable(partitions):
                await asyncio.sleep(self._world.network.latency())
                if self._assigned.is_set() and (found := self._read(partitions, max_records or 500)):
                    return found
            left = until - self._world.now
            if left <= 0:
                return {}
            await self._world.something_new(partitions or tuple(self._positions), left)
        return {}

    async def getone(self, *partitions: TopicPartition) -> Record:
        while True:
            for records in (await self.getmany(*partitions, timeout_ms=1000, max_records=1)).values():
                return records[0]

    def _wanted(self, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
        chosen = partitions or tuple(self._positions)
        return [tp for tp in chosen if self._positions.get(tp, -1) >= 0 and tp not in self._paused]

    def _readable(self, partitions: Sequence[TopicPartition]) -> bool:
        return any(self._positions[tp] < self._end(tp) for tp in self._wanted(partitions))

    def _read(self, partitions: Sequence[TopicPartition], most: int) -> dict[TopicPartition, list[Record]]:
        found = {}
        for tp in self._wanted(partitions):
            records, behind = self._world.broker.read(
                tp, self._positions[tp], committed=self._committed_only, most=most
            )
            self._positions[tp] = behind
            most -= len(records)
            if records:
                found[tp] = records
            if most <= 0:
                break
        return found

    async def _ask(self, what: str, effect: Callable[[], T]) -> T:
        return await self._world.network.call(self._process, "kafka", what, effect)


class _Metadata:
    """What a follower asks for the partitions of a topic."""

    def __init__(self, consumer: SimConsumer) -> None:
        self._consumer = consumer

    async def _wait_on_metadata(self, topic: str) -> set[int]:
        return set(range(self._consumer._world.broker.counts[topic]))
