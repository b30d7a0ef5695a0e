"""Brings a decider's store up to the end of the log that its partition has written."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from commands.model import Decider, Stream
from events.envelope import Recorded
from events.log.clients import Record, close, consumer
from events.log.codec import from_record, to_ms
from events.log.position import merge, part
from events.registry import Registry
from processors.runners.decide import FoldFailed
from processors.runners.metrics import REPEATED_VERSIONS
from processors.runners.rows import Changes, CommandRow, LastEvent, advanced
from processors.runners.store import DeciderStore

log = logging.getLogger(__name__)

CHUNK: Final = 1000
POLL_MS: Final = 50
UNWRITTEN_MAX: Final = 10_000
STANDSTILL_S: Final = 30.0
"""An own log that does not end within this time holds a transaction that nobody will end."""


class GapInLog(RuntimeError):
    """What was to be read next is not on the log any more: going on would lose it in silence."""


class StoreIsOfAnotherLog(RuntimeError):
    """The log does not hold, where the store says so, the last event that the store contains."""


class Folding:
    """Folds the events of one partition into the store: each stream's versions in turn, each once."""

    def __init__(self, decider: Decider, store: DeciderStore, partition: int, registry: Registry) -> None:
        self._decider = decider
        self._store = store
        self._partition = partition
        self._registry = registry

    def fold(self, record: Record) -> None:
        """Raises FoldFailed where the event cannot be read or folded."""
        try:
            recorded = from_record(record, self._registry)
        except ValueError as error:
            raise FoldFailed(f"{record.topic}/{record.partition}/{record.offset} cannot be read") from error
        mark = self._store.mark.copy()
        mark.last_events[record.topic] = LastEvent(record.offset, recorded.envelope.id)
        mark.last_ms = max(mark.last_ms, to_ms(recorded.envelope.time))
        place = recorded.envelope.input
        if place.topic == self._decider.command_topic and place.partition == self._partition:
            mark.highest_input = max(mark.highest_input, place.offset)
        self._store.apply(self._changes(recorded), mark)

    def _changes(self, recorded: Recorded) -> Changes:
        ref, envelope = recorded.stream, recorded.envelope
        row = self._store.stream(ref.topic, ref.subject)
        version = 0 if row is None else row.view.version
        if recorded.version <= version:
            REPEATED_VERSIONS.labels(ref.topic).inc()
            log.error("%s %s has version %d twice: the first counts", ref.topic, ref.subject, recorded.version)
            return Changes({}, {})
        if recorded.version != version + 1:
            raise FoldFailed(f"{ref.topic} {ref.subject}: version {recorded.version} follows {version}")
        fold = self._decider.folds[ref.topic]
        before = Stream(fold.initial(ref.subject), 0) if row is None else row.view
        try:
            state = fold.evolve(before.state, recorded.data, envelope.time)
        except Exception as error:
            raise FoldFailed(f"{envelope.type} does not fold into {ref.topic} {ref.subject}") from error
        after = advanced(
            row, state, digest=envelope.digest, result=envelope.result, correlation=envelope.correlation_id
        )
        return Changes({(ref.topic, ref.subject): after}, {envelope.command_id: self._command(recorded)})

    def _command(self, recorded: Recorded) -> CommandRow:
        """The command's row with this event added: its events may stand on several topics."""
        envelope = recorded.envelope
        seen = {part(recorded.stream.topic, recorded.partition): recorded.offset + 1}
        known = self._store.command(envelope.command_id)
        if known is None:
            time_ms = to_ms(envelope.time)
            return CommandRow(envelope.correlation_id, envelope.digest, envelope.result, time_ms, seen)
        return CommandRow(
            known.correlation,
            known.digest or envelope.digest,
            known.result or envelope.result,
            known.time_ms,
            merge(known.position, seen),
        )


async def catch_up(
    bootstrap: str, decider: Decider, store: DeciderStore, partition: int, registry: Registry, stop: asyncio.Event
) -> None:
    """Folds what the log holds beyond the store. To be called when no earlier owner can write any more."""
    folding = Folding(decider, store, partition, registry)
    partitions = [TopicPartition(topic, partition) for topic in decider.folds]
    ends = await _ends(bootstrap, partitions)
    client = consumer(bootstrap)
    await client.start()
    try:
        client.assign(partitions)
        await _seek(client, store, partitions, ends)
        await _fold_to(client, folding, store, ends, stop)
    finally:
        await close(client)
    await store.flush()


async def _ends(bootstrap: str, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
    """Ends of the partitions, records of open transactions included."""
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await client.start()
    try:
        ends: dict[TopicPartition, int] = await client.end_offsets(partitions)
        return ends
    finally:
        await close(client)


async def _seek(
    client: AIOKafkaConsumer,
    store: DeciderStore,
    partitions: list[TopicPartition],
    ends: dict[TopicPartition, int],
) -> None:
    """Goes behind the last event that the store contains, having made sure that it is there."""
    begins = await client.beginning_offsets(partitions)
    for tp in partitions:
        last = store.mark.last_events.get(tp.topic)
        start = 0 if last is None else last.offset
        if last is not None and not begins[tp] <= start < ends[tp]:
            raise StoreIsOfAnotherLog(f"{tp.topic}/{tp.partition}/{start} is not on the log")
        if start < begins[tp]:
            raise GapInLog(f"{tp.topic}/{tp.partition} begins at {begins[tp]}: events are gone")
        client.seek(tp, start)
        if last is not None:
            found = await asyncio.wait_for(client.getone(tp), STANDSTILL_S)
            if found.offset != start or dict(found.headers).get("ce_id") != last.id.encode():
                raise StoreIsOfAnotherLog(f"{tp.topic}/{tp.partition}/{start} holds another event")


async def _fold_to(
    client: AIOKafkaConsumer,
    folding: Folding,
    store: DeciderStore,
    ends: dict[TopicPartition, int],
    stop: asyncio.Event,
) -> None:
    loop = asyncio.get_running_loop()
    behind = {tp for tp, end in ends.items() if await client.position(tp) < end}
    moved_at = loop.time()
    while behind and not stop.is_set():
        chunks = await client.getmany(*behind, timeout_ms=POLL_MS, max_records=CHUNK)
        for chunk in chunks.values():
            for record in chunk:
                folding.fold(record)
        if store.unwritten > UNWRITTEN_MAX:
            await store.flush()
        # Markers and aborted records are never handed over, but the position passes them.
        reached = {tp for tp in behind if await client.position(tp) >= ends[tp]}
        behind -= reached
        if chunks or reached:
            moved_at = loop.time()
        elif loop.time() - moved_at > STANDSTILL_S:
            raise GapInLog(f"{sorted(behind)}: an open transaction hides the end of the log")
