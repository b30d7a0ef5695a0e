"""The scripts of `processors.slots`, as the simulated Redis runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from events.jobs.slots import EPOCH
from processors.slots.scripts import ADOPT, CLEAR, PUT, RENEW, STATE, TAKE

if TYPE_CHECKING:
    from tests.simulation.redis import RedisServer

RUN: Final = b"simulated"
"""The server's run id: it never restarts with what it knew."""
Script = Callable[[Sequence[str], Sequence[Any]], Any]


def scripts(server: RedisServer) -> Mapping[str, Script]:
    """By their text."""
    slots = _Scripts(server)
    return {
        TAKE: slots.take,
        PUT: slots.put,
        ADOPT: slots.adopt,
        STATE: lambda *_: [RUN, server.get(EPOCH)],
        CLEAR: lambda *_: None,
        RENEW: slots.renew,
    }


class _Scripts:
    def __init__(self, server: RedisServer) -> None:
        self._server = server

    def take(self, keys: Sequence[str], args: Sequence[Any]) -> list[int] | None:
        epoch, ttl_ms, freed = args[0], args[1], args[2]
        at, holders, wanted = 1, args[3 : 3 + freed], list(args[3 + freed :])
        for holder in holders:
            for key in keys[at : at + 4]:
                self._set(key).pop(_bytes(holder), None)
            at += 4
        if self._server.get(EPOCH) != _bytes(epoch):
            return None
        answers = []
        while at < len(keys):
            answers.append(self._take_one(keys[at : at + 4], wanted[0], wanted[1:5], ttl_ms))
            at, wanted = at + 4, wanted[5:]
        return answers

    def _take_one(self, keys: Sequence[str], holder: str, caps: Sequence[int], ttl_ms: float) -> int:
        for n, (key, cap) in enumerate(zip(keys, caps, strict=True)):
            held = self._live(key)
            if cap >= 0 and _bytes(holder) not in held and len(held) >= cap:
                return n + 1
        for key in keys:
            self._set(key)[_bytes(holder)] = self._now_ms() + ttl_ms
        return 0

    def put(self, keys: Sequence[str], args: Sequence[Any]) -> None:
        for n, key in enumerate(keys):
            holder, until = _bytes(args[1 + n // 4]), self._now_ms() + args[0]
            self._set(key)[holder] = max(until, self._set(key).get(holder, 0.0))

    def adopt(self, _keys: Sequence[str], args: Sequence[Any]) -> bytes | None:
        if self._server.get(EPOCH) is None:
            self._server.set(EPOCH, _bytes(args[1]))
        return self._server.get(EPOCH)

    def renew(self, keys: Sequence[str], args: Sequence[Any]) -> None:
        """A holder never overwrites a newer lease than its own."""
        lease_ms, slot_ms = args[0], args[1]
        for n in range(len(keys) // 5):
            lease, holder = args[2 + 2 * n], _bytes(args[3 + 2 * n])
            key, *sets = keys[5 * n : 5 * n + 5]
            held = self._server.get(key)
            if held is None or int(held) <= lease:
                self._server.set(key, b"%d" % lease, lease_ms / 1000)
                for name in sets:
                    if holder in self._live(name):
                        self._set(name)[holder] = self._now_ms() + slot_ms

    def _set(self, key: str) -> dict[bytes, float]:
        return self._server.scores.setdefault(key, {})

    def _live(self, key: str) -> dict[bytes, float]:
        """What has not lapsed; the rest goes."""
        live = {holder: until for holder, until in self._set(key).items() if until > self._now_ms()}
        self._server.scores[key] = live
        return live

    def _now_ms(self) -> float:
        return self._server.clock() * 1000


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
