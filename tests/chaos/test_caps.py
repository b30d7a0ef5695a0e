"""Redis is flushed, killed and started again under load: never more runs at the provider than its caps allow."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from events.jobs.events import JobDispatched, JobSucceeded
from tests.chaos.stage import JOBS, OF_ORG, stage
from tests.redis import OwnRedis
from tests.servers import Servers

pytestmark = pytest.mark.servers
ROLES = ("decider", "scheduler", "dispatcher", "sweepers")


async def test_two_hundred_jobs_within_their_caps_while_redis_forgets_and_dies(
    servers: Servers, own_redis: OwnRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        stage(servers, own_redis, tmp_path, monkeypatch, *ROLES) as it,
        Redis.from_url(own_redis.url) as redis,
    ):
        jobs = await asyncio.gather(*(it.submit(n) for n in range(JOBS)))
        await it.until(JOBS // 8)
        await redis.flushall()
        await it.until(JOBS // 4)
        own_redis.dump()
        await it.until(JOBS // 2)
        own_redis.kill()
        own_redis.restore()
        await asyncio.to_thread(own_redis.start)
        await it.until(JOBS * 3 // 4)
        own_redis.kill()
        await asyncio.to_thread(own_redis.start)
        await it.until(JOBS)
        it.assert_within_the_caps()
        assert it.most() > OF_ORG, "what is to be held back must be there"
        assert {one.job_id for one in it.of_ours(JobSucceeded)} == set(jobs)
        assert len(it.of_ours(JobDispatched)) == JOBS == len(it.simulator.control.accepted)
