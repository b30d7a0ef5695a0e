"""Single places of the log: a record by its offset, where a time begins, where all ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from aiokafka import TopicPartition

from events.log.clients import Record, close, consumer
from events.log.follower import assigned_partitions
from events.log.position import part
from events.log.routing import partition_of

WITHIN_S: Final = 10.0


async def end_of(bootstrap: str, topic: str, key: str) -> tuple[int, int]:
    """The partition that a key goes to, and its end."""
    client = consumer(bootstrap)
    await client.start()
    try:
        partitions = await assigned_partitions(client, [topic])
        tp = TopicPartition(topic, partition_of(key, len(partitions)))
        return tp.partition, (await client.end_offsets([tp]))[tp]
    finally:
        await close(client)


async def records_at(bootstrap: str, topic: str, partition: int, offsets: Sequence[int]) -> list[Record | None]:
    """The records at these offsets; None where the log holds none."""
    if not offsets:
        return []
    client = consumer(bootstrap, partition_bytes=1)
    tp = TopicPartition(topic, partition)
    await client.start()
    try:
        client.assign([tp])
        begin = (await client.beginning_offsets([tp]))[tp]
        end = (await client.end_offsets([tp]))[tp]
        found: list[Record | None] = []
        for offset in offsets:
            client.seek(tp, offset)
            record = None
            if begin <= offset < end:
                record = await asyncio.wait_for(client.getone(tp), WITHIN_S)
            found.append(record if record is not None and record.offset == offset else None)
        return found
    finally:
        await close(client)


async def written_from(bootstrap: str, topic: str, time_ms: int) -> dict[str, int]:
    """By partition the first offset that was written at that time or later."""
    client = consumer(bootstrap)
    await client.start()
    try:
        partitions = await assigned_partitions(client, [topic])
        client.assign(partitions)
        ends = await client.end_offsets(partitions)
        found = await client.offsets_for_times(dict.fromkeys(partitions, time_ms))
        return {part(*tp): ends[tp] if found[tp] is None else found[tp].offset for tp in partitions}
    finally:
        await close(client)
