"""The ticker on a real broker: state first, then every event since, and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from commands.ask import Unavailable
from events.envelope import Recorded
from events.log.table import CompactedTable
from processors.runners.decider import DeciderRunner
from processors.runners.ticker import Ticker
from tests.integration.runners.stage import stage
from tests.servers import Servers
from tests.unit.runners.toy import REGISTRY, Added, CurrentAccount, Toy

pytestmark = pytest.mark.servers


class Sums:
    """Keeps each account's amount; asks for a note when one reaches ten."""

    def __init__(self) -> None:
        self.amounts: dict[str, int] = {}
        self.events: list[int] = []
        self.told_ready = False
        self.ticks = 0

    def on_current(self, topic: str, key: str, value: CurrentAccount | None, now: datetime) -> Iterator[str]:
        assert now.tzinfo is not None
        self.amounts[key] = 0 if value is None else value.amount
        if self.told_ready and self.amounts[key] >= 10:
            yield f"{key} is rich"

    def on_event(self, recorded: Recorded, now: datetime) -> Iterator[str]:
        assert self.told_ready, "events come behind the state"
        if isinstance(recorded.data, Added):
            self.events.append(recorded.data.amount)
        yield from ()

    def tick(self, now: datetime) -> Iterator[str]:
        self.ticks += 1
        if self.ticks == 2:
            yield "second tick"

    def ready(self, now: datetime) -> Iterator[str]:
        self.told_ready = True
        yield f"ready with {sorted(self.amounts.items())}"


async def test_state_events_and_clock(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers.kafka_bootstrap, tmp_path, partitions=2) as it:
        stop = asyncio.Event()
        decider = DeciderRunner(
            it.bootstrap, Toy(it.names).decider, data_dir=tmp_path, instance_id="0", registry=REGISTRY, code="toy"
        )
        tasks = [asyncio.create_task(decider.run(stop))]
        await asyncio.wait_for(decider.ready(), 60)
        await it.open("a")
        await it.add("a", 4)
        await it.open("gone")
        await it.add("gone", 3)
        await it.add("gone", -3)

        core, performed, rich, refused = Sums(), list[Any](), asyncio.Event(), asyncio.Event()

        async def perform(effect: str) -> None:
            if effect == "a is rich" and not refused.is_set():
                refused.set()
                raise Unavailable("not now")
            performed.append(effect)
            if effect == "a is rich":
                rich.set()

        table = CompactedTable(it.bootstrap, it.names.current, CurrentAccount)
        ticker = Ticker(
            it.bootstrap,
            "sums",
            current={it.names.current: table},
            events=[it.names.accounts],
            core=core,
            perform=perform,
            interval_s=0.05,
            registry=REGISTRY,
        )
        tasks += [asyncio.create_task(table.run(stop)), asyncio.create_task(ticker.run(stop))]
        await asyncio.wait_for(ticker.ready(), 60)
        await it.add("a", 6)
        await asyncio.wait_for(rich.wait(), 60)
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 60)
    assert core.events == [6]
    assert "second tick" in performed
    [began] = [effect for effect in performed if effect.startswith("ready")]
    # A compacted topic may still hold the tombstone, or hold nothing of what is gone.
    assert began in ("ready with [('a', 4)]", "ready with [('a', 4), ('gone', 0)]")


async def test_what_perform_raises_ends_the_ticker(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers.kafka_bootstrap, tmp_path) as it:

        async def perform(_effect: str) -> None:
            raise KeyError("bug")

        table = CompactedTable(it.bootstrap, it.names.current, CurrentAccount)
        ticker = Ticker(
            it.bootstrap,
            "sums",
            current={it.names.current: table},
            events=[it.names.accounts],
            core=Sums(),
            perform=perform,
            interval_s=0.05,
            registry=REGISTRY,
        )
        stop = asyncio.Event()
        copying = asyncio.create_task(table.run(stop))
        with pytest.raises(KeyError):
            await asyncio.wait_for(ticker.run(asyncio.Event()), 60)
        stop.set()
        await asyncio.wait_for(copying, 60)
