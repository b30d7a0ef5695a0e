"""What nobody finishes: expired leases, overdue jobs, unconfirmed stops; and what is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands.orgs.commands import CancelJob, ConfirmStopped, ExpireLease, JobCommand
from events.jobs.current import CurrentJob
from processors.sweepers.core import Sweep, Sweeper, seen
from processors.sweepers.ticking import command_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def job(**fields: Any) -> CurrentJob:
    values: dict[str, Any] = {
        "job_id": "j",
        "org_id": "o",
        "phase": "dispatched",
        "lease": 1,
        "priority": "NORMAL",
        "model": "m",
        "provider": "fleet",
        "reserved": 1,
        "max_runtime_s": 100,
        "accepted_at": at(0).isoformat(),
        "dispatched_at": at(0).isoformat(),
        "deadline_at": at(3600).isoformat(),
    }
    return CurrentJob(**{**values, **fields})


def sweeper(**fields: Any) -> Sweeper:
    found = Sweeper()
    found.on_job("j", job(**fields), at(0))
    return found


EXPIRE = Sweep("expire_lease", "j", "o", 1)


@pytest.mark.parametrize("phase", ["dispatched", "running"])
def test_a_lease_missing_longer_than_the_grace_expires(phase: str) -> None:
    it = sweeper(phase=phase)
    it.on_leases({}, at(20))
    assert it.tick(at(20)) == ()
    assert it.tick(at(20.1)) == (EXPIRE,)


def test_a_lease_that_is_held_does_not_expire() -> None:
    it = sweeper()
    for second in range(0, 200, 5):
        it.on_leases({"j": 1}, at(second))
        assert it.tick(at(second)) == ()
    assert it.tick(at(195 + 21)) == (EXPIRE,)


def test_an_older_lease_in_redis_is_not_this_one() -> None:
    it = sweeper(lease=2)
    it.on_leases({"j": 1}, at(15))
    assert it.tick(at(21)) == (Sweep("expire_lease", "j", "o", 2),)


def test_a_new_attempt_has_its_own_grace() -> None:
    it = sweeper()
    it.on_job("j", job(lease=2), at(19))
    assert it.tick(at(30)) == ()


def test_what_was_seen_before_the_start_has_a_full_grace() -> None:
    it = Sweeper()
    it.on_job("j", job(dispatched_at=at(-500).isoformat()), at(0))
    assert it.tick(at(19)) == ()


def test_after_redis_was_away_holders_have_time_to_renew() -> None:
    it = sweeper()
    it.redis_was_away(at(100))
    assert it.tick(at(119)) == ()
    assert it.tick(at(121)) == (EXPIRE,)


def test_what_was_asked_for_is_asked_again_only_after_a_while() -> None:
    it = sweeper()
    assert it.tick(at(21)) == (EXPIRE,)
    assert it.tick(at(40)) == ()
    assert it.tick(at(52)) == (EXPIRE,)


@pytest.mark.parametrize("phase", ["queued", "dispatched", "running"])
def test_a_job_past_its_deadline_is_cancelled(phase: str) -> None:
    it = sweeper(phase=phase, deadline_at=at(10).isoformat())
    assert it.tick(at(9)) == ()
    assert it.tick(at(10)) == (Sweep("cancel_overdue", "j", "o", 1),)


def test_a_stop_that_nobody_confirms_is_confirmed_after_the_longest_run() -> None:
    it = sweeper(phase="stopping", deadline_at=at(10).isoformat())
    assert it.tick(at(160)) == ()
    assert it.tick(at(161)) == (Sweep("confirm_stopped", "j", "o", 1),)


def test_a_live_job_whose_last_attempt_may_still_run_is_freed_after_the_longest_run() -> None:
    it = sweeper(phase="queued", unstopped=True)
    assert it.tick(at(160)) == ()
    assert it.tick(at(161)) == (Sweep("confirm_stopped", "j", "o", 1),)


def test_and_is_cancelled_at_its_deadline_all_the_same() -> None:
    it = sweeper(phase="queued", unstopped=True, deadline_at=at(10).isoformat())
    assert it.tick(at(10)) == (Sweep("cancel_overdue", "j", "o", 1),)


def test_a_queued_job_has_no_lease() -> None:
    it = sweeper(phase="queued")
    assert it.held() == ()
    assert it.tick(at(1000)) == ()


def test_an_ended_job_is_forgotten() -> None:
    it = sweeper()
    it.on_job("j", None, at(1))
    assert it.held() == ()
    assert it.tick(at(10_000)) == ()


def test_what_is_no_number_counts_as_missing() -> None:
    assert seen([("a", b"3"), ("b", None), ("c", b"x")]) == {"a": 3}


def test_each_sweep_is_a_command() -> None:
    sweeps = [Sweep(purpose, "j", "o", 2) for purpose in ("expire_lease", "cancel_overdue", "confirm_stopped")]
    expected: list[type[JobCommand]] = [ExpireLease, CancelJob, ConfirmStopped]
    assert [type(command_of(sweep)) for sweep in sweeps] == expected
