"""The soak's own checks find what is planted for them: a check that cannot fail proves nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.envelope import Envelope, InputPosition, Recorded, StreamRef
from events.jobs.events import (
    AttemptBegun,
    JobAccepted,
    JobCancelled,
    JobDispatched,
    JobEvent,
    JobNote,
    JobQueued,
    JobSucceeded,
)
from events.topics import COMMANDS_ORGS, EVENTS_JOBS
from tests.chaos import invariants, oracle, script
from tests.chaos.aftermath import unlike
from tests.given import sealed

JOB: dict[str, Any] = {"job_id": "job_1", "org_id": "org_1"}
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ACCEPTED = JobAccepted(
    **JOB, model="m", provider="p", priority="LOW", input=sealed(), reserved=1, deadline_at=BEGAN.isoformat()
)
QUEUED = JobQueued(**JOB)
FIRST, SECOND = (
    JobDispatched(**JOB, lease=lease, provider="p", model="m", input=sealed(), max_runtime_s=9) for lease in (1, 2)
)
BEGUN = AttemptBegun(**JOB, lease=1, owner="o")
DONE, CANCELLED = JobSucceeded(**JOB, lease=1, outputs=(), captured=1), JobCancelled(**JOB, lease=1)
NOTE = JobNote(**JOB, code="stopped")


def recorded(event: JobEvent, version: int, *, command: str | None = None, at: int | None = None) -> Recorded:
    place = InputPosition(COMMANDS_ORGS, 0, version if at is None else at)
    envelope = Envelope(
        id=f"evt_{version}", type=event.ce_type(), time=BEGAN + timedelta(seconds=version),
        stream=StreamRef(EVENTS_JOBS, event.job_id), version=version, org_id=event.org_id, actor="test",
        command_id=command or f"cmd_{version}", input=place, correlation_id="c", causation_id="c",
    )  # fmt: skip
    return Recorded(envelope, event, 0, version)


def execution(began: float, ends: float, *, label: str = "a", token: str | None = None) -> oracle.Execution:
    return oracle.Execution("fal", "m", f"id{began}", token, label, began, ends)


def test_a_sound_job_has_no_faults() -> None:
    events: list[JobEvent] = [ACCEPTED, QUEUED, FIRST, BEGUN, DONE, NOTE]
    log = [recorded(event, version) for version, event in enumerate(events, start=1)]
    assert invariants.jobs(log) == {"job_1": events}
    assert [*invariants.unsound("job_1", events), *invariants.gaps(log), *invariants.decided_twice(log)] == []


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        ([ACCEPTED, QUEUED, FIRST, DONE, CANCELLED], "cancelled after its end"),
        ([ACCEPTED, QUEUED, FIRST, DONE, SECOND], "dispatched after its end"),
        ([ACCEPTED, QUEUED, SECOND, CANCELLED], "lease 2 follows 0"),
        ([ACCEPTED, QUEUED, FIRST, SECOND, DONE], "succeeded of attempt 1 in attempt 2"),
        ([ACCEPTED, QUEUED, FIRST], "has not ended"),
        ([QUEUED, DONE], "begins with queued"),
    ],
)
def test_an_unsound_job_is_named(events: list[JobEvent], fault: str) -> None:
    assert any(fault in found for found in invariants.unsound("job_1", events))


def test_a_gap_and_a_repetition_are_named() -> None:
    assert len(list(invariants.gaps([recorded(ACCEPTED, 1), recorded(DONE, 3)]))) == 1
    assert len(list(invariants.gaps([recorded(ACCEPTED, 1), recorded(ACCEPTED, 1)]))) == 1


def test_a_command_that_was_decided_twice_or_out_of_order_is_named() -> None:
    twice = [recorded(ACCEPTED, 1, command="c", at=1), recorded(QUEUED, 2, command="c", at=2)]
    assert "was decided at" in next(invariants.decided_twice(twice))
    back = [recorded(ACCEPTED, 1, at=5), recorded(QUEUED, 2, at=4)]
    assert "stands behind" in next(invariants.decided_twice(back))


def test_offsets_that_go_back_are_named() -> None:
    offsets, part = invariants.Offsets(), (COMMANDS_ORGS, 0)
    for offset in (1, 5, 5, 1):
        offsets.take({"orgs": {part: offset}})
    assert offsets.faults == [f"orgs at {part} went back from 5 to 1"]


def test_one_more_than_the_cap_is_named_and_the_cap_itself_is_not() -> None:
    def above(cap: int) -> list[str]:
        seen = [execution(0, 2), execution(1, 3, label="b"), execution(2, 4, label="c")]
        return list(oracle.above_cap(seen, lambda one: one.provider, {"fal": cap}.get))

    assert above(2) == []
    assert len(above(1)) == 2


def test_two_live_submissions_of_a_job_and_a_token_twice_are_named() -> None:
    assert list(oracle.twice([execution(0, 1, token="x"), execution(2, 3, token="y")])) == []
    assert len(list(oracle.twice([execution(0, 1), execution(0.5, 3)]))) == 1
    assert len(list(oracle.twice([execution(0, 1, token="x"), execution(2, 3, token="x")]))) == 1


def test_an_execution_without_an_intent_before_it_is_named() -> None:
    seen = [execution(1, 2), execution(5, 6)]
    assert list(oracle.without_intent(seen, {"a": [0.5, 4.0]})) == []
    assert len(list(oracle.without_intent(seen, {"a": [0.5, 5.5]}))) == 1
    assert len(list(oracle.without_intent(seen, {}))) == 2


def test_documents_that_differ_or_lack_are_named() -> None:
    assert unlike("jobs", {"a": {"n": 1}}, {"a": {"n": 1}}) == []
    assert len(unlike("jobs", {"a": {"n": 1}}, {"a": {"n": 2}, "b": {}})) == 2


def test_a_seed_decides_all_that_is_done() -> None:
    assert script.strikes(7, 180) == script.strikes(7, 180)
    assert script.strikes(7, 180) != script.strikes(8, 180)
    assert list(script.misbehaviours(7, 60, ["fal"])) == list(script.misbehaviours(7, 60, ["fal"]))
    assert {"workers", "decider"} <= {one.victim for one in script.strikes(7, 180) if one.for_s > 20}
