"""A job and its money: accepted with its reservation, ended with its capture or release, in one decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from commands.orgs.streams import job_ref
from commands.refusals import AlreadyEnded, IllegalState, InsufficientCredit, InvalidInput, NotFound
from events.accounts.events import EntryRecorded
from events.credits.events import Adjusted, Allocated, Captured, Granted, Released, Reserved
from events.jobs.events import (
    AttemptBegun,
    AttemptFailed,
    JobAccepted,
    JobCancelled,
    JobDead,
    JobDispatched,
    JobFailed,
    JobNote,
    JobQueued,
    JobReplayed,
    JobRunning,
    JobSucceeded,
    LateResultRefused,
    LeaseExpired,
)
from events.jobs.slots import Slot, slot_of
from events.jobs.state import CALLED_OFF, UNCOUNTED_MAX, LiveJob, current
from events.model import MONEY_MAX
from tests.given import JOB, ORG, asset, dispatch, opened, sealed, submit
from tests.specification import Given, World


def given(*past: c.OrgCommand | float) -> Given:
    return Given(ORGS, past)


def succeeded(lease: int = 1, cost: int = 300) -> c.RecordJobSucceeded:
    return c.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=lease, outputs=(asset(),), cost=cost)


def no_slot(lease: int) -> c.RecordAttemptFailed:
    return c.RecordAttemptFailed(org_id=ORG, job_id=JOB, lease=lease, category="rate_limit", retry_in_s=0, counts=False)


def attempt_failed(lease: int = 1, retry_in_s: float | None = 1.0) -> c.RecordAttemptFailed:
    return c.RecordAttemptFailed(org_id=ORG, job_id=JOB, lease=lease, category="outage", retry_in_s=retry_in_s)


CANCEL = c.CancelJob(org_id=ORG, job_id=JOB)


class TestSubmit:
    def test_a_job_is_accepted_with_its_reservation(self) -> None:
        decision = given(*opened()).when(submit()).then(JobAccepted, JobQueued, Reserved)
        assert decision.result == {"job_id": JOB, "reserved": 400}
        entry = decision.events[2][1]
        assert isinstance(entry, Reserved)
        assert [(p.account, p.amount) for p in entry.postings] == [("available", -400), (f"reserved:{JOB}", 400)]

    def test_too_little_credit_is_refused_and_says_how_little(self) -> None:
        refusal = given(*opened(399)).when(submit()).then_refused(InsufficientCredit)
        assert refusal.members == {"asked": 400, "available": 399}

    def test_the_last_credit_is_reserved_once(self) -> None:
        given(*opened(400), submit("job_2")).when(submit()).then_refused(InsufficientCredit)

    def test_a_price_above_the_callers_limit_is_refused(self) -> None:
        given(*opened()).when(submit(max_cost=399)).then_refused(InvalidInput)

    def test_an_unknown_organisation_is_not_found(self) -> None:
        given().when(submit()).then_refused(NotFound)

    def test_an_unknown_project_is_refused(self) -> None:
        given(*opened()).when(submit(project_id="prj_9")).then_refused(InvalidInput)

    def test_a_project_with_an_allocation_pays_from_it_and_gets_the_rest_back(self) -> None:
        project = c.OpenProject(org_id=ORG, project_id="prj_1", title=sealed())
        allocation = c.AllocateCredits(org_id=ORG, entry_id="ent_1", project_id="prj_1", amount=500, kind="allocate")
        given(*opened(), project).when(allocation).then(Allocated, EntryRecorded)
        ended = given(*opened(), project, allocation, submit(project_id="prj_1"), dispatch()).when(succeeded())
        entry = ended.then(JobSucceeded, Captured).events[1][1]
        assert isinstance(entry, Captured)
        assert ("project:prj_1", 100) in [(p.account, p.amount) for p in entry.postings]


class TestDispatch:
    def test_the_next_lease_is_dispatched(self) -> None:
        given(*opened(), submit()).when(dispatch()).then(JobDispatched)

    @pytest.mark.parametrize("lease", [2, 3])
    def test_any_other_lease_is_refused(self, lease: int) -> None:
        given(*opened(), submit()).when(dispatch(lease=lease)).then_refused(IllegalState)

    def test_a_second_scheduler_is_refused(self) -> None:
        given(*opened(), submit(), dispatch()).when(dispatch()).then_refused(IllegalState)

    def test_a_job_that_waits_for_its_retry_is_not_dispatched(self) -> None:
        past = (*opened(), submit(), dispatch(), attempt_failed(retry_in_s=30))
        given(*past, 29.0).when(dispatch(lease=2)).then_refused(IllegalState)
        given(*past, 30.0).when(dispatch(lease=2)).then(JobDispatched)

    def test_only_the_first_owner_may_call_a_provider(self) -> None:
        first = c.BeginAttempt(org_id=ORG, job_id=JOB, lease=1, owner="a")
        second = first.model_copy(update={"owner": "b"})
        past = (*opened(), submit(), dispatch())
        assert given(*past).when(first).then(AttemptBegun).result == {"go": True}
        assert given(*past, first).when(first).then_nothing().result == {"go": True}
        assert given(*past, first).when(second).then(JobNote).result == {"go": False}

    def test_once_another_has_asked_nobody_may_call_any_more(self) -> None:
        """The other looks for what was sent, and what it does not find must not come afterwards."""
        first = c.BeginAttempt(org_id=ORG, job_id=JOB, lease=1, owner="a")
        second = first.model_copy(update={"owner": "b"})
        past = given(*opened(), submit(), dispatch(), first, second)
        assert past.when(first).then_nothing().result == {"go": False}
        assert past.when(second).then_nothing().result == {"go": False}
        again = (attempt_failed(retry_in_s=0), dispatch(lease=2))
        next_ = first.model_copy(update={"lease": 2})
        assert given(*opened(), submit(), dispatch(), first, second, *again).when(next_).then(AttemptBegun).result == {
            "go": True
        }

    def test_a_dispatch_may_name_who_begins(self) -> None:
        named = dispatch().model_copy(update={"owner": "a"})
        begin = c.BeginAttempt(org_id=ORG, job_id=JOB, lease=1, owner="b")
        decision = given(*opened(), submit()).when(named).then(JobDispatched, AttemptBegun)
        assert [getattr(event, "owner", None) for _, event in decision.events] == ["a", "a"]
        assert given(*opened(), submit(), named).when(begin).then(JobNote).result == {"go": False}

    def test_running_names_the_providers_job_once(self) -> None:
        running = c.RecordJobRunning(org_id=ORG, job_id=JOB, lease=1, provider_job_id="p1")
        given(*opened(), submit(), dispatch()).when(running).then(JobRunning)
        given(*opened(), submit(), dispatch(), running).when(running).then_nothing()

    def test_the_providers_job_does_not_become_another(self) -> None:
        running = c.RecordJobRunning(org_id=ORG, job_id=JOB, lease=1, provider_job_id="p1")
        other = running.model_copy(update={"provider_job_id": "p2"})
        given(*opened(), submit(), dispatch(), running).when(other).then_refused(IllegalState)


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


class TestProject:
    """A key that is of one project does nothing to another one's jobs, nor with another one's money."""

    PROJECTS = (
        *opened(),
        c.OpenProject(org_id=ORG, project_id="prj_1", title=sealed()),
        c.OpenProject(org_id=ORG, project_id="prj_2", title=sealed()),
    )

    @pytest.mark.parametrize("of", ["prj_1", None])
    def test_a_job_of_another_one_is_not_found(self, of: str | None) -> None:
        dead = (*self.PROJECTS, submit(max_attempts=1, project_id=of), dispatch(), attempt_failed())
        same = {"org_id": ORG, "job_id": JOB, "within_project": "prj_2"}
        given(*dead).when(c.ReplayJob(**same, new_job_id="job_2", reserve=400)).then_refused(NotFound)
        given(*dead).when(c.DiscardJob(**same)).then_refused(NotFound)
        given(*self.PROJECTS, submit(project_id=of)).when(c.CancelJob(**same)).then_refused(NotFound)

    def test_its_own_is(self) -> None:
        dead = (*self.PROJECTS, submit(max_attempts=1, project_id="prj_1"), dispatch(), attempt_failed())
        replay = c.ReplayJob(org_id=ORG, job_id=JOB, new_job_id="job_2", reserve=400, within_project="prj_1")
        given(*dead).when(replay).then(JobAccepted, JobQueued, Reserved, JobReplayed)

    def test_a_new_job_is_its_own(self) -> None:
        given(*self.PROJECTS).when(submit(project_id="prj_1", within_project="prj_2")).then_refused(NotFound)
        own = submit(project_id="prj_2", within_project="prj_2")
        given(*self.PROJECTS).when(own).then(JobAccepted, JobQueued, Reserved)


class TestCancel:
    def test_a_queued_job_is_cancelled_and_released(self) -> None:
        decision = given(*opened(), submit()).when(CANCEL).then(JobCancelled, Released)
        cancelled = decision.events[0][1]
        assert isinstance(cancelled, JobCancelled)
        assert cancelled.lease is None

    def test_a_running_job_keeps_its_slot_until_the_provider_confirms(self) -> None:
        asked = given(*opened(), submit(), dispatch(), CANCEL)
        summary = current(asked.world(job_ref(JOB)).state)
        assert summary is not None
        assert summary.phase == "stopping"
        confirm = c.ConfirmStopped(org_id=ORG, job_id=JOB, lease=1)
        asked.when(confirm).then(JobNote)
        asked.world.handle(confirm)
        asked.when(confirm).then_nothing()

    def test_a_sweeper_whose_clock_is_ahead_ends_nothing_before_its_deadline(self) -> None:
        overdue = c.CancelJob(org_id=ORG, job_id=JOB, overdue=True)
        given(*opened(), submit(deadline_s=60), 59.0).when(overdue).then_refused(IllegalState)
        given(*opened(), submit(deadline_s=60), 60.0).when(overdue).then(JobCancelled, Released)

    def test_nor_does_it_free_the_slot_of_what_may_still_run(self) -> None:
        unheard = c.ConfirmStopped(org_id=ORG, job_id=JOB, lease=1, unheard=True)
        named = c.RecordJobRunning(org_id=ORG, job_id=JOB, lease=1, provider_job_id="p1")
        asked = (*opened(), submit(max_runtime_s=60), dispatch(), 10.0, named, 10.0, CANCEL)
        given(*asked, 49.0).when(unheard).then_refused(IllegalState)
        given(*asked, 50.0).when(unheard).then(JobNote)

    @pytest.mark.parametrize("over", [CANCEL, c.ExpireLease(org_id=ORG, job_id=JOB, lease=1)])
    def test_what_nobody_has_named_may_have_begun_when_it_was_over(self, over: c.OrgCommand) -> None:
        unheard = c.ConfirmStopped(org_id=ORG, job_id=JOB, lease=1, unheard=True)
        asked = (*opened(), submit(max_runtime_s=60), dispatch(), 10.0, over)
        given(*asked, 119.0).when(unheard).then_refused(IllegalState)
        given(*asked, 120.0).when(unheard).then(JobNote)

    def test_a_job_that_is_called_off_beforehand_is_never_accepted(self) -> None:
        call_off = c.CancelJob(org_id=ORG, job_id=JOB, unwanted=True)
        asked = given(*opened()).when(call_off)
        note = asked.then(JobNote).events[0][1]
        assert isinstance(note, JobNote)
        assert note.code == CALLED_OFF
        given(*opened(), call_off).when(call_off).then_nothing()
        with pytest.raises(IllegalState):
            given(*opened(), call_off, submit())
        given(*opened()).when(c.CancelJob(org_id=ORG, job_id=JOB)).then_refused(NotFound)
        given(*opened()).when(call_off.model_copy(update={"org_id": "org_B"})).then_refused(NotFound)

    def test_one_that_is_there_is_cancelled_as_ever(self) -> None:
        call_off = c.CancelJob(org_id=ORG, job_id=JOB, unwanted=True)
        given(*opened(), submit()).when(call_off).then(JobCancelled, Released)
        given(*opened(), submit(), call_off).when(call_off).then_refused(AlreadyEnded)

    def test_the_first_of_cancel_and_success_wins(self) -> None:
        given(*opened(), submit(), dispatch(), succeeded()).when(CANCEL).then_refused(AlreadyEnded)
        given(*opened(), submit(), dispatch(), CANCEL).when(succeeded()).then(LateResultRefused)

    def test_another_organisations_job_is_not_found(self) -> None:
        other = c.OpenOrg(org_id="org_B", title="Other")
        foreign = c.CancelJob(org_id="org_B", job_id=JOB)
        given(*opened(), submit(), other).when(foreign).then_refused(NotFound)


class TestCredits:
    def test_a_grant_answers_what_is_available(self) -> None:
        grant = c.AddCredits(org_id=ORG, entry_id="ent_9", kind="grant", amount=5)
        assert given(*opened(10)).when(grant).then(Granted, EntryRecorded).result == {
            "entry_id": "ent_9",
            "available": 15,
        }

    def test_a_negative_adjustment_is_clamped_and_says_what_it_did_not_move(self) -> None:
        adjust = c.AddCredits(org_id=ORG, entry_id="ent_9", kind="adjust", amount=-15)
        entry = given(*opened(10)).when(adjust).then(Adjusted, EntryRecorded).events[0][1]
        assert isinstance(entry, Adjusted)
        assert entry.uncollected == 5
        assert [(p.account, p.amount) for p in entry.postings] == [("available", -10), ("external", 10)]

    @pytest.mark.parametrize(("kind", "amount"), [("grant", 0), ("grant", -1), ("purchase", -1), ("adjust", 0)])
    def test_an_amount_that_makes_no_sense_is_refused(self, kind: str, amount: int) -> None:
        fields = {"org_id": ORG, "entry_id": "ent_9", "kind": kind, "amount": amount}
        given(*opened()).when(c.AddCredits.model_validate(fields)).then_refused(InvalidInput)

    def test_a_sum_beyond_what_json_keeps_exactly_is_refused(self) -> None:
        grant = c.AddCredits(org_id=ORG, entry_id="ent_9", kind="grant", amount=MONEY_MAX)
        given(*opened(1)).when(grant).then_refused(InvalidInput)


def test_a_live_jobs_summary_follows_its_phase() -> None:
    world = World(ORGS)
    for command in (*opened(), submit()):
        world.handle(command)
    ref = job_ref(JOB)
    queued = current(world(ref).state)
    world.handle(dispatch())
    dispatched = current(world(ref).state)
    assert queued is not None
    assert dispatched is not None
    assert (queued.phase, queued.lease) == ("queued", 0)
    assert (dispatched.phase, dispatched.lease, dispatched.worker) == ("dispatched", 1, "w1")
    world.handle(succeeded())
    assert current(world(ref).state) is None
    assert not isinstance(world(ref).state, LiveJob)
