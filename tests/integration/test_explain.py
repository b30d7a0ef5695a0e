"""A line of the books after a real run, walked back along the log to the words that led to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platform import Running
from tests.typing_line import credits_once, get, studio, studio_json

pytestmark = pytest.mark.servers
SENTENCE = "generate a product image of a red teapot, and animate it into a 5-second video"


@pytest.fixture(scope="module")
def run(platform: Running, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run of two steps, of which the second waits for the first; its money has come to rest."""
    answer = studio_json(platform, "run", SENTENCE, "--out", str(tmp_path_factory.mktemp("files")))
    assert (answer["status"], len(answer["steps"])) == ("succeeded", 2)
    credits_once(platform, reserved=0)
    return answer


def captures(platform: Running, run: dict[str, Any]) -> list[dict[str, Any]]:
    """The captures of the run's steps, the last first."""
    lines = get(platform, "/v1/credits/ledger?kind=capture&expand=cause")["items"]
    return [line for line in lines if line["cause"].get("run_id") == run["run_id"]]


def test_a_capture_is_explained_from_the_words_to_the_books(platform: Running, run: dict[str, Any]) -> None:
    last, first = captures(platform, run)
    found = studio_json(platform, "credits", "explain", last["entry_id"])
    chain = found["chain"]
    assert [stop["kind"] for stop in chain] == [
        "message", "agent_call", "agent_call", "plan", "approval",
        "step", "job", "attempt", "provider_job", "file",
        "step", "job", "entry", "attempt", "provider_job", "file", "entry",
    ]  # fmt: skip
    assert chain[0]["title"] == SENTENCE
    assert chain[0]["actor"].startswith("key_")
    assert (chain[6]["id"], chain[11]["id"]) == (first["job_id"], last["job_id"])
    assert chain[-1]["id"] == last["entry_id"]
    assert {stop["topic"] for stop in chain} == {"events.canvas", "events.jobs", "events.credits"}
    assert [one["kind"] for one in found["siblings"]] == ["reserve", "capture"]
    assert sum(line["amount"] for line in found["job"]["bill"]) == found["job"]["captured"]


def test_what_caused_each_stop_stands_before_it(platform: Running, run: dict[str, Any]) -> None:
    """All that a person does here is to say the sentence: everything else leads back to it, stop by stop."""
    for line in captures(platform, run):
        told: set[str] = set()
        for stop in get(platform, f"/v1/credits/entries/{line['entry_id']}/explain")["chain"]:
            assert stop["kind"] == "message" or stop["causation_id"] in told, stop
            told |= {stop["event_id"], stop["id"]}


def test_each_line_names_the_step_and_the_words(platform: Running, run: dict[str, Any]) -> None:
    titles = {step["step_id"]: step["title"] for step in run["steps"]}
    for line in captures(platform, run):
        cause = line["cause"]
        assert cause["step_title"] == titles[cause["step_id"]]
        assert (cause["prompt"], cause["session_id"], cause["plan_id"]) == (SENTENCE, run["session_id"], run["plan_id"])
        assert cause["actor"].startswith("key_")


def test_words_that_a_person_said_are_found(platform: Running, run: dict[str, Any]) -> None:
    found = get(platform, "/v1/credits/ledger?q=red+TEAPOT+capture")["items"]
    assert [one["entry_id"] for one in found] == [one["entry_id"] for one in captures(platform, run)]


def test_the_terminal_shows_the_way(platform: Running, run: dict[str, Any]) -> None:
    last, _ = captures(platform, run)
    shown = studio(platform, "credits", "explain", last["entry_id"])
    assert shown.returncode == 0, shown.stderr
    words = " ".join(shown.stdout.split())
    for told in ("somebody said", "red teapot", last["job_id"], last["entry_id"], "captured", "reserve"):
        assert told in words
    unknown = studio(platform, "credits", "explain", "ent_nothing")
    assert unknown.returncode == 1
