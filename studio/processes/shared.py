"""Hosts what the roles of one process share: each part made when it is first asked for, ended after the last role."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final, TypeVar

END_WITHIN_S: Final = 10.0

T = TypeVar("T")


class Shared:
    """`failed` is told when a part ends that should go on."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._made: dict[str, asyncio.Future[Any]] = {}
        self._hosts: list[asyncio.Task[None]] = []
        self._end = asyncio.Event()

    async def close(self) -> None:
        """Ends all parts. Nobody may use them any more."""
        self._end.set()
        if self._hosts:
            await asyncio.wait(self._hosts, timeout=END_WITHIN_S)

    async def one(self, name: str, make: Callable[[], AbstractAsyncContextManager[T]]) -> T:
        """The part of this name, made at the first call. Raises what made it fail."""
        made: asyncio.Future[T] | None = self._made.get(name)
        if made is None:
            made = self._made[name] = asyncio.get_running_loop().create_future()
            host = asyncio.create_task(self._host(make, made), name=f"shared {name}")
            host.add_done_callback(partial(self._ended, made))
            self._hosts.append(host)
        return await asyncio.shield(made)

    async def _host(self, make: Callable[[], AbstractAsyncContextManager[T]], made: asyncio.Future[T]) -> None:
        """In a task of its own: a part that works like a task group cancels this body, and no role's."""
        async with make() as part:
            made.set_result(part)
            await self._end.wait()

    def _ended(self, made: asyncio.Future[T], host: asyncio.Task[None]) -> None:
        """What could not be made fails for the roles that asked; what was there and is gone fails the process."""
        error = asyncio.CancelledError() if host.cancelled() else host.exception()
        if error is not None and made.done():
            self._failed(error)
        elif error is not None:
            made.set_exception(error)
