"""The fleet's adapter against a real worker process, found in a real Redis."""

from __future__ import annotations

import asyncio
import base64
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.media.probe import probe_now
from adapters.providers.download import Downloads
from adapters.providers.fleet.adapter import Fleet
from adapters.providers.fleet.directory import RedisDirectory
from events.ids import new_id
from processors.dispatcher.errors import InputRefused, WorkerGone
from processors.dispatcher.ports import Call, Handle, Progressed, RemoteFile, Stopped, Succeeded, Update
from tests.integration.test_gpu_worker import RunningWorker
from tests.servers import Servers

pytestmark = pytest.mark.servers
WITHIN_S = 40.0
SMALL = {"prompt": "red mug", "width": 320, "height": 180}
LONG = {"prompt": "sea at night", "duration_s": 30}


class Far:
    """A worker, and the adapter that found it."""

    def __init__(self, worker: RunningWorker, fleet: Fleet, downloads: Downloads) -> None:
        self.worker, self.fleet, self.downloads = worker, fleet, downloads

    def call(self, model: str, values: dict[str, Any]) -> Call:
        return Call(new_id("job"), 1, model, model, values, 60, worker="worker-t")

    async def updates(self, call: Call) -> list[Update]:
        taken = await self.fleet.submit(call)
        if not isinstance(taken, Handle):
            return [taken]
        async with asyncio.timeout(WITHIN_S), aclosing(self.fleet.watch(taken)) as updates:
            return [update async for update in updates]

    async def body(self, end: Update) -> bytes:
        assert isinstance(end, Succeeded)
        (output,) = end.outputs
        assert isinstance(output, RemoteFile)
        async with self.downloads(output) as chunks:
            return b"".join([chunk async for chunk in chunks])


@pytest.fixture
async def far(servers: Servers, tmp_path: Path) -> AsyncIterator[Far]:
    worker = RunningWorker(tmp_path, servers.redis_url)
    await worker.start()
    async with Redis.from_url(servers.redis_url) as redis:
        fleet, downloads = Fleet(RedisDirectory(redis)), Downloads()
        async with asyncio.timeout(WITHIN_S):
            while await redis.get("fleet:worker:worker-t") is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        yield Far(worker, fleet, downloads)
        await fleet.aclose()
        await downloads.aclose()
    if worker.process.poll() is None:
        await worker.stop()
    await worker.client.aclose()


async def test_pictures_become_films_and_a_dead_worker_is_gone(far: Far) -> None:
    picture = (await far.updates(far.call("local/picture", SMALL)))[-1]
    assert isinstance(picture, Succeeded)
    assert picture.engine == "local-cpu/picture"
    assert picture.engine_span is not None
    body = await far.body(picture)
    seen = probe_now(body)
    assert (seen.media_type, seen.width, seen.height) == ("image/png", 320, 180)

    inline = f"data:image/png;base64,{base64.b64encode(body).decode()}"
    motion = far.call("local/motion", {"image": inline, "duration_s": 1, "width": 320, "height": 180})
    updates = await far.updates(motion)
    fractions = [update.fraction for update in updates if isinstance(update, Progressed)]
    assert fractions
    assert fractions == sorted(fraction for fraction in fractions if fraction is not None)
    film = probe_now(await far.body(updates[-1]))
    assert (film.media_type, film.duration_s) == ("video/mp4", 1.0)

    with pytest.raises(InputRefused, match="prompt"):
        await far.fleet.submit(far.call("local/picture", {}))

    long = far.call("local/text-to-video", LONG)
    handle = await far.fleet.submit(long)
    assert isinstance(handle, Handle)
    await far.fleet.cancel(handle)
    assert (await far.updates(long))[-1] == Stopped("no")

    other = far.call("local/text-to-video", LONG)
    handle = await far.fleet.submit(other)
    assert isinstance(handle, Handle)
    async with aclosing(far.fleet.watch(handle)) as watched:
        assert isinstance(await anext(watched), Progressed)
        await far.worker.stop(signal.SIGKILL)
        with pytest.raises(WorkerGone):
            async for _ in watched:
                pass
