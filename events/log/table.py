"""A compacted topic as a table in memory: the present value of every key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, ItemsView, Sequence
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from events.log.clients import Record
from events.log.follower import Follower

log = logging.getLogger(__name__)

T = TypeVar("T")
Change = Callable[[str, T | None], Awaitable[None] | None]
"""Called with the key and its new value; None where it is gone. What it returns to await holds the next record back."""


class CompactedTable(Generic[T]):
    """The newest value of each key of a `current.*` topic. As large as the topic, and no larger."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        model: type[T] | Callable[[str, bytes], T],
        *,
        on_change: Change[T] | None = None,
    ) -> None:
        """`model` is the pydantic model of all values, or reads a value knowing its key."""
        self._decode = decoder(model)
        self._values: dict[str, T] = {}
        self._listeners: list[Change[T]] = [] if on_change is None else [on_change]
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._follower = Follower(bootstrap, [topic], on_record=self._apply, start="beginning", name=f"table {topic}")

    async def run(self, stop: asyncio.Event) -> None:
        """Keeps the table up to date until `stop` is set."""
        await self._follower.run(stop)

    async def ready(self) -> None:
        """Returns once the table holds what the topic held when `run` began."""
        await self._follower.ready()

    @property
    def position(self) -> dict[str, int]:
        return self._follower.position

    def get(self, key: str) -> T | None:
        return self._values.get(key)

    def items(self) -> ItemsView[str, T]:
        return self._values.items()

    def __len__(self) -> int:
        return len(self._values)

    def on_change(self, callback: Change[T]) -> None:
        """Calls back on every change from now on."""
        self._listeners.append(callback)

    async def wait_for(self, key: str, timeout_s: float, suits: Callable[[T], bool] = lambda _value: True) -> T | None:
        """The key's value, waiting for one that suits for at most `timeout_s`; None where none comes."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while (value := self._values.get(key)) is None or not suits(value):
            left_s = deadline - asyncio.get_running_loop().time()
            if left_s <= 0 or not await self._changed(key, left_s):
                return None
        return value

    async def _changed(self, key: str, timeout_s: float) -> bool:
        """Whether the key is given a value within the time."""
        appeared: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(key, set())
        waiting.add(appeared)
        try:
            done, _ = await asyncio.wait([appeared], timeout=timeout_s)
        finally:
            waiting.discard(appeared)
            if not waiting and self._waiting.get(key) is waiting:
                del self._waiting[key]
        return bool(done)

    def _apply(self, record: Record) -> Awaitable[None] | None:
        key = record.key.decode()
        if record.value is None:
            self._values.pop(key, None)
            return self._tell(key, None)
        value = self._decode(key, record.value)
        self._values[key] = value
        told = self._tell(key, value)
        for appeared in self._waiting.pop(key, ()):
            if not appeared.done():
                appeared.set_result(None)
        return told

    def _tell(self, key: str, value: T | None) -> Awaitable[None] | None:
        waits = [wait for listener in self._listeners if (wait := listener(key, value)) is not None]
        return _each(waits) if waits else None


async def _each(waits: Sequence[Awaitable[None]]) -> None:
    for wait in waits:
        await wait


def decoder(model: type[T] | Callable[[str, bytes], T]) -> Callable[[str, bytes], T]:
    """What reads a value of a compacted topic."""
    if isinstance(model, type):
        read = TypeAdapter[T](model).validate_json
        return lambda _key, value: read(value)
    return model
