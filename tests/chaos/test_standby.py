"""Two schedulers share the pools; one after the other is killed in the middle, and jobs go on within their caps."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from events.jobs.events import JobDispatched, JobSucceeded
from studio.local.ports import assign
from tests.chaos.stage import JOBS, Stage, stage
from tests.platform import process
from tests.redis import OwnRedis
from tests.servers import Servers

pytestmark = pytest.mark.servers


class Schedulers:
    """Processes of their own, by name."""

    def __init__(self, servers: Servers, redis: OwnRedis, data_dir: Path) -> None:
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")},
            "STUDIO_DATA_DIR": str(data_dir),
            "STUDIO_KAFKA_BOOTSTRAP": servers.kafka_bootstrap,
            "STUDIO_REDIS_URL": redis.url,
        }
        self._data_dir = data_dir
        self._stack = ExitStack()
        self._running: dict[str, process] = {}

    def __enter__(self) -> Schedulers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, name: str) -> None:
        """Returns once it is a member, with or without pools."""
        port = assign(["health"], {})["health"]
        one = process(name, ("scheduler",), self._environment, port, self._data_dir)
        self._running[name] = self._stack.enter_context(one)

    def kill(self, name: str) -> None:
        self._running[name].running.kill()
        self._running[name].running.wait()


@pytest.fixture
def schedulers(servers: Servers, own_redis: OwnRedis, tmp_path: Path) -> Iterator[Schedulers]:
    with Schedulers(servers, own_redis, tmp_path) as found:
        yield found


async def test_jobs_go_on_when_either_of_two_schedulers_is_killed(
    servers: Servers, own_redis: OwnRedis, schedulers: Schedulers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(schedulers.start, "scheduler-a")
    await asyncio.to_thread(schedulers.start, "scheduler-b")
    async with stage(servers, own_redis, tmp_path, monkeypatch, "decider", "dispatcher", "sweepers") as it:
        jobs = await asyncio.gather(*(it.submit(n) for n in range(JOBS)))
        await it.until(JOBS // 8)
        schedulers.kill("scheduler-a")
        await it.until(JOBS // 2)
        await asyncio.to_thread(schedulers.start, "scheduler-a")
        await it.until(JOBS * 5 // 8)
        schedulers.kill("scheduler-b")
        await it.until(JOBS)
        it.assert_within_the_caps()
        assert {one.job_id for one in it.of_ours(JobSucceeded)} == set(jobs)
        assert_dispatched_once(it, jobs)


def assert_dispatched_once(it: Stage, jobs: list[str]) -> None:
    assert sorted((one.job_id, one.lease) for one in it.of_ours(JobDispatched)) == sorted((job, 1) for job in jobs)
    assert len(it.simulator.control.accepted) == len(jobs)
