"""Bounded hand-off: one task a message, order kept per key, urgent messages pass at once."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from commands.ask import Unavailable

log = logging.getLogger(__name__)

M = TypeVar("M")

RETRY_FIRST_S: Final = 0.2
RETRY_MAX_S: Final = 5.0


@dataclass(eq=False, slots=True)
class _Call(Generic[M]):
    key: str
    message: M
    urgent: bool
    superseded: bool = False
    """An urgent message of its key has taken its place: it need not be handled again."""


@dataclass(slots=True)
class _Places:
    """So many calls may run at once; `queue` are keys whose next message waits for one of these places."""

    most: int
    taken: int = 0
    queue: deque[str] = field(default_factory=deque)

    @property
    def free(self) -> bool:
        return self.taken < self.most


@dataclass(slots=True)
class _Lane(Generic[M]):
    """One key: what runs of it, and what waits its turn."""

    running: dict[_Call[M], asyncio.Task[None]] = field(default_factory=dict)
    waiting: deque[_Call[M]] = field(default_factory=deque)


class HandOff(Generic[M]):
    """Starts messages of one key in order, each once the one before it is finished.

    An urgent message starts at once, whatever the cap, and cancels its key's running call. Messages that are `apart`
    have `apart_max` places of their own: however many of them wait for something, the others find theirs. `handle` is
    bounded by its time-out; `Unavailable` is tried again in place; anything else that it raises is a failure.
    """

    def __init__(
        self,
        handle: Callable[[M], Awaitable[None]],
        *,
        in_flight_max: int,
        timeout_of: Callable[[M], float],
        finished: Callable[[M], None],
        failed: Callable[[BaseException], None],
        apart: Callable[[M], bool] = lambda _: False,
        apart_max: int = 1,
    ) -> None:
        self._handle = handle
        self._places = _Places(in_flight_max)
        self._places_apart = _Places(apart_max)
        self._apart = apart
        self._timeout_of = timeout_of
        self._finished = finished
        self._failed = failed
        self._lanes: dict[str, _Lane[M]] = {}
        self._backlog = 0
        self._closed = False

    @property
    def backlog(self) -> int:
        """Messages that were put in and are not finished."""
        return self._backlog

    @property
    def has_room(self) -> bool:
        """Whether a message of another key would start at once, unless it is one of those apart."""
        return self._places.free and not self._closed

    def put(self, key: str, message: M, *, urgent: bool = False) -> None:
        if self._closed:
            raise RuntimeError("drained already")
        self._backlog += 1
        lane = self._lanes.setdefault(key, _Lane())
        call = _Call(key, message, urgent)
        if urgent:
            for running, task in lane.running.items():
                running.superseded = True
                task.cancel()
            self._start(lane, call)
        else:
            lane.waiting.append(call)
            self._next(key, lane)

    async def drain(self, grace_s: float) -> None:
        """Starts nothing more, gives what runs some time, and cancels the rest, which stays unfinished."""
        self._closed = True
        tasks = [task for lane in self._lanes.values() for task in lane.running.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=grace_s)

    def _next(self, key: str, lane: _Lane[M]) -> None:
        """Starts the key's next message if it may; a key without messages is forgotten."""
        if lane.running or self._closed:
            return
        if not lane.waiting:
            self._lanes.pop(key, None)
        elif (places := self._places_of(lane.waiting[0])).free:
            self._start(lane, lane.waiting.popleft())
        else:
            places.queue.append(key)

    def _places_of(self, call: _Call[M]) -> _Places:
        return self._places_apart if self._apart(call.message) else self._places

    def _start(self, lane: _Lane[M], call: _Call[M]) -> None:
        if not call.urgent:
            self._places_of(call).taken += 1
        task = asyncio.create_task(self._run(call))
        lane.running[call] = task
        task.add_done_callback(lambda done: self._ended(lane, call, done))

    def _ended(self, lane: _Lane[M], call: _Call[M], task: asyncio.Task[None]) -> None:
        del lane.running[call]
        places = self._places_of(call)
        if not call.urgent:
            places.taken -= 1
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)
            return
        if not task.cancelled() or call.superseded:
            self._backlog -= 1
            self._finished(call.message)
        self._next(call.key, lane)
        while places.queue and places.free and not self._closed:
            key = places.queue.popleft()
            if (waiting := self._lanes.get(key)) is not None:
                self._next(key, waiting)

    async def _run(self, call: _Call[M]) -> None:
        pause = RETRY_FIRST_S
        while True:
            try:
                async with asyncio.timeout(self._timeout_of(call.message)):
                    await self._handle(call.message)
            except Unavailable as error:
                log.warning("tried again in %.1f s: %s", pause, error)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, RETRY_MAX_S)
            else:
                return
