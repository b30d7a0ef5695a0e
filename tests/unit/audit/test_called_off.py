"""A job that was called off before it was accepted has a note for its whole stream, and neither a life nor money."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from projections.audit.books import AVAILABLE, Book, Live
from projections.audit.ever import Ever
from projections.audit.faults import Fault
from projections.audit.pairs import Pairs
from tests.deciding import record
from tests.given import JOB, ORG

NOTE: dict[str, Any] = {"code": "called_off"}
ACCEPTED: dict[str, Any] = {"reserved": 0}


def rules(*events: tuple[str, int, dict[str, Any]], lives: bool = False) -> list[str]:
    """What is found in a job's events; `lives`: the organisation's books hold money for it."""
    said: list[Fault] = []
    book = Book(ORG, live={JOB: Live(100, AVAILABLE, None)} if lives else {})
    with Ever("t", "j") as ever:
        pairs = Pairs(said.append, ever)
        for offset, (name, version, members) in enumerate(events):
            value = orjson.dumps({"job_id": JOB, "org_id": ORG} | members)
            headers = {
                "ce_type": f"com.aistudio.jobs.{name}.v1", "ce_subject": JOB, "ce_orgid": ORG, "ce_commandid": "cmd_1",
                "ce_streamversion": str(version),
            }  # fmt: skip
            encoded = [(key, text.encode()) for key, text in headers.items()]
            pairs.event(record("events.jobs", offset, ORG.encode(), value, encoded))
        ever.finish([book], said.append)
    return [fault.rule for fault in said]


def test_the_note_alone_is_no_fault() -> None:
    assert rules(("note", 1, NOTE)) == []


@pytest.mark.parametrize("events", [(("note", 1, {"code": "stopped"}),), (("note", 2, NOTE),), (("note", 1, {}),)])
def test_any_other_note_of_a_job_that_was_never_accepted_is_one(events: Any) -> None:
    assert rules(*events) == ["not live"]


def test_an_acceptance_behind_it_is_one() -> None:
    assert rules(("note", 1, NOTE), ("accepted", 2, ACCEPTED)) == ["accepted twice"]
    assert rules(("note", 1, NOTE), ("accepted", 1, ACCEPTED), lives=True) == ["called off"]


def test_and_so_is_a_note_behind_the_acceptance() -> None:
    assert rules(("accepted", 1, ACCEPTED), ("note", 1, NOTE), lives=True) == ["job version"]
    assert "called off" in rules(
        ("accepted", 1, ACCEPTED), ("queued", 2, {}), ("failed", 3, {}), ("note", 1, NOTE), lives=True
    )


def test_a_job_is_called_off_once_and_what_follows_is_numbered_without_a_gap() -> None:
    assert rules(("note", 1, NOTE), ("note", 1, NOTE)) == ["once", "job version"]
    assert rules(("note", 1, NOTE), ("note", 3, {"code": "stopped"})) == ["job version"]
