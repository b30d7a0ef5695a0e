"""A time-out that costs little where something is waited for again and again and is hardly ever late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")


class Watch:
    """Over what one task waits for, one thing after the other; taken away when its block is left.

    `asyncio.timeout` sets a timer and takes it back each time, a tenth of what a streamed token costs. Here one timer
    is set, which looks again where it went off before its time; only a time before that one sets it anew.
    """

    def __init__(self) -> None:
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at = 0.0
        self._waiting: asyncio.Task[object] | None = None
        self._late = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def next(self, of: AsyncIterator[T], until: float) -> T | None:
        """The next one, None at the end. `until`: by the monotonic clock. Raises TimeoutError, also where `of` is never
        late itself: what comes without end is over at its time as well."""
        left, task = until - time.monotonic(), asyncio.current_task()
        if left <= 0 or task is None:
            raise TimeoutError
        cancels = task.cancelling()
        self._until, self._waiting = until, task
        if self._timer is None or until < self._looks_at:
            self._set(left)
        try:
            one = await anext(of, None)
        except asyncio.CancelledError as error:
            if self._late and task.uncancel() <= cancels:
                raise TimeoutError from error
            raise
        finally:
            self._waiting = None
        if self._late:  # what it waited for took no notice
            task.uncancel()
            raise TimeoutError
        return one

    def _look(self) -> None:
        self._timer = None
        if self._waiting is None:
            return
        if (left := self._until - time.monotonic()) > 0:
            self._set(left)
        else:
            self._late = True
            self._waiting.cancel()

    def _set(self, left: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._looks_at = asyncio.get_running_loop().call_later(left, self._look), self._until
