"""When a ticker ticks: by its interval, or at once when it is hurried."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from events.envelope import Recorded
from processors.runners.ticker import Ticker
from tests.serving import unused_address

ONCE_A_DAY_S = 86_400.0


class Ticks:
    """Says how often it was told of the time."""

    def __init__(self) -> None:
        self.told = 0

    def on_current(self, _topic: str, _key: str, _value: Any | None, _now: datetime) -> Iterable[int]:
        return ()

    def on_event(self, _recorded: Recorded, _now: datetime) -> Iterable[int]:
        return ()

    def ready(self, _now: datetime) -> Iterable[int]:
        return ()

    def tick(self, _now: datetime) -> Iterable[int]:
        self.told += 1
        return (self.told,)


async def test_a_tick_is_now_where_it_is_hurried() -> None:
    performed: asyncio.Queue[int] = asyncio.Queue()
    ticker: Ticker[int] = Ticker(
        unused_address(), "test", current={}, events=(), core=Ticks(), perform=performed.put, interval_s=ONCE_A_DAY_S
    )
    stop = asyncio.Event()
    running = asyncio.create_task(ticker.run(stop))
    async with asyncio.timeout(20):
        assert await performed.get() == 1
        ticker.hurry()
        assert await performed.get() == 2
        stop.set()
        await running
