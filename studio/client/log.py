"""The log as a person or a program reads it: records in clear order, with what the envelope says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from events.log.clients import Record
from events.log.follower import Follower
from events.topics import topics

EVENT_TOPICS: Final = tuple(topic.name for topic in topics() if topic.name.startswith("events."))
REACH_WITHIN_S: Final = 60.0


def shown(record: Record) -> dict[str, Any]:
    """A record as one JSON object: its place, its headers, its data as they are on the log."""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "at": datetime.fromtimestamp(record.timestamp / 1000, UTC).isoformat(timespec="milliseconds"),
        "key": record.key.decode() if record.key is not None else None,
        "headers": {name: value.decode() for name, value in record.headers},
        "data": orjson.loads(record.value) if record.value is not None else None,
    }


async def newest(bootstrap: str, names: Sequence[str], count: int) -> list[Record]:
    """The last `count` records over all partitions, oldest first."""
    found: list[Record] = []
    await _until_end(Follower(bootstrap, names, on_record=found.append, name="newest", back=count))
    return sorted(found, key=lambda record: (record.timestamp, record.topic, record.offset))[-count:]


async def follow(bootstrap: str, names: Sequence[str], take: Callable[[Record], None], for_s: float | None) -> None:
    """Hands over what comes from now on, for so many seconds or until it is cancelled."""
    stop = asyncio.Event()
    following = asyncio.create_task(Follower(bootstrap, names, on_record=take, name="tail").run(stop))
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await asyncio.shield(following)
    finally:
        stop.set()
        await following


async def export(bootstrap: str, topic: str, out: Path) -> int:
    """Writes all that stands on a topic, one JSON object a line, partition by partition in order. Returns how many."""
    count = 0
    with out.open("wb") as file:

        def take(record: Record) -> None:
            nonlocal count
            count += 1
            file.write(orjson.dumps(shown(record), option=orjson.OPT_APPEND_NEWLINE))

        await _until_end(Follower(bootstrap, [topic], on_record=take, start="beginning", name=f"export {topic}"))
    return count


async def _until_end(follower: Follower) -> None:
    """Reads to the end that the log has now."""
    stop = asyncio.Event()
    following = asyncio.create_task(follower.run(stop))
    try:
        async with asyncio.timeout(REACH_WITHIN_S):
            await follower.ready()
    finally:
        stop.set()
        await following
