"""Servers that the environment names: who does not answer is told of at once, and what to do about it at the end."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from studio.cli import app
from studio.local import named
from studio.local.layout import Layout
from studio.local.named import PATIENCE, Named, Patience, named_servers, reach
from studio.local.readiness import StartFailed
from studio.local.servers.server import NotReady
from studio.settings import Settings
from tests.servers import isolated_settings

CLI = CliRunner()


class Told:
    """What a person who waits has heard, and when."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, name: str, what: str) -> None:
        self.lines.append(f"{name}: {what}")


async def dead() -> None:
    raise NotReady("it is dead")


async def there() -> None:
    pass


async def nonsense() -> None:
    raise ValueError("this is no address")


def server(name: str, check: Any, address: str = "10.0.0.1:1") -> Named:
    return Named(name, f"STUDIO_{name.upper()}", address, check)


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as other:
        return int(other.getsockname()[1])


@pytest.fixture
def mute_port() -> Iterator[int]:
    """Takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


def test_a_person_is_told_within_three_seconds() -> None:
    assert PATIENCE.tell_after_s <= 3 < PATIENCE.give_up_after_s <= 60


async def test_what_does_not_answer_is_named_while_it_is_tried_and_at_the_end() -> None:
    told, servers = Told(), [server("kafka", dead), server("redis", there)]
    with pytest.raises(StartFailed) as failed:
        await reach(servers, told, Patience(0.01, 0.02, 0.2))
    assert len(told.lines) > 2
    assert told.lines[0].startswith("kafka: no answer from 10.0.0.1:1 (STUDIO_KAFKA) yet")
    assert not [line for line in told.lines if "redis" in line]
    assert "10.0.0.1:1 (STUDIO_KAFKA): it is dead" in str(failed.value)
    assert "unset STUDIO_KAFKA to have one started here; then: studio up" in str(failed.value)


async def test_one_that_comes_late_is_waited_for() -> None:
    comes_at, told = time.monotonic() + 0.3, Told()

    async def late() -> None:
        if time.monotonic() < comes_at:
            raise NotReady("not yet")

    await reach([server("mongo", late)], told, Patience(0.01, 10, 30))
    assert told.lines[-1] == "mongo: answers at 10.0.0.1:1"


async def test_what_cannot_even_be_asked_is_told_at_once() -> None:
    async with asyncio.timeout(10):
        with pytest.raises(StartFailed, match=r"\(STUDIO_REDIS\): this is no address"):
            await reach([server("redis", nonsense)], Told(), Patience(give_up_after_s=300))


def test_those_that_run_here_are_not_asked_and_no_password_is_shown() -> None:
    settings = Settings(
        _env_file=None,
        kafka_bootstrap="kafka:9092",
        mongo_url="mongodb://ann:secret@db:27017/?replicaSet=rs0",
        redis_url="redis://:secret@cache:6379/0",
    )
    found = {one.name: one.where for one in named_servers(settings, {"kafka"})}
    assert found == {
        "mongo": "mongodb://db:27017/?replicaSet=rs0 (STUDIO_MONGO_URL)",
        "redis": "redis://cache:6379/0 (STUDIO_REDIS_URL)",
    }
    assert named_servers(isolated_settings(Path("nowhere")), set()) == []


@pytest.mark.parametrize("port", ["closed_port", "mute_port"])
async def test_the_real_checks_end(port: str, request: pytest.FixtureRequest) -> None:
    at = f"127.0.0.1:{request.getfixturevalue(port)}"
    where = {
        "kafka_bootstrap": at,
        "mongo_url": f"mongodb://{at}/?replicaSet=rs0",
        "redis_url": f"redis://{at}/0",
        "firestore_emulator": at,
    }
    settings = Settings(_env_file=None).model_copy(update=where)
    async with asyncio.timeout(30):
        with pytest.raises(StartFailed) as failed:
            await reach(named_servers(settings, set()), Told(), Patience(give_up_after_s=0.1))
    for setting, address in where.items():
        assert f"{address} (STUDIO_{setting.upper()})" in str(failed.value)


def test_up_starts_nothing_where_one_is_dead(tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "PATIENCE", Patience(give_up_after_s=0.1))
    monkeypatch.setattr("studio.local.toolchain.ensure", lambda: None)
    monkeypatch.setattr("studio.local.prerequisites.ensure", lambda *_: None)
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("STUDIO_KAFKA_BOOTSTRAP", f"127.0.0.1:{closed_port}")
    result = CLI.invoke(app, ["up"])
    assert result.exit_code == 1
    assert f"127.0.0.1:{closed_port} (STUDIO_KAFKA_BOOTSTRAP)" in result.stderr
    assert not Layout(tmp_path / "data").addresses.exists()
