"""A dispatcher that is paused past its lease and goes on ends no job and takes no money."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from events.credits.events import LedgerEntry
from events.jobs.events import JobRunning, JobSucceeded, LateResultRefused, LeaseExpired
from events.log.follower import Follower
from events.topics import EVENTS_CREDITS
from studio.local.ports import assign
from tests.chaos.stage import Stage, stage
from tests.integration.test_execution import Log
from tests.platform import process
from tests.redis import OwnRedis
from tests.servers import MASTER_KEY, Servers

pytestmark = [pytest.mark.servers, pytest.mark.slow]
EXPIRES_WITHIN_S = 60.0
"""Its lease lapses after 15 s, and is over on the log 20 s later."""


class Dispatchers:
    """Processes of their own, by name, which know the provider's simulator from the environment."""

    def __init__(self, servers: Servers, redis_url: str, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._environment = {
            **{one: it for one, it in os.environ.items() if one.startswith("STUDIO_PROVIDER_")},
            **{one: it for one, it in os.environ.items() if not one.startswith("STUDIO_")},
            "STUDIO_DATA_DIR": str(data_dir),
            "STUDIO_KAFKA_BOOTSTRAP": servers.kafka_bootstrap,
            "STUDIO_MONGO_URL": servers.mongo_url,
            "STUDIO_REDIS_URL": redis_url,
            "STUDIO_SERVER_SECRET": "secret",
            "STUDIO_MASTER_KEY": MASTER_KEY,
        }
        self._stack = ExitStack()

    def __enter__(self) -> Dispatchers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, name: str) -> int:
        """Its pid, once it takes jobs."""
        port = assign(["health"], {})["health"]
        one = process(name, ("dispatcher",), self._environment, port, self._data_dir)
        return self._stack.enter_context(one).running.pid


@asynccontextmanager
async def books(servers: Servers) -> AsyncIterator[Log]:
    log, stop = Log(), asyncio.Event()
    follower = Follower(servers.kafka_bootstrap, [EVENTS_CREDITS], on_record=log.take, name="test books")
    following = asyncio.create_task(follower.run(stop))
    await follower.ready()
    yield log
    stop.set()
    await following


async def until(it: Stage, kind: type, count: int = 1) -> None:
    async with asyncio.timeout(EXPIRES_WITHIN_S):
        while len(it.of_ours(kind)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_one_that_was_paused_past_its_lease_ends_nothing(
    servers: Servers, own_redis: OwnRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = ("decider", "scheduler", "sweepers")
    async with stage(servers, own_redis, tmp_path, monkeypatch, *roles) as it, books(servers) as ledger:
        with Dispatchers(servers, own_redis.url, tmp_path) as dispatchers:
            paused = await asyncio.to_thread(dispatchers.start, "dispatcher-a")
            job_id = await it.submit(0, slow_s=3)
            await until(it, JobRunning)
            os.kill(paused, signal.SIGSTOP)
            try:
                await until(it, LeaseExpired)
                await asyncio.to_thread(dispatchers.start, "dispatcher-b")
                await until(it, JobSucceeded)
            finally:
                os.kill(paused, signal.SIGCONT)
            await until(it, LateResultRefused)
        [expired], [refused], [done] = (it.of_ours(one) for one in (LeaseExpired, LateResultRefused, JobSucceeded))
        assert (expired.lease, refused.lease, done.lease) == (1, 1, 2)
        moved = Counter(
            one.data.kind for one in ledger.seen if isinstance(one.data, LedgerEntry) and one.data.job_id == job_id
        )
        assert moved == {"reserve": 1, "capture": 1}
        assert len(it.simulator.control.accepted) == 2
