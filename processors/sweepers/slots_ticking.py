"""The sweeper of slots on its ticker: jobs from the log, looks at Redis, mends there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from prometheus_client import Counter, Gauge
from redis.exceptions import RedisError

from events.envelope import Recorded
from events.jobs.slots import Place
from processors.slots.table import SlotTable
from processors.sweepers.slots import Mend, SlotSweeper

LOOK_EVERY_S: Final = 5.0
SAID_MAX: Final = 5

MENDED = Counter("studio_slots_mended_total", "Slots in Redis that were not as the log has it", ["what"])
HELD = Gauge("studio_slots_held", "Attempts that hold slots in Redis")

log = logging.getLogger(__name__)


class SlotSweeperTicks:
    """The core as a ticker runs it, and the hands that do what it says."""

    def __init__(self, table: SlotTable) -> None:
        self._table = table
        self._core = SlotSweeper()
        self._found: Mapping[Place, float] | None = None

    def on_current(self, _topic: str, key: str, value: Any | None, _now: datetime) -> Iterable[Mend]:
        self._core.on_job(key, value)
        return ()

    def on_event(self, _recorded: Recorded, _now: datetime) -> Iterable[Mend]:
        return ()

    def ready(self, _now: datetime) -> Iterable[Mend]:
        """What was read before the log was says nothing."""
        self._found = None
        return ()

    def tick(self, now: datetime) -> Iterable[Mend]:
        found, self._found = self._found, None
        return () if found is None else self._core.on_found(found, now)

    async def look(self, stop: asyncio.Event) -> None:
        """Reads all slots, again and again."""
        while not stop.is_set():
            await self.read()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await stop.wait()

    async def read(self) -> None:
        """One look, for the next tick."""
        try:
            self._found = await self._table.read()
        except (RedisError, TimeoutError) as error:
            self._core.on_away()
            log.warning("slots cannot be read: %s", error)
        else:
            HELD.set(len({holder for _, holder in self._found}))

    async def perform(self, mend: Mend) -> None:
        """What Redis does not take now is found again with the next look."""
        try:
            match mend.what:
                case "put":
                    await self._table.put(mend.slots)
                case "prolong":
                    await self._table.prolong(mend.slots)
                case "remove":
                    await self._table.remove(mend.places)
        except (RedisError, TimeoutError) as error:
            log.warning("slots not mended: %s", error)
            return
        holders = sorted({slot.holder for slot in mend.slots} | {holder for _, holder in mend.places})
        MENDED.labels(mend.what).inc(len(holders))
        if mend.what != "prolong":
            log.warning("slots: %s %d: %s", mend.what, len(holders), ", ".join(holders[:SAID_MAX]))
