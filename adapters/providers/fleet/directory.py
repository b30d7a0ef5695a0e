"""Where a worker is reached: its entry in Redis, which lapses by itself when the worker dies."""

from __future__ import annotations

from typing import Protocol

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from processors.dispatcher.errors import NotSent


class Directory(Protocol):
    async def url(self, worker: str) -> str | None:
        """None: no such worker, now."""
        ...


class RedisDirectory:
    """Reads `fleet:worker:<id>`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def url(self, worker: str) -> str | None:
        try:
            entry = await self._redis.get(f"fleet:worker:{worker}")
        except RedisError as error:
            raise NotSent("the directory of workers cannot be read") from error
        return str(orjson.loads(entry)["url"]).rstrip("/") if entry else None
