"""A process runs its roles until it is told to stop, and ends when one of them does."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys

import httpx
import pytest

from studio.local.ports import assign
from studio.processes.__main__ import UnknownRole, load, serve
from studio.processes.health import answer
from studio.processes.logs import ROLE, JsonLines
from studio.processes.process import Process
from studio.settings import PROJECT_ROOT, Settings

SETTINGS = Settings(process_name="probe", health_port=None, _env_file=None)
TIMEOUT_S = 30.0


async def until_stopped(_settings: Settings, process: Process) -> None:
    await process.stop.wait()


async def asks_to_stop(_settings: Settings, process: Process) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    await process.stop.wait()


async def fails(_settings: Settings, _process: Process) -> None:
    raise ConnectionError("the other side is gone")


async def ends(_settings: Settings, _process: Process) -> None:
    return


async def is_cancelled(_settings: Settings, _process: Process) -> None:
    raise asyncio.CancelledError


async def fails_while_stopping(_settings: Settings, process: Process) -> None:
    await process.stop.wait()
    raise ConnectionError("could not say goodbye")


async def test_an_orderly_stop_is_no_failure() -> None:
    assert await serve(SETTINGS, {"a": until_stopped, "b": asks_to_stop}) == 0


async def test_a_role_that_raises_takes_the_process_down(caplog: pytest.LogCaptureFixture) -> None:
    assert await serve(SETTINGS, {"steady": until_stopped, "broken": fails}) == 1
    crash = next(record for record in caplog.records if record.levelno == logging.CRITICAL)
    assert vars(crash)["task"] == "broken"
    assert crash.exc_info is not None
    assert "the other side is gone" in str(crash.exc_info[1])


async def test_a_role_that_just_ends_takes_the_process_down() -> None:
    assert await serve(SETTINGS, {"steady": until_stopped, "short": ends}) == 1


async def test_a_role_that_is_cancelled_takes_the_process_down() -> None:
    assert await serve(SETTINGS, {"steady": until_stopped, "cancelled": is_cancelled}) == 1


async def test_a_failure_while_stopping_shows_in_the_exit_code() -> None:
    assert await serve(SETTINGS, {"a": asks_to_stop, "b": fails_while_stopping}) == 1


async def test_health_and_metrics_are_served(tmp_path: os.PathLike[str]) -> None:
    port = assign(["health"], {})["health"]
    seen: dict[str, tuple[int, str]] = {}

    async def role(_settings: Settings, process: Process) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            while not seen:
                try:
                    early = await client.get("/readyz")
                    seen["early"] = (early.status_code, early.text)
                except httpx.ConnectError:
                    await asyncio.sleep(0)
            process.ready("role")
            for path in ("/readyz", "/healthz", "/metrics", "/other"):
                response = await client.get(path)
                seen[path] = (response.status_code, response.text)
        process.stop.set()

    settings = Settings(process_name="probe", health_port=port, data_dir=tmp_path, _env_file=None)
    async with asyncio.timeout(TIMEOUT_S):
        assert await serve(settings, {"role": role}) == 0
    assert {path: status for path, (status, _) in seen.items()} == {
        "early": 503,
        "/readyz": 200,
        "/healthz": 200,
        "/metrics": 200,
        "/other": 404,
    }
    assert "python_info" in seen["/metrics"][1]
    assert json.loads(seen["/healthz"][1])["process"] == "probe"


def test_a_process_is_ready_when_all_its_roles_are() -> None:
    process = Process("two", ["a", "b"])
    process.ready("a")
    assert answer(process, "/readyz")[0] == 503
    process.ready("b")
    assert answer(process, "/readyz")[0] == 200
    process.stop.set()
    assert answer(process, "/readyz")[0] == 503


def test_only_its_own_roles_can_become_ready() -> None:
    with pytest.raises(ValueError, match="no role"):
        Process("one", ["a"]).ready("b")


def test_every_start_has_an_instance_of_its_own() -> None:
    assert Process("p", []).instance != Process("p", []).instance


@pytest.mark.parametrize("role", ["no_such_role", "__main__", "process", "os.path"])
def test_an_unknown_role_is_named(role: str) -> None:
    with pytest.raises(UnknownRole, match=role):
        load(role)


def test_the_main_says_which_role_is_missing() -> None:
    command = [sys.executable, "-m", "studio.processes", "no_such_role"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT_ROOT, timeout=TIMEOUT_S)
    assert result.returncode == 2
    assert "no_such_role" in json.loads(result.stderr.splitlines()[-1])["message"]


def test_a_log_line_is_json_with_process_role_and_action() -> None:
    token = ROLE.set("dispatcher")
    try:
        record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": "sent %s", "args": ("it",)})
        record.action = "submit"
        line = json.loads(JsonLines("workers").format(record))
    finally:
        ROLE.reset(token)
    assert (line["process"], line["role"], line["action"]) == ("workers", "dispatcher", "submit")
    assert line["message"] == "sent it"
