"""The local platform comes up, survives what is killed, and goes down without a trace."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import AsyncMongoClient
from typer.testing import CliRunner

from studio.cli import app
from studio.local import leftovers
from studio.local.platform import LocalPlatform, ProcessStatus
from studio.local.servers.server import NotReady, wait_until_ready
from studio.settings import Settings
from tests.servers import isolated_settings, quiet

pytestmark = pytest.mark.servers

SERVERS = {"kafka", "mongo", "redis", "firestore"}
DEATH_S = 10.0


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """A platform of this module's own, for these tests kill parts of it."""
    platform = LocalPlatform(isolated_settings(tmp_path_factory.mktemp("local")), with_us=True)
    yield platform
    asyncio.run(platform.down(quiet))


async def servers_of(local: LocalPlatform) -> dict[str, ProcessStatus]:
    return {row.name: row for row in await local.status() if row.kind == "server"}


def pids(local: LocalPlatform) -> set[int]:
    return {process.pid for process in leftovers.marked(local.layout.data_dir)}


async def remember(settings: Settings, text: str) -> None:
    assert settings.mongo_url is not None
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(settings.mongo_url)
    async with client:
        await client["probe"]["kept"].replace_one({"_id": text}, {"_id": text}, upsert=True)


async def remembers(settings: Settings, text: str) -> bool:
    assert settings.mongo_url is not None
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(settings.mongo_url)
    async with client:
        return await client["probe"]["kept"].find_one({"_id": text}) is not None


async def test_a_second_up_finds_the_first(local: LocalPlatform) -> None:
    first = await local.up(quiet, servers_only=True)
    before = pids(local)
    second = await local.up(quiet, servers_only=True)
    assert second == first
    assert pids(local) == before
    assert {name: row.ready for name, row in (await servers_of(local)).items()} == dict.fromkeys(SERVERS, True)


def test_status_tells_programs_of_every_process(local: LocalPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(local.up(quiet, servers_only=True))
    monkeypatch.setenv("STUDIO_DATA_DIR", str(local.layout.data_dir))
    result = CliRunner().invoke(app, ["status", "--json"])
    assert result.exit_code == 1, "the platform's own processes do not run here"
    status = json.loads(result.stdout)
    assert set(status) == {"processes", "url", "planner", "lag"}
    rows = {row["name"]: row for row in status["processes"] if row["kind"] != "platform"}
    assert set(rows) == {*SERVERS, "supervisord"}
    for row in rows.values():
        assert set(row) == {"name", "kind", "pid", "state", "ready", "restarts", "rss_bytes"}
        assert (row["state"], row["ready"], row["restarts"]) == ("running", True, 0)
        assert row["rss_bytes"] > 0


async def test_every_listener_is_on_this_machine_only(local: LocalPlatform) -> None:
    await local.up(quiet, servers_only=True)
    listening = {
        (name, connection.laddr.ip.removeprefix("::ffff:"))
        for name, row in (await servers_of(local)).items()
        for connection in psutil.Process(row.pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {(name, "127.0.0.1") for name in SERVERS}


async def test_servers_that_are_named_are_used(local: LocalPlatform, tmp_path: Path) -> None:
    settings = await local.up(quiet, servers_only=True)
    named = isolated_settings(tmp_path).model_copy(
        update={
            "kafka_bootstrap": settings.kafka_bootstrap,
            "mongo_url": settings.mongo_url,
            "firestore_emulator": settings.firestore_emulator,
        }
    )
    guest = LocalPlatform(named, with_us=True)
    try:
        resolved = await guest.up(quiet, servers_only=True)
        assert set(await servers_of(guest)) == {"redis"}
        assert resolved.kafka_bootstrap == settings.kafka_bootstrap
        assert resolved.redis_url != settings.redis_url
    finally:
        await guest.down(quiet)


async def test_a_killed_server_comes_back_with_its_data(local: LocalPlatform) -> None:
    settings = await local.up(quiet, servers_only=True)
    await remember(settings, "before the kill")
    killed = (await servers_of(local))["mongo"]
    os.kill(killed.pid, signal.SIGKILL)

    async def back() -> None:
        row = (await servers_of(local))["mongo"]
        if row.pid == killed.pid or not row.ready:
            raise NotReady("mongod has not been started again")

    await wait_until_ready("mongo", back)
    row = (await servers_of(local))["mongo"]
    assert row.restarts == killed.restarts + 1
    assert await remembers(settings, "before the kill")


async def test_a_killed_supervisor_takes_everything_along_and_up_works_again(local: LocalPlatform) -> None:
    settings = await local.up(quiet, servers_only=True)
    await remember(settings, "before the crash")
    children = [psutil.Process(row.pid) for row in (await servers_of(local)).values()]
    supervisor = local.supervisor.pid()
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=DEATH_S)
    assert alive == []

    again = await local.up(quiet, servers_only=True)
    assert again == settings
    assert await remembers(again, "before the crash")


async def test_the_data_follow_a_server_to_another_port(local: LocalPlatform) -> None:
    settings = await local.up(quiet, servers_only=True)
    await remember(settings, "before the move")
    await local.down(quiet)
    local.layout.ports.unlink()

    moved = await local.up(quiet, servers_only=True)
    assert moved.mongo_url != settings.mongo_url
    assert moved.kafka_bootstrap != settings.kafka_bootstrap
    assert await remembers(moved, "before the move")


async def test_down_leaves_no_process(local: LocalPlatform) -> None:
    await local.up(quiet, servers_only=True)
    assert len(pids(local)) == len(SERVERS) + 1
    await local.down(quiet)
    assert pids(local) == set()
    assert await local.status() == []
