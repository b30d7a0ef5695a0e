"""A job and its money: accepted with its reservation, dispatched, cancelled, and where the credits come from."""

from __future__ import annotations

import pytest

from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from commands.orgs.streams import job_ref
from commands.refusals import AlreadyEnded, IllegalState, InsufficientCredit, InvalidInput, NotFound
from events.accounts.events import EntryRecorded
from events.credits.events import Adjusted, Allocated, Captured, Granted, Released, Reserved
from events.jobs.events import (
    AttemptBegun,
    JobAccepted,
    JobCancelled,
    JobDispatched,
    JobNote,
    JobQueued,
    JobReplayed,
    JobRunning,
    JobSucceeded,
    LateResultRefused,
)
from events.jobs.state import CALLED_OFF, LiveJob, current
from events.model import MONEY_MAX
from tests.given import JOB, ORG, dispatch, opened, sealed, submit
from tests.specification import World
from tests.unit.commands.jobs import CANCEL, attempt_failed, given, succeeded


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
