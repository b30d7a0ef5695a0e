"""A worker's entry in Redis, by which the scheduler finds it; it lapses by itself when the worker dies.

Two keys, written together by one script under Redis' clock:

- `fleet:worker:<id>`: JSON `{worker_id, url, models, capacity, running, memory_bytes, engine_kind,
  started_at}`, TTL 6 s;
- `fleet:workers`: a ZSET of worker ids scored by the moment (unix milliseconds, Redis' clock) at which they lapse.

A reader takes `ZRANGEBYSCORE fleet:workers <now> +inf` (now from `TIME`) and `MGET`s the entries; an id whose
entry is gone is no worker. One that was not there before says so on the channel `fleet:new`. `running` counts what
runs and waits: it is renewed with every change, and every 2 s.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

TTL_MS = 6000
HEARTBEAT_S = 2.0
WORKERS = "fleet:workers"
NEW = "fleet:new"

RENEW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local new = redis.call('EXISTS', KEYS[1]) == 0
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
if new then redis.call('PUBLISH', KEYS[3], ARGV[1]) end
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """What the scheduler reads."""

    worker_id: str
    url: str
    models: list[str]
    capacity: int
    running: int
    memory_bytes: int
    engine_kind: str
    started_at: str


class Registration:
    """Renews the entry until it is to end; then takes it back."""

    def __init__(self, redis: Redis, entry: Callable[[], Entry]) -> None:
        self._redis = redis
        self._entry = entry
        self._changed = asyncio.Event()
        self._ending = False

    def load_changed(self) -> None:
        self._changed.set()

    def end(self) -> None:
        """Not by a cancel: Redis' client writes within `asyncio.wait_for`, which on Python 3.11 loses one that comes
        as the write is done."""
        self._ending = True
        self._changed.set()

    async def run(self) -> None:
        try:
            while not self._ending:
                self._changed.clear()
                await self._renew()
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await self._changed.wait()
                except TimeoutError:
                    continue
        finally:
            await self._withdraw()

    async def _renew(self) -> None:
        entry = self._entry()
        keys = f"fleet:worker:{entry.worker_id}", WORKERS, NEW
        try:
            await self._redis.eval(RENEW, len(keys), *keys, entry.worker_id, json.dumps(asdict(entry)), TTL_MS)
        except RedisError as error:
            # The worker goes on: the entry lapses, and comes back with Redis.
            log.warning("registration not renewed: %s", error)

    async def _withdraw(self) -> None:
        worker_id = self._entry().worker_id
        try:
            async with self._redis.pipeline() as pipe:
                pipe.delete(f"fleet:worker:{worker_id}")
                pipe.zrem(WORKERS, worker_id)
                await pipe.execute()
        except RedisError as error:
            log.warning("registration not withdrawn, it lapses by itself: %s", error)
        finally:
            await self._redis.aclose()
