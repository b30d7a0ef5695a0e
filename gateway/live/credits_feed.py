"""Balances for open streams: a state, read again when the books of an organisation have moved."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from gateway.http.problems import Problem
from gateway.live.hub import Hub
from gateway.live.rings import Entry
from gateway.reads.reading import Reading

log = logging.getLogger(__name__)

AGAIN_S: Final = 1.0
"""Between two tries while the read models do not answer."""


class CreditsFeed:
    """Many entries in a row lead to one reading; who does not listen costs nothing."""

    def __init__(self, hub: Hub, reading: Reading, db: AsyncDatabase[dict[str, Any]]) -> None:
        self._hub = hub
        self._reading = reading
        self._balances = db["balances"]
        self._due: dict[str, dict[str, int]] = {}
        self._wake = asyncio.Event()
        hub.on_credits(self._moved)

    async def state(self, org_id: str) -> Entry:
        """The present balance, as a frame."""
        balance = await balance_of(self._balances.database, org_id)
        frame = ("credits.changed", {name: balance[name] for name in ("available", "reserved")})
        return Entry(None, 0, time.monotonic(), None, frame, rendered=True)

    async def run(self, stop: asyncio.Event) -> None:
        """Tells open streams until `stop` is set."""
        while not stop.is_set():
            self._wake.clear()
            if not self._due:
                await _either(self._wake, stop)
                continue
            due, self._due = self._due, {}
            try:
                while due:
                    org_id, position = next(iter(due.items()))
                    await self._tell(org_id, position)
                    del due[org_id]
            except PyMongoError as error:
                log.warning("balances cannot be read now: %r", error)
                self._due = due | self._due
                await _either(stop, within_s=AGAIN_S)

    async def _tell(self, org_id: str, position: dict[str, int]) -> None:
        try:
            await self._reading.reach(position)
        except Problem:
            log.warning("the read model is behind: a balance is shown late", extra={"org_id": org_id})
        self._hub.tell_org(org_id, await self.state(org_id))

    def _moved(self, org_id: str, position: dict[str, int]) -> None:
        if self._hub.listening(org_id):
            self._due[org_id] = position
            self._wake.set()


async def balance_of(db: AsyncDatabase[dict[str, Any]], org_id: str) -> dict[str, Any]:
    """`{available, reserved, spent, allocations}`; an organisation without entries has nothing."""
    found = await db["balances"].find_one({"_id": org_id})
    nothing: dict[str, Any] = {"available": 0, "reserved": 0, "spent": 0, "allocations": {}}
    return nothing if found is None else {name: found[name] for name in nothing}


async def _either(*events: asyncio.Event, within_s: float | None = None) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED, timeout=within_s)
    finally:
        for wait in waits:
            wait.cancel()
