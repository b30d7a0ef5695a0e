"""Says in Redis which attempts this process holds; what it stops saying, the sweeper of leases ends on the log.

`lease:{job_id}` = the lease's number, for 15 s, renewed every 5 s. Redis' clock decides when it lapses. A holder never
overwrites a newer lease than its own. The attempt's slot is prolonged with its lease.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from events.jobs.slots import Slot
from processors.slots.scripts import RENEW
from processors.slots.table import SLOT_MS

LEASE_MS: Final = 15_000
RENEW_S: Final = 5.0
BATCH: Final = 200

REFUSED = Counter("studio_leases_refused_total", "Renewals of attempts that a later one has taken the place of")

log = logging.getLogger(__name__)


class Leases:
    """All held leases, renewed together by `run`; a new one is written at once, without anybody waiting for it."""

    def __init__(self, redis: Redis, *, renew_s: float = RENEW_S, slot_ms: int = SLOT_MS) -> None:
        self._renew_s = renew_s
        self._slot_ms = slot_ms
        self._renew: Any = redis.register_script(RENEW)
        self._held: dict[Slot, None] = {}
        self._fresh: list[Slot] = []
        self._wake = asyncio.Event()

    @contextmanager
    def held(self, slot: Slot) -> Iterator[None]:
        self._held[slot] = None
        self._fresh.append(slot)
        self._wake.set()
        try:
            yield
        finally:
            self._held.pop(slot, None)

    async def run(self, stop: asyncio.Event) -> None:
        """Renews until the stop; a Redis that is away is nothing to die for."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self._wake.set())
        loop = asyncio.get_running_loop()
        renew_at = loop.time()
        while not stop.is_set():
            if loop.time() >= renew_at:
                renew_at = loop.time() + self._renew_s
                self._fresh.clear()
                await self._write(list(self._held))
            fresh, self._fresh = self._fresh, []
            await self._write([slot for slot in fresh if slot in self._held])
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, renew_at - loop.time())):
                    await self._wake.wait()
            self._wake.clear()
        stopping.cancel()

    async def _write(self, slots: list[Slot]) -> None:
        for begin in range(0, len(slots), BATCH):
            batch = slots[begin : begin + BATCH]
            keys = [key for slot in batch for key in (f"lease:{slot.job_id}", *slot.keys)]
            args = [value for slot in batch for value in (slot.lease, slot.holder)]
            try:
                refused = await self._renew(keys=keys, args=[LEASE_MS, self._slot_ms, *args])
            except (RedisError, TimeoutError) as error:
                log.warning("%d leases not renewed: %s", len(batch), error)
                continue
            if refused:
                REFUSED.inc(refused)
                log.warning("%d of %d leases not renewed: a later attempt holds its job", refused, len(batch))
