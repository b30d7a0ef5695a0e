"""A worker that registers is heard of at once, in the real Redis; one that was not heard is seen a little later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gpu_workers.registration import Entry, Registration
from processors.runners.together import together
from processors.scheduler import registered
from processors.scheduler.fleet import Worker
from processors.scheduler.registered import NEW, Registered
from tests.redis import OwnRedis

pytestmark = pytest.mark.servers
WITHIN_S = 20.0
NEVER_S = 3600.0


@asynccontextmanager
async def worker(redis: OwnRedis, name: str) -> AsyncIterator[None]:
    entry = Entry(name, "http://127.0.0.1:1", ["local/picture"], 1, 0, 1, "local-cpu", "")
    client = Redis.from_url(redis.url)
    registration = Registration(client, lambda: entry)
    registering = asyncio.create_task(registration.run())
    yield
    registration.end()
    async with asyncio.timeout(WITHIN_S):
        await registering


@asynccontextmanager
async def kept(redis: OwnRedis, *, listening: bool) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Yields once somebody has looked, and listens if that is asked for, what waits until a worker is told of."""
    async with Redis.from_url(redis.url, socket_timeout=0.5) as client:
        found, changed, stop = Registered(client), asyncio.Event(), asyncio.Event()
        found.on_change(changed.set)
        runs = (found.look, found.listen) if listening else (found.look,)
        running = asyncio.create_task(together(stop, *runs))

        async def told(name: str) -> None:
            async with asyncio.timeout(WITHIN_S):
                await changed.wait()
            assert found.news() == (Worker(name, frozenset({"local/picture"}), 1),)

        async with asyncio.timeout(WITHIN_S):
            await changed_once(found)
            if listening:
                await listened_to(client)
        yield told
        stop.set()
        await running


async def changed_once(found: Registered) -> None:
    while found.news() is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def listened_to(client: Redis) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            with suppress(RedisError):
                if (NEW.encode(), 1) in await client.pubsub_numsub(NEW):
                    return
            await asyncio.sleep(0.01)


@pytest.fixture
def nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Again."""
    monkeypatch.setattr(registered, "LOOK_EVERY_S", NEVER_S)


@pytest.mark.usefixtures("nobody_looks")
async def test_one_that_registers_is_told_of_though_nobody_looks(own_redis: OwnRedis) -> None:
    async with kept(own_redis, listening=True) as told, worker(own_redis, "w1"):
        await told("w1")


@pytest.mark.usefixtures("nobody_looks")
async def test_so_it_is_after_redis_was_away(own_redis: OwnRedis) -> None:
    async with kept(own_redis, listening=True) as told:
        own_redis.kill()
        await asyncio.to_thread(own_redis.start)
        async with Redis.from_url(own_redis.url) as client:
            await listened_to(client)
        async with worker(own_redis, "w1"):
            await told("w1")


async def test_one_that_nobody_heard_is_seen(own_redis: OwnRedis) -> None:
    async with kept(own_redis, listening=False) as told, worker(own_redis, "w1"):
        await told("w1")
