"""Documents of jobs against what lives on the log: which are wrong, since when, and how often that is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.jobs.current import CurrentJob
from projections.drift import AGAIN, GRACE, MOST, Drifted, JobsDrift, Shown

START = datetime(2026, 1, 1, tzinfo=UTC)
AT = START.isoformat()


def job(phase: str, lease: int = 1) -> CurrentJob:
    values: dict[str, Any] = {
        "job_id": "j", "org_id": "o", "phase": phase, "lease": lease, "priority": "NORMAL", "model": "m",
        "provider": "p", "reserved": 1, "max_runtime_s": 1, "accepted_at": AT, "deadline_at": AT,
    }  # fmt: skip
    return CurrentJob(**values)


def shown(status: str | None) -> dict[str, Shown]:
    return {} if status is None else {"j": Shown("o", status, AT)}


def drift(phase: str | None) -> JobsDrift:
    found = JobsDrift()
    found.on_job("j", None if phase is None else job(phase))
    return found


@pytest.mark.parametrize(
    ("phase", "status"),
    [
        ("queued", "queued"),
        ("dispatched", "dispatched"),
        ("running", "running"),
        ("stopping", "cancelled"),
        (None, "succeeded"),
        (None, None),
    ],
)
def test_a_document_that_says_what_the_log_says_is_right(phase: str | None, status: str | None) -> None:
    it = drift(phase)
    assert [it.on_shown(shown(status), START + n * GRACE) for n in range(5)] == [()] * 5


@pytest.mark.parametrize(
    ("phase", "logged", "status"),
    [
        (None, None, "running"),
        ("stopping", None, "dispatched"),
        ("queued", "queued", None),
        ("running", "running", "succeeded"),
        ("running", "running", "dispatched"),
    ],
)
def test_a_document_that_says_otherwise_for_too_long_is_wrong(
    phase: str | None, logged: str | None, status: str | None
) -> None:
    it = drift(phase)
    assert it.on_shown(shown(status), START) == ()
    assert it.on_shown(shown(status), START + GRACE - timedelta(seconds=1)) == ()
    assert it.on_shown(shown(status), START + GRACE) == (Drifted("j", "o", AT, logged, status),)


def test_what_is_wrong_in_another_way_than_before_has_its_own_grace() -> None:
    it = drift("queued")
    it.on_shown(shown(None), START)
    it.on_job("j", job("running"))
    assert it.on_shown(shown("queued"), START + GRACE) == ()


def test_what_was_right_in_between_has_its_own_grace() -> None:
    it = drift("queued")
    it.on_shown(shown(None), START)
    it.on_shown(shown("queued"), START + GRACE / 2)
    assert it.on_shown(shown(None), START + GRACE) == ()


def test_what_could_not_be_made_right_is_said_again_after_a_while() -> None:
    it = drift(None)
    told = [bool(it.on_shown(shown("running"), START + n * GRACE)) for n in range(AGAIN // GRACE + 2)]
    assert told == [False, True, False, False, False, False, True]


def test_the_documents_of_what_lives_are_looked_at() -> None:
    it = drift("running")
    assert it.live() == ("j",)
    it.on_job("j", job("stopping"))
    assert it.live() == ()


def test_of_very_much_that_is_wrong_a_part_is_said_with_each_look() -> None:
    it = JobsDrift()
    wrong = {f"j{n:03}": Shown("o", "running", AT) for n in range(MOST + 1)}
    it.on_shown(wrong, START)
    assert [one.job_id for one in it.on_shown(wrong, START + GRACE)] == sorted(wrong)[:MOST]
    assert [one.job_id for one in it.on_shown(wrong, START + GRACE)] == sorted(wrong)[MOST:]
