"""The demo as a newcomer runs it: a sentence through the command line, and the files probed by decoding them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.platform import Running
from tests.probing import probe_media
from tests.typing_line import credits_once, get, studio, studio_json

pytestmark = pytest.mark.servers
SENTENCE = "generate a product image, animate it into a 5-second video, and add a voiceover"
HAIKU = "write a haiku about rain, read it aloud, and make a picture for it"


def files(answer: dict[str, Any], media_type: str) -> list[Path]:
    return [Path(file["path"]) for file in answer["files"] if file["media_type"].startswith(media_type)]


def test_the_main_sentence_becomes_three_real_results(platform: Running, tmp_path: Path) -> None:
    answer = studio_json(platform, "run", SENTENCE, "--out", str(tmp_path))
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


def test_every_credit_of_the_run_is_in_the_books(platform: Running, tmp_path: Path) -> None:
    before = credits_once(platform, reserved=0)
    answer = studio_json(platform, "run", "a picture of a green bottle", "--out", str(tmp_path))
    assert answer["cost"] > 0
    after = credits_once(platform, reserved=0, spent=before["spent"] + answer["cost"])
    assert before["available"] - after["available"] == answer["cost"]
    entries = get(platform, "/v1/credits/ledger?limit=200")["items"]
    assert sum(p["amount"] for entry in entries for p in entry["postings"] if p["account"] == "spent") == after["spent"]


def test_a_haiku_is_written_read_aloud_and_drawn(platform: Running, tmp_path: Path) -> None:
    answer = studio_json(platform, "run", HAIKU, "--out", str(tmp_path))
    assert answer["status"] == "succeeded"
    (text,) = files(answer, "text/plain")
    assert len(text.read_text().splitlines()) >= 3
    (voice,) = files(answer, "audio/")
    assert probe_media(voice).duration_s > 1
    assert files(answer, "image/png")


def test_a_prompt_that_asks_for_nothing_is_answered_in_words_and_costs_nothing(platform: Running) -> None:
    before = get(platform, "/v1/credits")
    ran = studio(platform, "run", "hello there")
    assert ran.returncode != 0
    assert "describe" in ran.stdout
    assert get(platform, "/v1/credits") == before
