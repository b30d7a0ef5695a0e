"""The demo as a newcomer runs it: a sentence through the command line, and the files probed by decoding them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.platform import Platform
from tests.probing import probe_media

pytestmark = pytest.mark.servers
SENTENCE = "generate a product image, animate it into a 5-second video, and add a voiceover"
HAIKU = "write a haiku about rain, read it aloud, and make a picture for it"
TIMEOUT_S = 120


def run(platform: Platform, prompt: str, out: Path) -> dict[str, Any]:
    """`studio run PROMPT --json`; fails unless the run succeeded."""
    ran = subprocess.run(
        [sys.executable, "-m", "studio.cli", "run", prompt, "--json", "--out", str(out)],
        env=platform.environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answer: dict[str, Any] = json.loads(ran.stdout[ran.stdout.index("{") :])
    return answer


def files(answer: dict[str, Any], media_type: str) -> list[Path]:
    return [Path(file["path"]) for file in answer["files"] if file["media_type"].startswith(media_type)]


def test_the_main_sentence_becomes_three_real_results(platform: Platform, tmp_path: Path) -> None:
    answer = run(platform, SENTENCE, tmp_path)
    assert (answer["status"], len(answer["steps"])) == ("succeeded", 3)
    assert answer["cost"] > 0

    (picture,) = files(answer, "image/png")
    with Image.open(picture) as image:
        assert image.size == (1280, 720)
        assert len(image.convert("RGB").getcolors(maxcolors=1 << 24) or ()) > 1_000

    silent, spoken = sorted((probe_media(path) for path in files(answer, "video/mp4")), key=lambda m: m.loudness)
    assert abs(silent.duration_s - 5) < 0.1
    assert silent.loudness == 0
    assert spoken.duration_s >= 4.9
    assert spoken.loudness > 0.01

    (voice,) = files(answer, "audio/")
    assert probe_media(voice).duration_s > 0.5
    assert probe_media(voice).loudness > 0.01


def test_every_credit_of_the_run_is_in_the_ledger(platform: Platform, tmp_path: Path) -> None:
    before = platform.get("/v1/credits")
    answer = run(platform, "a picture of a green bottle", tmp_path)
    after = platform.get(f"/v1/credits?after={answer['position']}" if "position" in answer else "/v1/credits")
    assert after["spent"] - before["spent"] == answer["cost"]
    assert before["available"] - after["available"] == answer["cost"]
    assert after["reserved"] == 0


def test_a_haiku_is_written_read_aloud_and_drawn(platform: Platform, tmp_path: Path) -> None:
    answer = run(platform, HAIKU, tmp_path)
    assert answer["status"] == "succeeded"
    (text,) = files(answer, "text/plain")
    assert len(text.read_text().splitlines()) >= 3
    (voice,) = files(answer, "audio/")
    assert probe_media(voice).duration_s > 1
    assert files(answer, "image/png")


def test_a_prompt_that_asks_for_nothing_is_answered_in_words_and_costs_nothing(platform: Platform) -> None:
    before = platform.get("/v1/credits")
    ran = subprocess.run(
        [sys.executable, "-m", "studio.cli", "run", "hello there", "--json"],
        env=platform.environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ran.returncode != 0
    assert platform.get("/v1/credits") == before
