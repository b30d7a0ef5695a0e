"""Any process may be killed in the middle of a run: it comes back, and the run still ends right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from tenacity import Retrying, stop_after_delay, wait_fixed

from tests.platform import Running
from tests.typing_line import command, credits_once, environment, studio_json

pytestmark = [pytest.mark.servers, pytest.mark.slow]
SENTENCE = "generate a picture of a watch, animate it into a 2-second video, and add a voiceover"
TIMEOUT_S = 170
SERVERS = ("kafka", "mongo", "redis", "firestore")
PROCESSES = ("decider", "workers", "projectors", "gateway", "standins", "gpu-worker-1", "gpu-worker-2")


def settled(platform: Running) -> dict[str, int]:
    """The pid of each process once all are ready: what was killed before is back."""
    for attempt in Retrying(stop=stop_after_delay(TIMEOUT_S), wait=wait_fixed(0.5), reraise=True):
        with attempt:
            processes = studio_json(platform, "status")["processes"]
    return {process["name"]: process["pid"] for process in processes}


@pytest.mark.parametrize("victim", [*SERVERS, *PROCESSES])
def test_a_run_survives_the_kill_of(victim: str, platform: Running, tmp_path: Path) -> None:
    pid = settled(platform)[victim]
    before = credits_once(platform, reserved=0)
    with subprocess.Popen(
        command("run", SENTENCE, "--json", "--out", str(tmp_path), "--timeout", str(TIMEOUT_S)),
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
                os.kill(pid, signal.SIGKILL)
                break
        out, err = running.communicate(timeout=TIMEOUT_S)
    assert running.returncode == 0, "".join(told) + err + out
    answer = json.loads(out)
    assert [step["status"] for step in answer["steps"]] == ["succeeded"] * 3
    credits_once(platform, reserved=0, spent=before["spent"] + answer["cost"])
