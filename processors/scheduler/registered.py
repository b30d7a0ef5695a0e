"""Which workers are registered in Redis: looked at again and again, and at once when one says that it is new."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from processors.runners.together import before
from processors.scheduler.fleet import Worker

WORKERS: Final = "fleet:workers"
NEW: Final = "fleet:new"
"""The channel on which a worker says that it has registered."""
LOOK_EVERY_S: Final = 0.5
HEAR_FOR_S: Final = 1.0
HEAR_AGAIN_S: Final = 1.0

log = logging.getLogger(__name__)


class Registered:
    """`news` has what a look has found, once. While Redis is away the workers are those that there were."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._found: tuple[Worker, ...] | None = None
        self._before: frozenset[Worker] = frozenset()
        self._look_now = asyncio.Event()
        self._changed: Callable[[], None] = lambda: None

    def on_change(self, changed: Callable[[], None]) -> None:
        """Is called when a look has found other workers than the one before."""
        self._changed = changed

    def news(self) -> tuple[Worker, ...] | None:
        """None where nobody has looked since it was asked."""
        found, self._found = self._found, None
        return found

    async def look(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._look_now.clear()
            try:
                self._found = await registered(self._redis)
            except (RedisError, TimeoutError) as error:
                log.warning("workers cannot be read, they stay as they were: %s", error)
            else:
                self._tell_of(frozenset(self._found))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await before(stop, self._look_now.wait())

    async def listen(self, stop: asyncio.Event) -> None:
        """A free worker shall not idle until somebody happens to look. What is not heard is seen a little later."""
        while not stop.is_set():
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as heard:
                    await heard.subscribe(NEW)
                    self._look_now.set()  # for whoever came while nobody listened
                    while not stop.is_set():
                        if await heard.get_message(timeout=HEAR_FOR_S) is not None:
                            self._look_now.set()
            except (RedisError, TimeoutError, OSError) as error:
                log.warning("new workers cannot be heard of, they are looked for: %s", error)
                with suppress(TimeoutError):
                    async with asyncio.timeout(HEAR_AGAIN_S):
                        await stop.wait()

    def _tell_of(self, workers: frozenset[Worker]) -> None:
        if workers != self._before:
            self._before = workers
            self._changed()


async def registered(redis: Redis) -> tuple[Worker, ...]:
    """The workers whose entry has not lapsed, by Redis' clock."""
    seconds, micros = await redis.time()
    ids: list[bytes] = await redis.zrangebyscore(WORKERS, seconds * 1000 + micros // 1000, "+inf")  # type: ignore[assignment]
    if not ids:
        return ()
    entries: list[bytes | None] = await redis.mget([b"fleet:worker:" + worker_id for worker_id in ids])  # type: ignore[assignment]
    return tuple(worker for entry in entries if entry is not None and (worker := worker_of(entry)) is not None)


def worker_of(entry: bytes) -> Worker | None:
    """`{worker_id, models, capacity, …}`, as a worker registers itself; one that says it otherwise is none."""
    try:
        said = orjson.loads(entry)
        return Worker(str(said["worker_id"]), frozenset(map(str, said["models"])), int(said["capacity"]))
    except (ValueError, KeyError, TypeError) as error:
        log.warning("a worker's entry cannot be read: %r", error)
        return None
