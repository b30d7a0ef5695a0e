"""Any process may be killed in the middle of a run: it comes back, and the run still ends right."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.platform import Running
from tests.typing_line import command, environment, get, studio_json

pytestmark = [pytest.mark.servers, pytest.mark.slow]
SENTENCE = "generate a picture of a watch, animate it into a 2-second video, and add a voiceover"
TIMEOUT_S = 170
SERVERS = ("kafka", "mongo", "redis", "firestore")
PROCESSES = ("decider", "workers", "projectors", "gateway", "standins", "gpu-worker-1", "gpu-worker-2")


def kill(platform: Running, name: str) -> None:
    processes = studio_json(platform, "status")["processes"]
    (pid,) = (process["pid"] for process in processes if process["name"] == name)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("victim", [*SERVERS, *PROCESSES])
def test_a_run_survives_the_kill_of(victim: str, platform: Running, tmp_path: Path) -> None:
    before = get(platform, "/v1/credits")
    with subprocess.Popen(
        command("run", SENTENCE, "--out", str(tmp_path), "--timeout", str(TIMEOUT_S)),
        env=environment(platform),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        told = []
        for line in running.stdout:
            told.append(line)
            if "running" in line:
                kill(platform, victim)
                break
        told += running.stdout.readlines()
        returncode = running.wait(timeout=TIMEOUT_S)
    output = "".join(told)
    assert returncode == 0, output
    session = re.search(r"ses_\w+", output)
    assert session is not None, output
    (plan,) = get(platform, f"/v1/sessions/{session[0]}")["plans"]
    assert [step["status"] for step in plan["steps"]] == ["succeeded"] * 3
    after = get(platform, "/v1/credits")
    assert after["reserved"] == before["reserved"]
    assert after["spent"] - before["spent"] == sum(step["cost"] for step in plan["steps"])
