"""The scripts of `processors.slots`, as the simulated Redis runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from events.jobs.slots import EPOCH
from processors.slots.scripts import ADOPT, CLEAR, PROLONG, PUT, READ, REMOVE, RENEW, STATE, TAKE

if TYPE_CHECKING:
    from tests.simulation.redis import RedisServer

RUN: Final = b"simulated"
"""The server's run id: it never restarts with what it knew."""
Script = Callable[[Sequence[Any], Sequence[Any]], Any]


def scripts(server: RedisServer) -> Mapping[str, Script]:
    """By their text; one that is not among them has no model yet."""
    slots = Scripts(server)
    return {
        TAKE: slots.take,
        PUT: slots.put,
        PROLONG: slots.prolong,
        READ: slots.read,
        REMOVE: slots.remove,
        ADOPT: slots.adopt,
        STATE: lambda *_: [RUN, server.get(EPOCH)],
        CLEAR: lambda *_: None,
        RENEW: slots.renew,
    }


class Scripts:
    def __init__(self, server: RedisServer) -> None:
        self.server = server

    def take(self, keys: Sequence[str], args: Sequence[Any]) -> list[int] | None:
        epoch, ttl_ms, freed = args[0], args[1], args[2]
        at, holders, wanted = 1, args[3 : 3 + freed], list(args[3 + freed :])
        for holder in holders:
            self.free(keys[at : at + 4], holder)
            at += 4
        if self.server.get(EPOCH) != _bytes(epoch):
            return None
        answers = []
        for key in keys[at:]:
            self._prune(key)
        while at < len(keys):
            answers.append(self.take_one(keys[at : at + 4], wanted[0], wanted[1:5], ttl_ms))
            at, wanted = at + 4, wanted[5:]
        return answers

    def free(self, keys: Sequence[str], holder: str) -> None:
        for key in keys:
            self._set(key).pop(_bytes(holder), None)

    def take_one(self, keys: Sequence[str], holder: str, caps: Sequence[int], ttl_ms: float) -> int:
        """0, or the number of the cap that is full."""
        for n, (key, cap) in enumerate(zip(keys, caps, strict=True)):
            held = self._set(key)
            if cap >= 0 and _bytes(holder) not in held and len(held) >= cap:
                return n + 1
        for key in keys:
            self._set(key)[_bytes(holder)] = self._now_ms() + ttl_ms
        return 0

    def put(self, keys: Sequence[str], args: Sequence[Any]) -> None:
        for n, key in enumerate(keys):
            holder, until = _bytes(args[1 + n // 4]), self._now_ms() + args[0]
            self._set(key)[holder] = max(until, self._set(key).get(holder, 0.0))

    def prolong(self, keys: Sequence[str], args: Sequence[Any]) -> None:
        for n, key in enumerate(keys):
            holder = _bytes(args[1 + n // 4])
            if holder in self._set(key):
                self._set(key)[holder] = max(self._set(key)[holder], self._now_ms() + args[0])

    def read(self, keys: Sequence[bytes], _args: Sequence[Any]) -> list[list[bytes]]:
        return [
            [part for holder, until in self._set(key).items() for part in (holder, b"%f" % (until - self._now_ms()))]
            for key in keys
        ]

    def remove(self, keys: Sequence[str | bytes], args: Sequence[Any]) -> int:
        gone = [self._set(key).pop(_bytes(holder), None) for key, holder in zip(keys, args, strict=True)]
        return sum(until is not None for until in gone)

    def adopt(self, _keys: Sequence[str], args: Sequence[Any]) -> bytes | None:
        if self.server.get(EPOCH) is None:
            self.server.set(EPOCH, _bytes(args[1]))
        return self.server.get(EPOCH)

    def renew(self, keys: Sequence[str], args: Sequence[Any]) -> int:
        """A holder never overwrites a newer lease than its own; how many tried to."""
        lease_ms, slot_ms, refused = args[0], args[1], 0
        for n in range(len(keys) // 5):
            lease, holder = args[2 + 2 * n], _bytes(args[3 + 2 * n])
            key, *sets = keys[5 * n : 5 * n + 5]
            held = self.server.get(key)
            if held is None or int(held) <= lease:
                self.server.set(key, b"%d" % lease, lease_ms / 1000)
                for name in sets:
                    until = self._set(name).get(holder, 0.0)
                    if until > self._now_ms():
                        self._set(name)[holder] = max(until, self._now_ms() + slot_ms)
            else:
                refused += 1
        return refused

    def _set(self, key: str | bytes) -> dict[bytes, float]:
        return self.server.scores.setdefault(key if isinstance(key, str) else key.decode(), {})

    def _prune(self, key: str) -> None:
        """What has lapsed goes."""
        self.server.scores[key] = {one: until for one, until in self._set(key).items() if until > self._now_ms()}

    def _now_ms(self) -> float:
        return self.server.clock() * 1000


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
