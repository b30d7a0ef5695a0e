"""Held leases in the real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from events.ids import new_id
from events.jobs.slots import Slot
from processors.dispatcher.leases import LEASE_MS, REFUSED, Leases
from tests.servers import Servers

pytestmark = pytest.mark.servers


@pytest.fixture
async def redis(servers: Servers) -> AsyncIterator[Redis]:
    async with Redis.from_url(servers.redis_url) as client:
        yield client


@pytest.fixture
async def leases(redis: Redis) -> AsyncIterator[Leases]:
    stop = asyncio.Event()
    made = Leases(redis, renew_s=0.05)
    running = asyncio.create_task(made.run(stop))
    yield made
    stop.set()
    async with asyncio.timeout(5):
        await running


def attempt(job_id: str, lease: int) -> Slot:
    return Slot(job_id, lease, f"org_{job_id}", "acme", "m")


async def written(redis: Redis, job_id: str) -> Any:
    async with asyncio.timeout(10):
        while (value := await redis.get(f"lease:{job_id}")) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        return value


async def test_a_new_lease_is_written_at_once_and_lapses_by_itself(redis: Redis, leases: Leases) -> None:
    job_id = new_id("job")
    with leases.held(attempt(job_id, 3)):
        assert await written(redis, job_id) == b"3"
        assert 0 < await redis.pttl(f"lease:{job_id}") <= LEASE_MS


async def test_what_is_held_is_renewed_and_what_is_not_is_left_to_lapse(redis: Redis, leases: Leases) -> None:
    kept, left = new_id("job"), new_id("job")
    with leases.held(attempt(kept, 1)):
        with leases.held(attempt(left, 1)):
            await written(redis, left)
        await written(redis, kept)
        await redis.delete(f"lease:{kept}", f"lease:{left}")
        assert await written(redis, kept) == b"1"
        assert await redis.get(f"lease:{left}") is None


async def test_an_older_holder_never_overwrites_a_newer_lease(redis: Redis, leases: Leases) -> None:
    job_id, other = new_id("job"), new_id("job")
    await redis.set(f"lease:{job_id}", 5, px=LEASE_MS)
    before = REFUSED._value.get()
    with leases.held(attempt(job_id, 4)), leases.held(attempt(other, 1)):
        await written(redis, other)
        assert await redis.get(f"lease:{job_id}") == b"5"
        async with asyncio.timeout(10):
            while REFUSED._value.get() == before:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
