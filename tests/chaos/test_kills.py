"""Any process may be killed in the middle of a run: it comes back, and the run still ends right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from tenacity import Retrying, stop_after_delay, wait_fixed

from studio.local.platform import LocalPlatform
from tests.platform import Running
from tests.servers import isolated_settings
from tests.typing_line import command, credits_once, environment, studio, studio_json

pytestmark = [pytest.mark.servers, pytest.mark.slow]
SENTENCE = "generate a picture of a watch, animate it into a 2-second video, and add a voiceover"
TIMEOUT_S = 170
DEATH_S = 10
SERVERS = ("kafka", "mongo", "redis", "firestore")
PROCESSES = ("decider", "workers", "projectors", "gateway", "standins", "gpu-worker-1", "gpu-worker-2")


def settled(platform: Running) -> dict[str, int]:
    """The pid of each process once all are ready: what was killed before is back."""
    for attempt in Retrying(stop=stop_after_delay(TIMEOUT_S), wait=wait_fixed(0.5), reraise=True):
        with attempt:
            processes = studio_json(platform, "status")["processes"]
    return {process["name"]: process["pid"] for process in processes}


def survived(platform: Running, folder: Path, strike: Callable[[], None]) -> None:
    """A run in whose first step there was a strike ends right, and so does its money."""
    before = credits_once(platform, reserved=0)
    with subprocess.Popen(
        command("run", SENTENCE, "--json", "--out", str(folder), "--timeout", str(TIMEOUT_S)),
        env=environment(platform),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        told = []
        for line in running.stderr:
            told.append(line)
            if "running" in line:
                strike()
                break
        out, err = running.communicate(timeout=TIMEOUT_S)
    assert running.returncode == 0, "".join(told) + err + out
    answer = json.loads(out)
    assert [step["status"] for step in answer["steps"]] == ["succeeded"] * 3
    credits_once(platform, reserved=0, spent=before["spent"] + answer["cost"])


@pytest.mark.parametrize("victim", [*SERVERS, *PROCESSES])
def test_a_run_survives_the_kill_of(victim: str, platform: Running, tmp_path: Path) -> None:
    pid = settled(platform)[victim]
    survived(platform, tmp_path, lambda: os.kill(pid, signal.SIGKILL))


def test_a_run_goes_on_when_all_is_started_again_after_the_supervisor_was_killed(
    platform: Running, tmp_path: Path
) -> None:
    """Everything dies with its supervisor, and what was accepted is not lost."""
    children = [psutil.Process(pid) for name, pid in settled(platform).items() if name != "supervisord"]

    supervisor = LocalPlatform(isolated_settings(platform.data_dir)).supervisor.pid()
    assert supervisor is not None

    def strike() -> None:
        os.kill(supervisor, signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=DEATH_S)
        assert alive == []
        started = studio(platform, "up", timeout_s=TIMEOUT_S)
        assert started.returncode == 0, started.stdout + started.stderr

    survived(platform, tmp_path, strike)
