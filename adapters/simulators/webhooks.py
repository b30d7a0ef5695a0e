"""Webhooks as providers send them, and as they should never be: twice, late, stale, forged."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import httpx

from adapters.providers.http import http_client
from adapters.simulators.behaviour import Behaviour

LATE_S: Final = 1.0
STALE_S: Final = 3600
TASKS_MAX: Final = 2000
TIMEOUT_S: Final = 10.0
log = logging.getLogger(__name__)

Message = Callable[[float], tuple[bytes, Mapping[str, str]]]
"""The body of this moment, and its headers."""


class Runs(Protocol):
    """What is announced: its behaviour, and when it starts and ends."""

    @property
    def behaviour(self) -> Behaviour: ...
    @property
    def starts_at(self) -> float: ...
    @property
    def ends_at(self) -> float: ...


class Webhooks:
    """One task for each call that asked for webhooks: one message when it starts, one when it has ended."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._client = http_client(timeout=httpx.Timeout(TIMEOUT_S))

    def announce(self, url: str, run: Runs, message: Message, *, start: bool = True) -> None:
        if len(self._tasks) >= TASKS_MAX:
            log.warning("too many webhooks under way")
            return
        task = asyncio.create_task(self._announce(url, run, message, start))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=TIMEOUT_S)
        await self._client.aclose()

    async def _announce(self, url: str, run: Runs, message: Message, start: bool) -> None:
        name = run.behaviour.name
        await asyncio.sleep(max(0.0, run.starts_at - time.time()))
        if start:
            await self._send(url, message)
        if name == "never":
            return
        await asyncio.sleep(max(0.0, run.ends_at - time.time()) + (LATE_S if name == "webhook_late" else 0.0))
        for _ in range(2 if name == "webhook_twice" else 1):
            await self._send(url, message)

    async def _send(self, url: str, message: Message) -> None:
        body, headers = message(time.time())
        try:
            await self._client.post(url, content=body, headers={"content-type": "application/json", **headers})
        except httpx.HTTPError as error:
            log.warning("a webhook was not delivered: %s", type(error).__name__)


def stamp(behaviour: Behaviour, now: float) -> str:
    """Seconds, as a signed message says when it was sent; an hour ago where it shall be stale."""
    return str(int(now) - (STALE_S if behaviour.name == "webhook_stale" else 0))
