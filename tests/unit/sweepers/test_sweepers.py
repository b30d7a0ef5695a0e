"""What nobody finishes: expired leases, overdue jobs, unconfirmed stops; and what is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from commands.ask import Answer
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import CancelJob, ConfirmStopped, ExpireLease, JobCommand
from commands.refusals import IllegalState
from events.jobs.current import CurrentJob
from events.topics import CURRENT_JOBS
from processors.sweepers.core import GONE_MAX, Purpose, Sweep, Sweeper, seen
from processors.sweepers.ticking import SweeperTicks, command_of

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
    assert it.tick(at(161)) == (Sweep("free_slot", "j", "o", 1),)


def test_a_live_job_whose_last_attempt_may_still_run_is_freed_after_the_longest_run() -> None:
    it = sweeper(phase="queued", unstopped=True)
    assert it.tick(at(160)) == ()
    assert it.tick(at(161)) == (Sweep("free_slot", "j", "o", 1),)


FREE = Sweep("free_slot", "j", "o", 1)


def test_a_record_that_does_not_say_whether_its_last_attempt_may_still_run_is_asked_about_once() -> None:
    """Of a release that did not write it; the job's decider, who folds all of its stream, knows."""
    it = sweeper(phase="queued")
    it.on_job("j", job(phase="queued"), at(0))
    assert it.tick(at(160)) == ()
    assert it.tick(at(161)) == (FREE,)
    assert it.tick(at(200)) == (FREE,), "until somebody has answered"
    it.answered(FREE)
    assert it.tick(at(3000)) == ()


def test_and_what_frees_it_ends_that() -> None:
    it = sweeper(phase="queued")
    it.on_job("j", job(phase="queued", not_before=at(1).isoformat()), at(1))
    assert it.tick(at(1000)) == ()


def test_an_answer_ends_no_stop_that_the_log_shows() -> None:
    it = sweeper(phase="queued", unstopped=True)
    assert it.tick(at(161)) == (FREE,)
    it.answered(FREE)
    assert it.tick(at(200)) == (FREE,)


def test_of_a_job_that_was_seen_under_way_nothing_is_asked() -> None:
    it = sweeper(phase="running")
    it.on_job("j", job(phase="queued"), at(10))
    assert it.tick(at(1000)) == ()


@pytest.mark.parametrize(("refused", "asked"), [(False, 1), (True, 2)])
async def test_a_refusal_is_no_answer(refused: bool, asked: int) -> None:
    said: list[Command] = []

    async def ask(command: Command, envelope: CommandEnvelope, *, timeout_s: float = 0.0) -> Answer:
        said.append(command)
        if refused:
            raise IllegalState("the attempt may still run", allowed=[])
        return Answer(result={}, position={})

    ticks = SweeperTicks(ask, Redis())
    ticks.on_current(CURRENT_JOBS, "j", job(phase="queued"), at(0))
    for second in (161, 200):
        for sweep in ticks.tick(at(second)):
            await ticks.perform(sweep)
    assert said == [ConfirmStopped(org_id="o", job_id="j", lease=1, unheard=True)] * asked


def test_and_is_cancelled_at_its_deadline_all_the_same() -> None:
    it = sweeper(phase="queued", unstopped=True, deadline_at=at(10).isoformat())
    assert it.tick(at(10)) == (Sweep("cancel_overdue", "j", "o", 1),)


def test_while_nobody_can_look_at_leases_deadlines_pass_and_leases_do_not() -> None:
    it = sweeper(deadline_at=at(30).isoformat())
    assert it.tick(at(29), looked=False) == ()
    assert it.tick(at(30), looked=False) == (Sweep("cancel_overdue", "j", "o", 1),)


def test_a_look_costs_what_is_due_and_not_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    it = Sweeper()
    for n in range(10_000):
        it.on_job(f"j{n}", job(job_id=f"j{n}", phase="queued", deadline_at=at(100 + n).isoformat()), at(0))
    looked_at: list[str] = []
    sweep = Sweeper._sweep

    def counted(self: Sweeper, purpose: Purpose, job_id: str) -> Sweep:
        looked_at.append(job_id)
        return sweep(self, purpose, job_id)

    monkeypatch.setattr(Sweeper, "_sweep", counted)
    assert it.tick(at(99)) == ()
    assert [one.job_id for one in it.tick(at(101))] == ["j0", "j1"]
    assert looked_at == ["j0", "j1"]
    it.on_job("j0", None, at(102))
    it.on_job("j2", None, at(102))
    assert it.tick(at(102)) == ()
    assert len(it._deadlines) == 10_000 - 3


def test_what_has_ended_is_not_kept_until_its_deadline() -> None:
    it = Sweeper()
    for n in range(5_000):
        it.on_job(f"j{n}", job(job_id=f"j{n}", phase="queued"), at(0))
        it.on_job(f"j{n}", None, at(0))
    assert len(it._deadlines) <= GONE_MAX
    assert len(it._timed) <= GONE_MAX


def test_a_job_that_comes_back_under_its_id_has_its_deadline_once() -> None:
    it = sweeper(phase="queued", deadline_at=at(10).isoformat())
    it.on_job("j", None, at(1))
    it.on_job("j", job(phase="queued", deadline_at=at(10).isoformat()), at(2))
    assert len(it._deadlines) == 1
    assert it.tick(at(10)) == (Sweep("cancel_overdue", "j", "o", 1),)


def test_a_queued_job_has_no_lease() -> None:
    it = sweeper(phase="queued", lease=0, dispatched_at=None)
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
    sweeps = [Sweep(purpose, "j", "o", 2) for purpose in ("expire_lease", "cancel_overdue", "free_slot")]
    expected: list[type[JobCommand]] = [ExpireLease, CancelJob, ConfirmStopped]
    assert [type(command_of(sweep)) for sweep in sweeps] == expected


async def _nobody_asks(command: Command, envelope: CommandEnvelope, *, timeout_s: float = 0.0) -> Answer:
    raise AssertionError(command, envelope)


async def test_a_sweeper_that_was_paused_gives_holders_time_to_renew() -> None:
    """What it saw before, and what it did not see meanwhile, says nothing of them."""
    ticks = SweeperTicks(_nobody_asks, Redis())
    ticks.on_current(CURRENT_JOBS, "j", job(), at(0))
    assert ticks.tick(at(1)) == ()
    for second in range(31, 53):
        ticks._found = {}
        assert ticks.tick(at(second)) == ()
    ticks._found = {}
    assert ticks.tick(at(53)) == (EXPIRE,)
