"""Slots on a Redis that lapses, forgets, goes away and comes back with what was long ago."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from events.jobs.slots import EPOCH, Caps, Slot
from processors.slots.scripts import ADOPT
from processors.slots.slots import AT_ONCE, Full, Slots, SlotsUnknown
from tests.redis import OwnRedis

pytestmark = pytest.mark.servers
WITHIN_S = 30.0
ONE = Caps(org=1, org_api=None, provider=1, provider_api=None)
MANY = Caps(org=1000, org_api=None, provider=1000, provider_api=None)


def slot(job_id: str, lease: int = 1) -> Slot:
    return Slot(job_id, lease, "org_A", "acme", "m")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OwnRedis]:
    with OwnRedis(tmp_path) as running:
        yield running


@pytest.fixture
async def redis(server: OwnRedis) -> AsyncIterator[Redis]:
    async with Redis.from_url(server.url, socket_timeout=3.0, socket_connect_timeout=3.0) as client:
        yield client


@asynccontextmanager
async def running(slots: Slots, *held: Slot) -> AsyncIterator[Slots]:
    """Known, with what the log says is held."""
    stop = asyncio.Event()
    work = asyncio.create_task(slots.run(stop))
    await slots.look(lambda: held)
    yield slots
    stop.set()
    async with asyncio.timeout(WITHIN_S):
        await work


async def until_taken(slots: Slots, wanted: Slot, caps: Caps) -> None:
    async with asyncio.timeout(WITHIN_S):
        while await slots.take(wanted, caps) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_nobody_renews_is_free_by_itself(redis: Redis) -> None:
    async with running(Slots(redis, slot_ms=300, settle_s=0)) as slots:
        assert await slots.take(slot("a"), ONE) is None
        assert await slots.take(slot("b"), ONE) == Full("org")
        await until_taken(slots, slot("b"), ONE)


async def test_what_is_released_is_free_for_whatever_is_taken_after_it(redis: Redis) -> None:
    async with running(Slots(redis, settle_s=0)) as slots:
        assert await slots.take(slot("a"), ONE) is None
        slots.release(slot("a"))
        assert await slots.take(slot("b"), ONE) is None


async def test_nobody_frees_the_slot_of_another_attempt(redis: Redis) -> None:
    async with running(Slots(redis, settle_s=0)) as slots:
        assert await slots.take(slot("a", 2), ONE) is None
        slots.release(slot("a", 1))
        assert await slots.take(slot("b"), ONE) == Full("org")


async def test_many_at_a_time_are_one_round_trip(redis: Redis) -> None:
    async with running(Slots(redis, settle_s=0)) as slots:
        await slots.take(slot("first, with the text of the script"), MANY)
        await redis.config_resetstat()
        await asyncio.gather(*(slots.take(slot(f"j{n}"), MANY) for n in range(AT_ONCE)))
        assert (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"] == 1


async def test_two_schedulers_share_the_caps(redis: Redis) -> None:
    async with running(Slots(redis, settle_s=0)) as one, running(Slots(redis, settle_s=0)) as other:
        caps = Caps(org=7, org_api=None, provider=5, provider_api=None)
        asked = [client.take(slot(f"j{n}"), caps) for n in range(20) for client in (one, other)]
        answers = await asyncio.gather(*asked)
        assert answers.count(None) == 2 * 5, "each of five jobs, by both: the same attempt is the same slot"
        assert await redis.zcard(slot("j").keys[2]) == 5


async def test_what_redis_forgot_is_not_free_until_it_is_told_again(redis: Redis) -> None:
    async with running(Slots(redis, settle_s=0)) as slots:
        assert await slots.take(slot("a"), ONE) is None
        await redis.flushall()
        with pytest.raises(SlotsUnknown):
            await slots.take(slot("b"), ONE)
        await slots.look(lambda: (slot("a"),))
        assert await slots.take(slot("b"), ONE) == Full("org")


async def test_what_was_taken_before_has_time_to_come_onto_the_log(redis: Redis) -> None:
    async with running(Slots(redis, settle_s=0)) as other:
        late = Slots(redis, settle_s=3600)
        await redis.flushall()
        await late.look(tuple)
        assert not late.known
        await other.look(tuple)
        await late.look(tuple)
        assert late.known, "another one has waited for it"


async def test_who_has_not_put_what_it_knows_since_redis_forgot_takes_nothing(redis: Redis) -> None:
    async with running(Slots(redis, settle_s=0)) as one, running(Slots(redis, settle_s=0)) as other:
        await redis.flushall()
        await one.look(tuple)
        with pytest.raises(SlotsUnknown):
            await other.take(slot("a"), ONE)
        await other.look(lambda: (slot("b"),))
        assert await one.take(slot("a"), ONE) == Full("org")


async def test_without_redis_nothing_is_taken_and_with_it_all_goes_on(redis: Redis, server: OwnRedis) -> None:
    async with running(Slots(redis, settle_s=0)) as slots:
        server.kill()
        with pytest.raises(SlotsUnknown):
            await slots.take(slot("a"), ONE)
        await slots.look(tuple)
        assert not slots.known
        server.start()
        await slots.look(lambda: (slot("b"),))
        assert await slots.take(slot("a"), ONE) == Full("org")


async def test_an_old_dump_is_no_knowledge(redis: Redis, server: OwnRedis) -> None:
    async with running(Slots(redis, settle_s=0)) as slots:
        assert await slots.take(slot("old"), MANY) is None
        await asyncio.sleep(1.1)  # the server tells its age in whole seconds
        server.dump()
        slots.release(slot("old"))
        assert await slots.take(slot("new"), MANY) is None
        server.kill()
        server.restore()
        server.start()
        await redis.connection_pool.disconnect()
        assert await redis.get(EPOCH) is not None
        with pytest.raises(SlotsUnknown):
            await slots.take(slot("other"), MANY)
        await slots.look(lambda: (slot("new"),))
        assert slots.known
        assert await redis.zrange(slot("new").keys[0], 0, -1) == [b"new.1"]


async def test_a_server_that_comes_while_slots_are_put_knows_nothing(redis: Redis, server: OwnRedis) -> None:
    run = (await redis.info("server"))["run_id"]
    server.kill()
    server.start()
    await redis.connection_pool.disconnect()
    assert await redis.register_script(ADOPT)(keys=[EPOCH], args=[run, f"{run}:mine"]) is None
    assert await redis.get(EPOCH) is None
