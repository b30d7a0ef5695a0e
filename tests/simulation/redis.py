"""Redis, as far as the house uses it: keys with a time to live, sets by score, one script for each use. It may be
flushed, be away, or come back empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from redis.exceptions import ConnectionError as RedisAway

from processors.dispatcher.leases import RENEW

T = TypeVar("T")

if TYPE_CHECKING:
    from tests.simulation.world import Process


@dataclass(slots=True)
class RedisServer:
    """Its clock is its own; what has lapsed is not there."""

    clock: Callable[[], float]
    away_until: float = 0.0
    values: dict[str, tuple[bytes, float | None]] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    """Since when a key has had its present value without a break."""
    scores: dict[str, dict[bytes, float]] = field(default_factory=dict)
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)

    def flush(self) -> None:
        self.values.clear()
        self.scores.clear()
        self.hashes.clear()

    def get(self, key: str) -> bytes | None:
        value, until = self.values.get(key, (None, None))
        return None if until is not None and until <= self.clock() else value

    def set(self, key: str, value: bytes, ttl_s: float | None = None) -> None:
        if self.get(key) != value:
            self.since[key] = self.clock()
        self.values[key] = (value, None if ttl_s is None else self.clock() + ttl_s)

    def renew(self, keys: Sequence[str], args: Sequence[int]) -> None:
        """`processors.dispatcher.leases.RENEW`: a holder never overwrites a newer lease than its own."""
        ttl_ms, *leases = args
        for key, lease in zip(keys, leases, strict=True):
            held = self.get(key)
            if held is None or int(held) <= lease:
                self.set(key, b"%d" % lease, ttl_ms / 1000)


class RedisClient:
    """A process's connection."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._server = process.world.redis

    async def mget(self, keys: Sequence[str | bytes]) -> list[bytes | None]:
        names = [key if isinstance(key, str) else key.decode() for key in keys]
        return await self._call("mget", lambda: [self._server.get(name) for name in names])

    async def time(self) -> tuple[int, int]:
        now = await self._call("time", self._server.clock)
        return int(now), int(now % 1 * 1_000_000)

    async def zrangebyscore(self, key: str, low: float, _high: str) -> list[bytes]:
        def found() -> list[bytes]:
            return sorted(member for member, score in self._server.scores.get(key, {}).items() if score >= low)

        return await self._call("zrangebyscore", found)

    async def hset(self, key: str, field_: str, value: str) -> None:
        await self._call("hset", lambda: self._server.hashes.setdefault(key, {}).__setitem__(field_, value))

    async def hdel(self, key: str, field_: str) -> None:
        await self._call("hdel", lambda: self._server.hashes.get(key, {}).pop(field_, None))

    def register_script(self, script: str) -> Callable[..., Any]:
        scripts = {RENEW: self._server.renew}

        async def run(*, keys: Sequence[str], args: Sequence[Any]) -> Any:
            return await self._call("script", lambda: scripts[script](list(keys), list(args)))

        return run

    async def _call(self, what: str, effect: Callable[[], T]) -> T:
        def asked() -> T:
            if self._server.clock() < self._server.away_until:
                raise RedisAway("away")
            return effect()

        return await self._process.world.network.call(self._process, "redis", what, asked)
