"""The reactor: hands every event to its handler at least once, in order per key."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from events.envelope import Recorded
from events.log.clients import Record, close, consumer
from events.log.codec import from_record, record_type_name, type_name
from events.log.crashpoints import crashpoint
from events.log.follower import StallWatch, assigned_partitions
from events.log.polling import Polls, polling
from events.log.routing import partition_of
from events.model import Event
from events.registry import Registry
from events.types import REGISTRY
from processors.runners import metrics
from processors.runners.hand_off import HandOff

log = logging.getLogger(__name__)

POLL_MS: Final = 1000
CHUNK: Final = 200
BACKLOG_MAX: Final = 2000
"""Events that were read and are not finished. Reading on beyond what runs is what lets urgent ones pass."""
COMMIT_EVERY_S: Final = 0.5
COMMIT_WITHIN_S: Final = 10.0
GRACE_S: Final = 6.0
"""How long calls may go on after a stop, or when partitions move."""


class Prefix:
    """The contiguous prefix of finished messages of one partition: all that may be committed."""

    def __init__(self) -> None:
        self._open: deque[int] = deque()
        self._finished: set[int] = set()
        self.committed: int | None = None
        self._next: int | None = None

    def began(self, offset: int) -> None:
        self._open.append(offset)

    def finished(self, offset: int) -> None:
        self._finished.add(offset)
        while self._open and self._open[0] in self._finished:
            done = self._open.popleft()
            self._finished.discard(done)
            self._next = done + 1

    @property
    def to_commit(self) -> int | None:
        """The next offset after the prefix, where it is not committed yet."""
        return self._next if self._next != self.committed else None


class Reactor:
    """Reads topics as a member of a group and calls `handle` for each event. Crash-only.

    A message is finished when `handle` returns, or when an urgent one of its key cancelled it. What `handle`
    raises ends `run`, but for `Unavailable`, which is tried again in place.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        topics: Sequence[str],
        handle: Callable[[Recorded], Awaitable[None]],
        *,
        key_of: Callable[[Recorded], str],
        instance_id: str,
        urgent: Callable[[Recorded], bool] | None = None,
        types: Collection[type[Event]] | None = None,
        wants: Callable[[Recorded], bool] | None = None,
        in_flight_max: int = 64,
        apart: Callable[[Recorded], bool] | None = None,
        apart_max: int = 1,
        backlog_max: int = BACKLOG_MAX,
        call_timeout_s: float | Callable[[Recorded], float] = 180.0,
        patience_ms: int = 0,
        registry: Registry = REGISTRY,
    ) -> None:
        """`types` are all that is read of the events, `wants` leaves out those that need no call at all; what is
        `apart` has places of its own, see `HandOff`; `call_timeout_s` may depend on the event. For so long as
        `patience_ms` one may wait for others to come with."""
        self._topics = tuple(topics)
        self._group = group
        self._handle = handle
        self._key_of = key_of
        self._names = None if types is None else frozenset(type_name(kind) for kind in types)
        self._urgent = urgent or (lambda _: False)
        self._wants = wants or (lambda _: True)
        self._in_flight_max = in_flight_max
        self._apart = apart or (lambda _: False)
        self._apart_max = apart_max
        self._backlog_max = backlog_max
        self._timeout_of = call_timeout_s if callable(call_timeout_s) else _always(call_timeout_s)
        self._patience_ms = patience_ms
        self._registry = registry
        self._bootstrap = bootstrap
        self._instance_id = instance_id
        self._prefixes: dict[TopicPartition, Prefix] = {}
        self._failure: BaseException | None = None
        self._hand_off = self._new_hand_off()
        self._paused = False
        self._own: frozenset[TopicPartition] = frozenset()
        self._counts: Mapping[str, int] = {}
        self._assigned = asyncio.Event()
        self._done = metrics.REACTIONS.labels(group)
        self._backlog = metrics.BACKLOG.labels(group)

    def has_room_for(self, topic: str, key: str) -> bool:
        """Whether an event of this key would come here and be handled at once, as far as this member knows."""
        count = self._counts.get(topic, 0)
        here = count > 0 and TopicPartition(topic, partition_of(key, count)) in self._own
        return here and self._hand_off.has_room and not self._paused

    async def ready(self) -> None:
        """Returns once the group has assigned partitions."""
        await self._assigned.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """Reacts until `stop`; then what runs may end, and what is finished is committed."""
        client = consumer(
            self._bootstrap,
            group=self._group,
            instance_id=f"{self._group}.{self._instance_id}",
            reset="earliest",
            patience_ms=self._patience_ms,
        )
        client.subscribe(list(self._topics), listener=_Listener(self, client))
        try:
            await client.start()
            self._counts = Counter(tp.topic for tp in await assigned_partitions(client, self._topics))
            async with polling(client, stop) as polls:
                await self._loop(client, polls, stop)
            await self._hand_off.drain(GRACE_S)
            await self._commit(client)
        finally:
            await close(client)
        if self._failure is not None:
            raise self._failure

    async def _loop(self, client: AIOKafkaConsumer, polls: Polls, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        watch = StallWatch(self._group)
        commit_at = loop.time() + COMMIT_EVERY_S
        while not stop.is_set() and self._failure is None:
            self._hold_back(client)
            polled = await polls.next(timeout_ms=POLL_MS, max_records=CHUNK)
            for tp, records in polled.items():
                prefix = self._prefixes.setdefault(tp, Prefix())
                for record in records:
                    self._take(prefix, record)
            if loop.time() >= commit_at:
                self._backlog.set(self._hand_off.backlog)
                await self._commit(client)
                commit_at = loop.time() + COMMIT_EVERY_S
            if not self._paused and self._prefixes:
                await watch.check(client, list(self._prefixes), moved=bool(polled))

    def _take(self, prefix: Prefix, record: Record) -> None:
        prefix.began(record.offset)
        if self._names is not None and record_type_name(record) not in self._names:
            prefix.finished(record.offset)
            return
        recorded = from_record(record, self._registry)
        if self._wants(recorded):
            self._hand_off.put(self._key_of(recorded), (prefix, recorded), urgent=self._urgent(recorded))
        else:
            prefix.finished(recorded.offset)

    def _hold_back(self, client: AIOKafkaConsumer) -> None:
        """Reads no more while too much is unfinished; polling goes on, so the membership lives."""
        full = self._hand_off.backlog >= self._backlog_max
        if full or self._paused:
            change = client.pause if full else client.resume
            change(*client.assignment())
            self._paused = full

    async def _call(self, message: tuple[Prefix, Recorded]) -> None:
        crashpoint("reactor.handling")
        await self._handle(message[1])
        crashpoint("reactor.handled")

    def _finished(self, message: tuple[Prefix, Recorded]) -> None:
        prefix, recorded = message
        prefix.finished(recorded.offset)
        self._done.inc()

    def _failed(self, error: BaseException) -> None:
        log.critical("%s stops: %r", self._group, error, exc_info=error)
        self._failure = self._failure or error

    def _new_hand_off(self) -> HandOff[tuple[Prefix, Recorded]]:
        return HandOff(
            self._call,
            in_flight_max=self._in_flight_max,
            timeout_of=lambda message: self._timeout_of(message[1]),
            finished=self._finished,
            failed=self._failed,
            apart=lambda message: self._apart(message[1]),
            apart_max=self._apart_max,
        )

    async def _commit(self, client: AIOKafkaConsumer) -> None:
        offsets = {tp: offset for tp, prefix in self._prefixes.items() if (offset := prefix.to_commit) is not None}
        if not offsets:
            return
        try:
            async with asyncio.timeout(COMMIT_WITHIN_S):
                await client.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            log.info("%s: partitions are moving, what was done is done again: %r", self._group, error)
        except (KafkaError, TimeoutError) as error:
            log.warning("%s: offsets were not committed and will be later: %r", self._group, error)
        else:
            for tp, offset in offsets.items():
                self._prefixes[tp].committed = offset

    async def leave(self, client: AIOKafkaConsumer) -> None:
        """Partitions are about to move: ends what runs, commits, and forgets the rest, which is read again."""
        self._own = frozenset()
        await self._hand_off.drain(GRACE_S)
        await self._commit(client)
        self._prefixes.clear()
        self._hand_off = self._new_hand_off()
        self._paused = False

    def joined(self, own: Collection[TopicPartition]) -> None:
        """These partitions are its own now."""
        self._own = frozenset(own)
        self._assigned.set()


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Ends work before partitions move. New ones need no preparation: records bring their own bookkeeping."""

    def __init__(self, reactor: Reactor, client: AIOKafkaConsumer) -> None:
        self._reactor = reactor
        self._client = client

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        if revoked:
            await self._reactor.leave(self._client)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._reactor.joined(assigned)


def _always(seconds: float) -> Callable[[Recorded], float]:
    return lambda _: seconds
