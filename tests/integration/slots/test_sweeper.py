"""The sweeper of slots on a real Redis: whatever is broken there is as the log has it again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from events.jobs.current import CurrentJob, Phase
from events.jobs.slots import Place, Slot, slot_of
from events.topics import CURRENT_JOBS
from processors.slots.table import SLOT_MS, SlotTable
from processors.sweepers.slots import GHOST_GRACE
from processors.sweepers.slots_ticking import LOOK_EVERY_S, MENDED, SlotSweeperTicks
from tests.redis import OwnRedis

pytestmark = pytest.mark.servers
START = datetime(2026, 1, 1, tzinfo=UTC)
GHOST = Slot("job_G", 1, "org_B", "other", "n")


def job(job_id: str, phase: Phase) -> CurrentJob:
    return CurrentJob(
        job_id=job_id, org_id="org_A", phase=phase, lease=1, priority="NORMAL", model="m", provider="acme",
        reserved=1, max_runtime_s=60, accepted_at="", deadline_at="",
    )  # fmt: skip


JOBS = (job("job_R", "running"), job("job_S", "stopping"), job("job_Q", "queued"))
LIVE = tuple(slot for one in JOBS if (slot := slot_of(one)) is not None)


class Stage:
    """`sweep` plays a sweeper for longer than any grace, on a clock of its own."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.table = SlotTable(redis)

    async def sweep(self) -> None:
        ticks = SlotSweeperTicks(self.table)
        for one in JOBS:
            ticks.on_current(CURRENT_JOBS, one.job_id, one, START)
        ticks.ready(START)
        now = START
        while now <= START + 2 * GHOST_GRACE:
            await ticks.read()
            for mend in ticks.tick(now):
                await ticks.perform(mend)
            now += timedelta(seconds=LOOK_EVERY_S)

    async def as_the_log_has_it(self) -> bool:
        found = await self.table.read()
        return found.keys() == {(key, slot.holder) for slot in LIVE for key in slot.keys}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    with OwnRedis(tmp_path) as server:
        async with Redis.from_url(server.url) as client:
            made = Stage(client)
            await made.table.put(LIVE)
            yield made


async def add_a_ghost(redis: Redis) -> None:
    await SlotTable(redis).put([GHOST])


async def add_a_ghost_for_ever(redis: Redis) -> None:
    await redis.zadd(LIVE[0].keys[2], {"nobody": 9e15})


async def take_a_slot_away(redis: Redis) -> None:
    for key in LIVE[0].keys:
        await redis.zrem(key, LIVE[0].holder)


async def take_one_place_away(redis: Redis) -> None:
    await redis.zrem(LIVE[1].keys[1], LIVE[1].holder)


async def flush(redis: Redis) -> None:
    await redis.flushall()


async def let_it_lapse(redis: Redis) -> None:
    for key in LIVE[1].keys:
        await redis.zadd(key, {LIVE[1].holder: 1})


@pytest.mark.parametrize(
    ("break_it", "what"),
    [
        (add_a_ghost, "remove"),
        (add_a_ghost_for_ever, "remove"),
        (take_a_slot_away, "put"),
        (take_one_place_away, "put"),
        (flush, "put"),
        (let_it_lapse, "put"),
    ],
)
async def test_what_was_broken_is_mended_and_counted(
    stage: Stage, break_it: Callable[[Redis], Awaitable[Any]], what: str
) -> None:
    assert await stage.as_the_log_has_it()
    await break_it(stage.redis)
    assert not await stage.as_the_log_has_it()
    before = MENDED.labels(what)._value.get()
    await stage.sweep()
    assert await stage.as_the_log_has_it()
    assert MENDED.labels(what)._value.get() > before


async def test_what_nobody_prolongs_is_prolonged(stage: Stage) -> None:
    await SlotTable(stage.redis, slot_ms=SLOT_MS // 2 - 1).put([GHOST])
    for key in LIVE[1].keys:
        await stage.redis.zrem(key, LIVE[1].holder)
    await SlotTable(stage.redis, slot_ms=SLOT_MS // 2 - 1).put([LIVE[1]])
    await stage.sweep()
    left: dict[Place, float] = await stage.table.read()
    assert min(left.values()) > SLOT_MS // 2
    assert await stage.as_the_log_has_it()


async def test_two_sweepers_do_what_one_does(stage: Stage) -> None:
    await add_a_ghost(stage.redis)
    await take_a_slot_away(stage.redis)
    await stage.sweep()
    once = await stage.table.read()
    await stage.sweep()
    assert (await stage.table.read()).keys() == once.keys()
    assert await stage.as_the_log_has_it()
