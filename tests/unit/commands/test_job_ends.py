"""A job's end and its money: captured, released, tried again or dead, in one decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from commands.orgs import commands as c
from commands.orgs.streams import job_ref
from commands.refusals import IllegalState, InvalidInput
from events.credits.events import Captured, Released, Reserved
from events.jobs.events import (
    AttemptFailed,
    JobAccepted,
    JobCancelled,
    JobDead,
    JobDispatched,
    JobFailed,
    JobNote,
    JobQueued,
    JobReplayed,
    JobSucceeded,
    LateResultRefused,
    LeaseExpired,
)
from events.jobs.slots import Slot, slot_of
from events.jobs.state import UNCOUNTED_MAX, LiveJob, current
from tests.given import JOB, ORG, dispatch, opened, submit
from tests.unit.commands.jobs import CANCEL, attempt_failed, given, no_slot, succeeded


class TestEnd:
    def test_success_captures_the_cost_and_returns_the_rest(self) -> None:
        decision = given(*opened(), submit(), dispatch()).when(succeeded(cost=300)).then(JobSucceeded, Captured)
        entry = decision.events[1][1]
        assert isinstance(entry, Captured)
        assert [(p.account, p.amount) for p in entry.postings] == [
            (f"reserved:{JOB}", -400),
            ("spent", 300),
            ("available", 100),
        ]

    def test_cost_beyond_the_reservation_stands_as_uncollected(self) -> None:
        decision = given(*opened(), submit(), dispatch()).when(succeeded(cost=450)).then(JobSucceeded, Captured)
        success, entry = (event for _, event in decision.events)
        assert isinstance(success, JobSucceeded)
        assert isinstance(entry, Captured)
        assert (success.captured, success.uncollected, entry.uncollected) == (400, 50, 50)

    def test_a_result_with_an_old_lease_changes_nothing_but_a_note(self) -> None:
        past = (*opened(), submit(), dispatch(), attempt_failed(retry_in_s=0), dispatch(lease=2))
        given(*past).when(succeeded(lease=1)).then(LateResultRefused)
        given(*past).when(succeeded(lease=2)).then(JobSucceeded, Captured)

    def test_a_second_result_moves_no_money(self) -> None:
        given(*opened(), submit(), dispatch(), succeeded()).when(succeeded()).then(LateResultRefused)

    def test_an_attempt_worth_repeating_goes_back_to_the_queue(self) -> None:
        given(*opened(), submit(), dispatch()).when(attempt_failed()).then(AttemptFailed)

    def test_an_attempt_not_worth_repeating_fails_the_job_and_releases(self) -> None:
        given(*opened(), submit(), dispatch()).when(attempt_failed(retry_in_s=None)).then(
            AttemptFailed, JobFailed, Released
        )

    def test_the_last_attempt_leaves_a_dead_letter_and_releases(self) -> None:
        past = (*opened(), submit(max_attempts=1), dispatch())
        given(*past).when(attempt_failed()).then(AttemptFailed, JobDead, Released)

    def test_what_our_own_account_has_ended_can_be_run_again(self) -> None:
        ours = attempt_failed(retry_in_s=None).model_copy(update={"trouble": "account", "category": "billing"})
        given(*opened(), submit(), dispatch()).when(ours).then(AttemptFailed, JobDead, Released)

    def test_a_providers_wish_to_be_left_alone_is_a_time_on_the_log(self) -> None:
        past = given(*opened(), submit(), dispatch())
        failed = past.when(attempt_failed().model_copy(update={"busy_s": 60.0})).then(AttemptFailed).events[0][1]
        assert isinstance(failed, AttemptFailed)
        assert failed.busy_until == (past.world.at + timedelta(seconds=60)).isoformat()

    def test_an_expired_lease_gives_the_next_attempt(self) -> None:
        expire = c.ExpireLease(org_id=ORG, job_id=JOB, lease=1)
        given(*opened(), submit(), dispatch()).when(expire).then(LeaseExpired)
        given(*opened(), submit(max_attempts=1), dispatch()).when(expire).then(LeaseExpired, JobDead, Released)

    def test_what_may_still_run_keeps_its_slot_and_there_is_no_other_until_it_is_over(self) -> None:
        expire = c.ExpireLease(org_id=ORG, job_id=JOB, lease=1)
        confirm = c.ConfirmStopped(org_id=ORG, job_id=JOB, lease=1)
        for over in (expire, attempt_failed(retry_in_s=0).model_copy(update={"unstopped": True})):
            past = given(*opened(), submit(), dispatch(), over)
            held = current(past.world(job_ref(JOB)).state)
            assert held is not None
            assert (held.phase, held.unstopped, held.worker) == ("queued", True, "w1")
            assert slot_of(held) == Slot(JOB, 1, ORG, held.provider, held.model)
            past.when(dispatch(lease=2)).then_refused(IllegalState)
            past.when(confirm).then(JobNote)
            past.world.handle(confirm)
            past.when(confirm).then_nothing()
            past.when(dispatch(lease=2)).then(JobDispatched)
            free = current(past.world(job_ref(JOB)).state)
            assert free is not None
            assert (free.unstopped, free.worker, slot_of(free)) == (None, None, None)

    def test_a_failure_names_what_may_still_run_for_whoever_stops_it(self) -> None:
        running = c.RecordJobRunning(org_id=ORG, job_id=JOB, lease=1, provider_job_id="p1")
        past = given(*opened(), submit(), dispatch(), running)
        for unstopped, named in ((True, ("p1", "w1")), (False, (None, None))):
            fails = attempt_failed(retry_in_s=0).model_copy(update={"unstopped": unstopped})
            failed = past.when(fails).then(AttemptFailed).events[0][1]
            assert isinstance(failed, AttemptFailed)
            assert (failed.provider_job_id, failed.worker) == named

    def test_where_nothing_is_unstopped_a_sweeper_that_asks_is_told_nothing_and_changes_nothing(self) -> None:
        unheard = c.ConfirmStopped(org_id=ORG, job_id=JOB, lease=1, unheard=True)
        under_way = (*opened(), submit(), dispatch())
        given(*under_way).when(unheard).then_nothing()
        given(*under_way, attempt_failed(retry_in_s=0), 10_000.0).when(unheard).then_nothing()
        given(*under_way, attempt_failed(retry_in_s=0), dispatch(lease=2)).when(unheard).then_nothing()

    def test_what_failed_and_was_stopped_keeps_nothing(self) -> None:
        past = given(*opened(), submit(), dispatch(), attempt_failed(retry_in_s=0))
        past.when(dispatch(lease=2)).then(JobDispatched)

    @pytest.mark.parametrize("again", [None, 0.0])
    def test_a_job_that_ends_with_an_attempt_that_may_still_run_keeps_its_slot(self, again: float | None) -> None:
        over = attempt_failed(retry_in_s=again).model_copy(update={"unstopped": True})
        past = given(*opened(), submit(max_attempts=1), dispatch(), over)
        held = current(past.world(job_ref(JOB)).state)
        assert held is not None
        assert (held.phase, held.lease) == ("stopping", 1)
        past.when(c.ConfirmStopped(org_id=ORG, job_id=JOB, lease=1)).then(JobNote)

    def test_a_cancel_of_what_waits_for_a_stop_names_the_attempt(self) -> None:
        expire = c.ExpireLease(org_id=ORG, job_id=JOB, lease=1)
        past = given(*opened(), submit(), dispatch(), expire)
        cancelled = past.when(CANCEL).then(JobCancelled, Released).events[0][1]
        assert isinstance(cancelled, JobCancelled)
        assert (cancelled.lease, cancelled.provider, cancelled.worker) == (1, "fleet", "w1")
        past.world.handle(CANCEL)
        held = current(past.world(job_ref(JOB)).state)
        assert held is not None
        assert held.phase == "stopping"

    def test_an_attempt_that_nobody_has_begun_says_so(self) -> None:
        expire = c.ExpireLease(org_id=ORG, job_id=JOB, lease=1)
        begin = c.BeginAttempt(org_id=ORG, job_id=JOB, lease=1, owner="a")
        for past, begun in (((), False), ((begin,), None)):
            under_way = given(*opened(), submit(), dispatch(), *past)
            expired = under_way.when(expire).then(LeaseExpired).events[0][1]
            cancelled = under_way.when(CANCEL).then(JobCancelled, Released).events[0][1]
            assert isinstance(expired, LeaseExpired)
            assert isinstance(cancelled, JobCancelled)
            assert (expired.begun, cancelled.begun) == (begun, begun)

    def test_waiting_for_a_providers_slot_uses_up_no_attempt(self) -> None:
        past = [*opened(), submit(max_attempts=1)]
        for lease in range(1, 6):
            past += [dispatch(lease=lease), no_slot(lease)]
        given(*past, dispatch(lease=6)).when(no_slot(6)).then(AttemptFailed)
        given(*past, dispatch(lease=6)).when(attempt_failed(lease=6)).then(AttemptFailed, JobDead, Released)

    @pytest.mark.parametrize(("uncounted", "waits_on"), [(UNCOUNTED_MAX - 1, True), (UNCOUNTED_MAX, False)])
    def test_who_finds_no_slot_for_a_days_worth_of_asking_waits_no_longer(self, uncounted: int, waits_on: bool) -> None:
        world = given(*opened(), submit()).world
        job = world(job_ref(JOB)).state
        assert isinstance(job, LiveJob)
        assert replace(job, lease=uncounted + 1, uncounted=uncounted).another(counts=False) == waits_on

    def test_a_dead_job_is_replayed_once_as_a_new_one(self) -> None:
        past = (*opened(), submit(max_attempts=1), dispatch(), attempt_failed())
        replay = c.ReplayJob(org_id=ORG, job_id=JOB, new_job_id="job_2", reserve=400)
        given(*past).when(replay).then(JobAccepted, JobQueued, Reserved, JobReplayed)
        again = replay.model_copy(update={"new_job_id": "job_3"})
        given(*past, replay).when(again).then_refused(IllegalState)

    @pytest.mark.parametrize(("moved", "goes_to"), [("acme", "acme"), (None, "fleet")])
    def test_a_replay_goes_where_its_model_is_now_and_has_as_much_time(self, moved: str | None, goes_to: str) -> None:
        past = (*opened(), submit(max_attempts=1, deadline_s=900), dispatch(), 300.0, attempt_failed())
        replay = c.ReplayJob(org_id=ORG, job_id=JOB, new_job_id="job_2", reserve=400, provider=moved)
        accepted = given(*past).when(replay).then(JobAccepted, JobQueued, Reserved, JobReplayed).events[0][1]
        assert isinstance(accepted, JobAccepted)
        assert accepted.provider == goes_to
        first = given(*opened()).when(submit(deadline_s=900)).then(JobAccepted, JobQueued, Reserved).events[0][1]
        assert isinstance(first, JobAccepted)
        later = datetime.fromisoformat(accepted.deadline_at) - datetime.fromisoformat(first.deadline_at)
        assert later == timedelta(seconds=300)

    @pytest.mark.parametrize("reserve", [1, 399, 401])
    def test_a_replay_costs_what_the_job_was_accepted_for(self, reserve: int) -> None:
        past = (*opened(), submit(max_attempts=1), dispatch(), attempt_failed())
        replay = c.ReplayJob(org_id=ORG, job_id=JOB, new_job_id="job_2", reserve=reserve)
        given(*past).when(replay).then_refused(InvalidInput)
