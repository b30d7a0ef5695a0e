"""An event loop of virtual time: the clock moves only when nobody can do anything, and every run is the same."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, Protocol

STEPS_MAX: Final = 200_000
"""Callbacks at one moment: more is a loop that waits for nothing."""


class Owner(Protocol):
    """Whose code a callback is: a frozen owner's callbacks wait, a dead one's are never run again."""

    alive: bool
    frozen: bool
    held_back: list[asyncio.Handle]


OWNER: ContextVar[Owner | None] = ContextVar("OWNER", default=None)


class Standstill(RuntimeError):
    """Nobody can ever do anything again, or somebody never waits."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs ready callbacks first come first served, then jumps to the next timer. Threads run in place."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._steps = 0
        self.tasks: list[asyncio.Task[Any]] = []
        """All there ever were: what a dead process leaves is closed at the end, not when memory is short."""
        self.broken: list[Exception] = []
        """What was raised where nobody can hear it: in a callback, not in a task."""
        self.set_task_factory(self._remembered)
        self.set_exception_handler(self._heard)

    def time(self) -> float:
        return self._now

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - as a thread's own
            done.set_exception(error)
        return done

    def _heard(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "handle" in context and isinstance(error := context.get("exception"), Exception):
            self.broken.append(error)

    def bury(self) -> None:
        """Closes what was cut off: nothing of it has any effect any more."""
        for task in self.tasks:
            if not task.done():
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                _close(task.get_coro())
        self.tasks.clear()
        self._ready.clear()  # type: ignore[attr-defined]
        self._scheduled.clear()  # type: ignore[attr-defined]
        self.close()

    def _remembered(self, loop: asyncio.AbstractEventLoop, coro: Any, context: Any = None) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, context=context)
        self.tasks.append(task)
        return task

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]
        if not ready:
            self._advance(scheduled, ready)
        self._steps += 1
        if self._steps > STEPS_MAX:
            raise Standstill(f"{STEPS_MAX} steps at {self._now:.3f} s")
        for _ in range(len(ready)):
            handle = ready.popleft()
            owner: Owner | None = handle._context.get(OWNER)
            if handle._cancelled or (owner is not None and not owner.alive):
                continue
            if owner is not None and owner.frozen:
                owner.held_back.append(handle)
            else:
                handle._run()

    def _advance(self, scheduled: list[Any], ready: Any) -> None:
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)._scheduled = False
        if not scheduled:
            raise Standstill(f"nothing will ever happen after {self._now:.3f} s")
        self._steps = 0
        self._timer_cancelled_count = 0
        self._now = max(self._now, scheduled[0]._when)
        while scheduled and scheduled[0]._when <= self._now:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            ready.append(handle)

    def _process_events(self, event_list: Any) -> None:
        """There is no selector."""

    def _write_to_self(self) -> None:
        """There is no selector."""


def _close(coro: Any) -> None:
    """From the innermost on. A coroutine that waits in its `finally` has to be closed once more for each time."""
    awaited = getattr(coro, "cr_await", None)
    if asyncio.iscoroutine(awaited):
        _close(awaited)
    for _ in range(20):
        try:
            coro.close()
        except BaseException:  # noqa: BLE001 - the dead have nothing to say
            continue
        return
