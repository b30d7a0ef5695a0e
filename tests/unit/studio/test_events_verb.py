"""How an event looks in one line, and which topics there are to ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from studio.cli import app
from studio.verbs.events import line, topic_names

EVENT = {
    "topic": "events.jobs",
    "partition": 0,
    "offset": 7,
    "at": "2026-01-01T12:00:01.250+00:00",
    "key": "org_A",
    "headers": {"ce_type": "com.aistudio.jobs.accepted.v1", "ce_subject": "job_1", "ce_streamversion": "1"},
    "data": {
        "job_id": "job_1",
        "model": "local/picture",
        "reserved": 500,
        "input": {"$sealed": {"kid": "k", "nonce": "", "ct": ""}},
        "price": [{"unit": "run", "quantity": "1", "unit_amount": 500, "amount": 500}],
    },
}


def test_an_event_is_one_line_without_sealed_words() -> None:
    said = line(EVENT).plain
    assert said.startswith("12:00:01.250 jobs     accepted             job_1@1 model=local/picture reserved=500 ")
    assert "input=‹sealed›" in said
    assert said.endswith("…")


def test_topics_have_short_names() -> None:
    assert topic_names(["jobs", "events.credits"]) == ["events.jobs", "events.credits"]
    assert "events.canvas" in topic_names(None)


def test_an_unknown_topic_is_refused_with_the_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("STUDIO_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    result = CliRunner().invoke(app, ["events", "tail", "-t", "weather"])
    assert result.exit_code == 1
    assert "weather" in result.stderr
    assert "credits" in result.stderr


def test_without_a_platform_there_is_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("STUDIO_KAFKA_BOOTSTRAP", raising=False)
    result = CliRunner().invoke(app, ["events", "tail", "--last", "1"])
    assert result.exit_code == 1
    assert "studio up" in result.stderr
