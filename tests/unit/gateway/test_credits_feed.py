"""The feed of balances goes on when the read models do not answer."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from events.topics import EVENTS_CREDITS
from gateway.live.credits_feed import CreditsFeed
from gateway.live.hub import Hub
from gateway.reads.reading import Reading
from tests.unit.gateway.test_streams import Record

WITHIN_S = 10.0


class Heard(logging.Handler):
    """Counts what is logged."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self._left = wanted
        self.all = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self._left -= 1
        if self._left == 0:
            self.all.set()


async def test_a_balance_that_cannot_be_read_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.live.credits_feed.AGAIN_S", 0.01)
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=1)
    hub, stop, heard = Hub(), asyncio.Event(), Heard(2)
    logger = logging.getLogger("gateway.live.credits_feed")
    async with mongo:
        feed = CreditsFeed(hub, Reading(mongo["studio"], "none"), mongo["studio"])
        logger.addHandler(heard)
        try:
            with hub.org("org_A"):
                running = asyncio.ensure_future(feed.run(stop))
                hub.on_record(Record(EVENTS_CREDITS, 4, key=b"org_A"))
                waiting = asyncio.ensure_future(heard.all.wait())
                await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED, timeout=WITHIN_S)
                stop.set()
                await running
                assert waiting.done()
        finally:
            logger.removeHandler(heard)
