"""Redis, as far as the house uses it: keys with a time to live, sets by score, one script for each use. It may be
flushed, be away, or come back empty."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from redis.exceptions import ConnectionError as RedisAway

from processors.slots.scripts import READ, STATE
from tests.simulation.slots import scripts

T = TypeVar("T")
LOOKS: Final = (STATE, READ)
"""Scripts that change nothing."""

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

    async def scan_iter(self, match: str, **_: Any) -> AsyncIterator[bytes]:
        prefix = match.rstrip("*")
        for name in await self._call("scan", lambda: [one for one in self._server.scores if one.startswith(prefix)]):
            yield name.encode()

    async def hset(self, key: str, field_: str, value: str) -> None:
        await self._call("hset", lambda: self._server.hashes.setdefault(key, {}).__setitem__(field_, value))

    async def hdel(self, key: str, field_: str) -> None:
        await self._call("hdel", lambda: self._server.hashes.get(key, {}).pop(field_, None))

    def register_script(self, script: str) -> Callable[..., Any]:
        effect, name = scripts(self._server)[script], "look" if script in LOOKS else "script"

        async def run(*, keys: Sequence[str], args: Sequence[Any] = ()) -> Any:
            return await self._call(name, lambda: effect(list(keys), list(args)))

        return run

    async def _call(self, what: str, effect: Callable[[], T]) -> T:
        def asked() -> T:
            if self._server.clock() < self._server.away_until:
                raise RedisAway("away")
            return effect()

        return await self._process.world.network.call(self._process, "redis", what, asked)
