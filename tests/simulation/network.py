"""The network: every call of a process to a server is one effect, which happens some time after it was sent.

Before it happens and before its answer arrives the caller may die; what is on its way then still arrives, or does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Protocol, TypeVar

from tests.simulation.loop import Owner, VirtualLoop

T = TypeVar("T")

FAST_S: Final = (0.0005, 0.004)
SLOW_S: Final = (0.05, 2.0)
ONE_AFTER_ANOTHER_S: Final = 1e-6
"""What a stalled server answers at once it answers in the order of each connection."""


class Caller(Owner, Protocol):
    """A process, as the network sees it."""

    name: str

    def die(self, why: str) -> None: ...


@dataclass(slots=True)
class Lane:
    """A connection: what is sent first arrives first."""

    free_at: float = 0.0


@dataclass(eq=False)
class Network:
    loop: VirtualLoop
    random: Random
    slow: float = 0.02
    """Share of calls that take long."""
    stalled_until: dict[str, float] = field(default_factory=dict)
    """Server → until when it answers nobody."""
    effects: int = 0
    late: Callable[[int], float] = lambda _number: 0.0
    """By how many seconds the effect of this number is put off."""
    before: Callable[[int, Caller, str], bool] = lambda _number, _caller, _what: True
    """Told of each effect before it happens; False: the caller has died of it, and the call is lost."""
    after: Callable[[int, Caller, str], None] = lambda _number, _caller, _what: None

    def latency(self) -> float:
        low, high = SLOW_S if self.random.random() < self.slow else FAST_S
        return low + (high - low) * self.random.random()

    async def call(
        self, caller: Caller, server: str, what: str, effect: Callable[[], T], *, lane: Lane | None = None
    ) -> T:
        """What the effect returns or raises, if the caller lives to see it."""
        if not caller.alive:
            raise asyncio.CancelledError
        answer: asyncio.Future[T] = self.loop.create_future()
        at = max(self.loop.time() + self.latency(), self.stalled_until.get(server, 0.0))
        if lane is not None:
            at = lane.free_at = max(at, lane.free_at + ONE_AFTER_ANOTHER_S)
        self.loop.call_at(at, self._arrive, answer, caller, f"{server}.{what}", effect, context=Context())
        return await answer

    def _arrive(self, answer: asyncio.Future[Any], caller: Caller, what: str, effect: Callable[[], Any]) -> None:
        if not caller.alive and self.random.random() < 0.5:
            return
        if caller.alive and (late_s := self.late(self.effects)) > 0.0:
            self.loop.call_later(late_s, self._arrive, answer, caller, what, effect, context=Context())
            return
        number, self.effects = self.effects, self.effects + 1
        if caller.alive and not self.before(number, caller, what):
            return
        result: Any = None
        failure: Exception | None = None
        try:
            result = effect()
        except Exception as error:  # noqa: BLE001 - the server's answer, whatever it is
            failure = error
        self.after(number, caller, what)
        self.loop.call_later(self.latency(), _answer, answer, result, failure, context=Context())


def _answer(answer: asyncio.Future[Any], result: Any, failure: Exception | None) -> None:
    if answer.done():
        return
    if failure is not None:
        answer.set_exception(failure)
        answer.exception()
    else:
        answer.set_result(result)
