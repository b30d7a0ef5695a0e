"""The log as the command line reads it, on a real broker: the newest, what comes, and all of it as a file."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import orjson
import pytest

from events.log.admin import ensure
from events.log.clients import Record, producer
from events.topics import Topic
from studio.client.log import export, follow, newest, shown
from tests.servers import Servers

pytestmark = pytest.mark.servers


@pytest.fixture
async def topic(servers: Servers) -> str:
    """A topic of two partitions with ten records in order of time."""
    name = f"test.{uuid.uuid4().hex[:8]}"
    await ensure(servers.kafka_bootstrap, (Topic(name, 2, {}),))
    await send(servers, name, range(10))
    return name


async def send(servers: Servers, topic: str, numbers: range) -> None:
    sender = producer(servers.kafka_bootstrap)
    await sender.start()
    for n in numbers:
        await sender.send_and_wait(
            topic,
            orjson.dumps({"n": n}),
            key=b"org_A",
            partition=n % 2,
            timestamp_ms=1_700_000_000_000 + n,
            headers=[("ce_type", b"com.aistudio.jobs.queued.v1"), ("ce_subject", b"job_1")],
        )
    await sender.stop()


async def test_the_newest_are_the_last_over_all_partitions(servers: Servers, topic: str) -> None:
    found = await newest(servers.kafka_bootstrap, [topic], 3)
    assert [shown(record)["data"]["n"] for record in found] == [7, 8, 9]


async def test_an_export_holds_everything_in_order_of_each_partition(
    servers: Servers, topic: str, tmp_path: Path
) -> None:
    out = tmp_path / "log.jsonl"
    assert await export(servers.kafka_bootstrap, topic, out) == 10
    lines = [orjson.loads(text) for text in out.read_bytes().splitlines()]
    assert [one["data"]["n"] for one in lines if one["partition"] == 1] == [1, 3, 5, 7, 9]
    assert lines[0]["headers"] == {"ce_type": "com.aistudio.jobs.queued.v1", "ce_subject": "job_1"}
    assert lines[0]["key"] == "org_A"


async def test_following_shows_what_comes_and_ends_in_time(servers: Servers, topic: str) -> None:
    seen: list[int] = []
    came = asyncio.Event()

    def take(record: Record) -> None:
        seen.append(shown(record)["data"]["n"])
        came.set()

    following = asyncio.create_task(follow(servers.kafka_bootstrap, [topic], take, 60.0))
    for n in range(10, 100):
        if came.is_set():
            break
        await send(servers, topic, range(n, n + 1))
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    assert min(seen) >= 10
    await asyncio.wait_for(follow(servers.kafka_bootstrap, [topic], take, 0.1), 30)
