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
        return url_of(entry) if entry else None


def url_of(entry: bytes | str) -> str | None:
    """Anybody may register: an entry without an address is no worker."""
    try:
        return str(orjson.loads(entry)["url"]).rstrip("/")
    except (ValueError, KeyError, TypeError):
        return None
