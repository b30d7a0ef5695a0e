"""Webhooks as providers send them, and as they should never be: twice, late, early, out of order, stale, forged."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import httpx
from fastapi import FastAPI

from adapters.providers.http import http_client
from adapters.simulators.behaviour import Behaviour

LATE_S: Final = 1.0
STALE_S: Final = 3600
TASKS_MAX: Final = 2000
SENT_MAX: Final = 10_000
TIMEOUT_S: Final = 10.0
log = logging.getLogger(__name__)

Message = Callable[[float], tuple[bytes, Mapping[str, str]]]
"""The body of this moment, and its headers."""


class Runs(Protocol):
    """What is announced: its behaviour, and when it starts and ends."""

    @property
    def id(self) -> str: ...
    @property
    def behaviour(self) -> Behaviour: ...
    @property
    def starts_at(self) -> float: ...
    @property
    def ends_at(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, and what its receiver said; None where it said nothing."""

    id: str
    status: int | None


class Webhooks:
    """Of each call that asked for them: one message when it starts, one when it has ended."""

    def __init__(self, *, signed: bool = True, start: bool = True) -> None:
        """Where nothing is signed, a forgery is sent to an address that was tampered with. Not all tell of starts."""
        self.sent: deque[Sent] = deque(maxlen=SENT_MAX)
        self._signed = signed
        self._start = start
        self._tasks: set[asyncio.Task[None]] = set()
        self._client = http_client(timeout=httpx.Timeout(TIMEOUT_S))

    async def announce(self, url: str, run: Runs, message: Message) -> None:
        """Before the create is answered: what comes early is taken when this returns, all else follows by itself."""
        if len(self._tasks) >= TASKS_MAX:
            log.warning("too many webhooks under way")
            return
        if run.behaviour.name == "webhook_early":
            await self._send(url, run, message)
        task = asyncio.create_task(self._announce(url, run, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=TIMEOUT_S)
        await self._client.aclose()

    async def _announce(self, url: str, run: Runs, message: Message) -> None:
        name = run.behaviour.name
        if name == "webhook_forged" and not self._signed:
            url = tampered(url)
        await asyncio.sleep(max(0.0, run.starts_at - time.time()))
        if self._start and name != "webhook_unordered":
            await self._send(url, run, message)
        if name == "never":
            return
        await asyncio.sleep(max(0.0, run.ends_at - time.time()) + (LATE_S if name == "webhook_late" else 0.0))
        for _ in range(2 if name == "webhook_twice" else 1):
            await self._send(url, run, message)
        if self._start and name == "webhook_unordered":
            await self._send(url, run, lambda _: message(run.starts_at))

    async def _send(self, url: str, run: Runs, message: Message) -> None:
        body, headers = message(time.time())
        status: int | None = None
        try:
            told = {"content-type": "application/json", **headers}
            status = (await self._client.post(url, content=body, headers=told)).status_code
        except httpx.HTTPError as error:
            log.warning("a webhook was not delivered: %s", type(error).__name__)
        self.sent.append(Sent(run.id, status))


def stamp(behaviour: Behaviour, now: float) -> str:
    """Seconds, as a signed message says when it was sent; an hour ago where it shall be stale."""
    return str(int(now) - (STALE_S if behaviour.name == "webhook_stale" else 0))


def tampered(url: str) -> str:
    """The same address with a token that we cannot have signed."""
    address = httpx.URL(url)
    return str(address.copy_set_param("t", f"{address.params.get('t', '')[:-4]}AAAA"))


def add_webhooks(app: FastAPI, webhooks: Webhooks) -> None:
    """They end with the app, and say what became of them."""
    app.state.webhooks = webhooks

    @app.get("/_control/webhooks")
    async def sent() -> list[dict[str, Any]]:
        return [asdict(one) for one in webhooks.sent]
