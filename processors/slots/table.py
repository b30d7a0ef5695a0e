"""All that stands in Redis of slots, for whoever compares it with the log and mends it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from redis.asyncio import Redis

from events.jobs.slots import PREFIX, Place, Slot
from processors.slots.scripts import CLEAR, PROLONG, PUT, READ, REMOVE

SLOT_MS: Final = 60_000
"""How long a slot outlives its last renewal: longer than an attempt waits to be on the log, so that what a scheduler
took and told just before it died still counts for the next one."""
SCAN_AT_ONCE: Final = 1000
AT_ONCE: Final = 200


class SlotTable:
    """Every method raises what Redis raises."""

    def __init__(self, redis: Redis, *, slot_ms: int = SLOT_MS) -> None:
        self._redis = redis
        self._slot_ms = slot_ms
        self._clear: Any = redis.register_script(CLEAR)
        self._put: Any = redis.register_script(PUT)
        self._prolong: Any = redis.register_script(PROLONG)
        self._read: Any = redis.register_script(READ)
        self._remove: Any = redis.register_script(REMOVE)

    async def read(self) -> dict[Place, float]:
        """Each place with the ms that it has left; what has lapsed is none."""
        found: dict[Place, float] = {}
        async for chunk in self._sets():
            for key, members in zip(chunk, await self._read(keys=chunk), strict=True):
                pairs = zip(members[::2], members[1::2], strict=True)
                found |= {(_text(key), _text(holder)): float(left) for holder, left in pairs if float(left) > 0}
        return found

    async def clear(self) -> None:
        """Removes what came with an old dump."""
        async for chunk in self._sets():
            await self._clear(keys=chunk, args=[self._slot_ms])

    async def put(self, slots: Sequence[Slot]) -> None:
        await self._each(self._put, slots)

    async def prolong(self, slots: Sequence[Slot]) -> None:
        """As far as they are there."""
        await self._each(self._prolong, slots)

    async def remove(self, places: Sequence[Place]) -> None:
        for begin in range(0, len(places), AT_ONCE):
            chunk = places[begin : begin + AT_ONCE]
            await self._remove(keys=[key for key, _ in chunk], args=[holder for _, holder in chunk])

    async def _sets(self) -> AsyncIterator[list[Any]]:
        sets = [key async for key in self._redis.scan_iter(f"{PREFIX}*", count=SCAN_AT_ONCE, _type="zset")]
        for begin in range(0, len(sets), AT_ONCE):
            yield sets[begin : begin + AT_ONCE]

    async def _each(self, script: Any, slots: Sequence[Slot]) -> None:
        for begin in range(0, len(slots), AT_ONCE):
            chunk = slots[begin : begin + AT_ONCE]
            keys = [key for slot in chunk for key in slot.keys]
            await script(keys=keys, args=[self._slot_ms, *(slot.holder for slot in chunk)])


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
