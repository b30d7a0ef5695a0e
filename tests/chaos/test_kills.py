"""Any process may be killed in the middle of a run: it comes back, and the run still ends right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.platform import Platform

pytestmark = [pytest.mark.servers, pytest.mark.slow]
SENTENCE = "generate a picture of a watch, animate it into a 2-second video, and add a voiceover"
TIMEOUT_S = 170
SERVERS = ("kafka", "mongod", "redis", "firestore")
PROCESSES = ("decider", "workers", "projectors", "gateway", "standins", "gpu-worker-1", "gpu-worker-2")


def status(platform: Platform) -> dict[str, Any]:
    shown = subprocess.run(
        [sys.executable, "-m", "studio.cli", "status", "--json"],
        env=platform.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer: dict[str, Any] = json.loads(shown.stdout)
    return answer


def kill(platform: Platform, name: str) -> None:
    pids = [process["pid"] for process in status(platform)["processes"] if process["name"] == name]
    assert len(pids) == 1, name
    os.kill(pids[0], signal.SIGKILL)


@pytest.mark.parametrize("victim", [*SERVERS, *PROCESSES])
def test_a_run_survives_the_kill_of(victim: str, platform: Platform, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "studio.cli", "run", SENTENCE, "--json", "--out", str(tmp_path)],
        env=platform.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        platform.wait_for_event("step_started")
        kill(platform, victim)
        out, err = running.communicate(timeout=TIMEOUT_S)
    assert running.returncode == 0, err
    answer = json.loads(out[out.index("{") :])
    assert answer["status"] == "succeeded"
    assert len(answer["files"]) >= 4
    jobs = platform.get(f"/v1/jobs?limit=100&session_id={answer['session_id']}")["items"]
    ends = Counter(job["status"] for job in jobs)
    assert ends == {"succeeded": 3}
