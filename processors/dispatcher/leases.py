"""Says in Redis which attempts this process holds; what it stops saying, the sweeper of leases ends on the log.

`lease:{job_id}` = the lease's number, for 15 s, renewed every 5 s. Redis' clock decides when it lapses. A holder never
overwrites a newer lease than its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

LEASE_MS: Final = 15_000
RENEW_S: Final = 5.0
BATCH: Final = 500
RENEW: Final = """
for i, key in ipairs(KEYS) do
  local held = tonumber(redis.call('GET', key))
  if not held or held <= tonumber(ARGV[i + 1]) then
    redis.call('SET', key, ARGV[i + 1], 'PX', ARGV[1])
  end
end
"""
log = logging.getLogger(__name__)


class Leases:
    """All held leases, renewed together by `run`; a new one is written at once, without anybody waiting for it."""

    def __init__(self, redis: Redis, *, renew_s: float = RENEW_S) -> None:
        self._renew_s = renew_s
        self._renew: Any = redis.register_script(RENEW)
        self._held: dict[tuple[str, int], None] = {}
        self._fresh: list[tuple[str, int]] = []
        self._wake = asyncio.Event()

    @contextmanager
    def held(self, job_id: str, lease: int) -> Iterator[None]:
        self._held[job_id, lease] = None
        self._fresh.append((job_id, lease))
        self._wake.set()
        try:
            yield
        finally:
            self._held.pop((job_id, lease), None)

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
            await self._write([lease for lease in fresh if lease in self._held])
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, renew_at - loop.time())):
                    await self._wake.wait()
            self._wake.clear()
        stopping.cancel()

    async def _write(self, leases: list[tuple[str, int]]) -> None:
        for begin in range(0, len(leases), BATCH):
            batch = leases[begin : begin + BATCH]
            try:
                await self._renew(
                    keys=[f"lease:{job_id}" for job_id, _ in batch], args=[LEASE_MS, *(lease for _, lease in batch)]
                )
            except RedisError as error:
                log.warning("%d leases not renewed: %s", len(batch), error)
