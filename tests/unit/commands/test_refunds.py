"""Refunds: at most what was captured, once for each entry, back to where the money came from."""

from __future__ import annotations

import pytest

from commands.model import Command
from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from commands.orgs.streams import book_ref, job_ref
from commands.refusals import AlreadyEnded, IllegalState, InsufficientCredit, NotFound
from events.accounts.events import EntryRecorded
from events.credits.events import Captured, Deallocated, Refunded, Reserved
from events.credits.state import CLOSED, Book
from events.jobs.events import JobAccepted, JobQueued, JobRefunded, JobSucceeded
from tests.given import JOB, ORG, asset, dispatch, opened, sealed, submit
from tests.specification import Given, World

PROJECT = "prj_1"
OPENED = c.OpenProject(org_id=ORG, project_id=PROJECT, title=sealed())
CANCEL = c.CancelJob(org_id=ORG, job_id=JOB)
FAILED = c.RecordAttemptFailed(org_id=ORG, job_id=JOB, lease=1, category="outage")
DEAD = c.RecordAttemptFailed(org_id=ORG, job_id=JOB, lease=1, category="outage", retry_in_s=0)


def given(*past: Command) -> Given:
    return Given(ORGS, past)


def succeeded(cost: int = 300) -> c.RecordJobSucceeded:
    return c.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=1, outputs=(asset(),), cost=cost)


def moved(kind: str, amount: int, n: int = 1) -> c.AllocateCredits:
    fields = {"org_id": ORG, "entry_id": f"ent_{kind}{n}", "project_id": PROJECT, "amount": amount, "kind": kind}
    return c.AllocateCredits.model_validate(fields)


def refund(amount: int | None = None, n: int = 1, reason: str | None = None) -> c.RefundJob:
    return c.RefundJob(org_id=ORG, entry_id=f"ent_refund{n}", job_id=JOB, amount=amount, reason=reason)


DONE = (*opened(), submit(), dispatch(), succeeded())
BY_PROJECT = (*opened(), OPENED, moved("allocate", 500), submit(project_id=PROJECT), dispatch(), succeeded())


def book(world: World) -> Book:
    state = world(book_ref(ORG)).state
    assert isinstance(state, Book)
    return state


def postings(decision_of: Given) -> list[tuple[str, int]]:
    entry = decision_of.then(Refunded, JobRefunded, EntryRecorded).events[0][1]
    assert isinstance(entry, Refunded)
    return [(posting.account, posting.amount) for posting in entry.postings]


class TestOfAClosedStep:
    UNWANTED = CANCEL.model_copy(update={"unwanted": True})

    def test_a_result_that_came_after_all_is_given_back_once(self) -> None:
        assert postings(given(*DONE).when(self.UNWANTED)) == [("spent", -300), ("available", 300)]
        given(*DONE, self.UNWANTED).when(self.UNWANTED).then_refused(AlreadyEnded)
        given(*DONE, refund(100)).when(self.UNWANTED).then(Refunded, JobRefunded, EntryRecorded)

    def test_a_job_that_somebody_cancels_keeps_its_price(self) -> None:
        given(*DONE).when(CANCEL).then_refused(AlreadyEnded)


class TestAmount:
    @pytest.mark.parametrize(
        ("earlier", "asked", "refunded", "uncollected"),
        [
            ([], None, 300, 0),
            ([], 1, 1, 0),
            ([], 300, 300, 0),
            ([], 301, 300, 1),
            ([100], None, 200, 0),
            ([100], 250, 200, 50),
            ([100, 200], 7, 0, 7),
            ([999], 7, 0, 7),
        ],
    )
    def test_it_is_clamped_to_what_was_captured_and_not_refunded_yet(
        self, earlier: list[int], asked: int | None, refunded: int, uncollected: int
    ) -> None:
        past = [refund(amount, n) for n, amount in enumerate(earlier, start=2)]
        decision = given(*DONE, *past).when(refund(asked, reason="goodwill")).then(Refunded, JobRefunded, EntryRecorded)
        assert decision.result == {"entry_id": "ent_refund1", "refunded": refunded, "uncollected": uncollected}
        entry, told = decision.events[0][1], decision.events[1][1]
        assert isinstance(entry, Refunded)
        assert isinstance(told, JobRefunded)
        assert (entry.job_id, entry.reason, entry.uncollected or 0) == (JOB, "goodwill", uncollected)
        assert sum(p.amount for p in entry.postings if p.account == "available") == refunded
        assert (told.amount, told.refunded) == (refunded, min(300, sum(earlier) + refunded))

    def test_all_of_it_twice_is_refused(self) -> None:
        given(*DONE, refund()).when(refund(n=2)).then_refused(IllegalState)

    def test_the_same_entry_is_never_made_twice(self) -> None:
        given(*DONE, refund(5)).when(refund(5)).then_refused(IllegalState)
        given(*DONE, refund(5)).when(moved("allocate", 1).model_copy(update={"entry_id": "ent_refund1"})).then_refused(
            IllegalState
        )

    def test_what_was_uncollected_was_never_captured(self) -> None:
        past = (*opened(), submit(), dispatch(), succeeded(cost=450))
        decision = given(*past).when(refund()).then(Refunded, JobRefunded, EntryRecorded)
        assert decision.result == {"entry_id": "ent_refund1", "refunded": 400, "uncollected": 0}


class TestWhen:
    @pytest.mark.parametrize("past", [(submit(),), (submit(), dispatch())])
    def test_a_live_job_has_captured_nothing_yet(self, past: tuple[Command, ...]) -> None:
        given(*opened(), *past).when(refund(1)).then_refused(IllegalState)

    @pytest.mark.parametrize(
        "past",
        [(submit(), CANCEL), (submit(), dispatch(), FAILED), (submit(max_attempts=1), dispatch(), DEAD)],
        ids=["cancelled", "failed", "dead"],
    )
    def test_a_job_that_was_released_has_nothing_to_give_back(self, past: tuple[Command, ...]) -> None:
        ended = given(*opened(), *past)
        ended.when(refund()).then_refused(IllegalState)
        assert ended.when(refund(5)).then(Refunded, JobRefunded, EntryRecorded).result == {
            "entry_id": "ent_refund1", "refunded": 0, "uncollected": 5,
        }  # fmt: skip

    def test_unknown_and_foreign_jobs_are_not_found(self) -> None:
        given(*opened()).when(refund()).then_refused(NotFound)
        other = c.OpenOrg(org_id="org_B", title="Other")
        given(*DONE, other).when(refund().model_copy(update={"org_id": "org_B"})).then_refused(NotFound)

    def test_the_job_stays_succeeded(self) -> None:
        world = given(*DONE, refund(100)).world
        ended = world(job_ref(JOB)).state
        assert (ended.status, ended.captured, ended.refunded) == ("succeeded", 300, 100)


class TestWhere:
    def test_to_what_is_available(self) -> None:
        assert postings(given(*DONE).when(refund())) == [("spent", -300), ("available", 300)]

    def test_to_the_allocation_that_paid(self) -> None:
        assert postings(given(*BY_PROJECT).when(refund())) == [("spent", -300), (f"project:{PROJECT}", 300)]

    def test_to_an_allocation_that_is_spent_to_nothing(self) -> None:
        past = (*opened(), OPENED, moved("allocate", 400), submit(project_id=PROJECT), dispatch(), succeeded(400))
        assert postings(given(*past).when(refund(9))) == [("spent", -9), (f"project:{PROJECT}", 9)]

    def test_to_what_is_available_once_the_allocation_is_closed(self) -> None:
        closed = (*BY_PROJECT, moved("deallocate", 200))
        assert postings(given(*closed).when(refund())) == [("spent", -300), ("available", 300)]

    def test_to_an_allocation_that_was_opened_again(self) -> None:
        again = (*BY_PROJECT, moved("deallocate", 200), moved("allocate", 1, n=2))
        assert postings(given(*again).when(refund())) == [("spent", -300), (f"project:{PROJECT}", 300)]

    def test_a_job_paid_from_what_is_available_goes_back_there(self) -> None:
        """Though its project has an allocation by now."""
        past = (*opened(), OPENED, submit(project_id=PROJECT), dispatch(), succeeded(), moved("allocate", 100))
        assert postings(given(*past).when(refund())) == [("spent", -300), ("available", 300)]


class TestClosedAllocations:
    def test_the_last_credit_that_is_taken_back_closes_it_and_the_entry_says_so(self) -> None:
        past = (*opened(), OPENED, moved("allocate", 500))
        part = given(*past).when(moved("deallocate", 499)).then(Deallocated, EntryRecorded).events[0][1]
        all_of_it = given(*past).when(moved("deallocate", 500)).then(Deallocated, EntryRecorded).events[0][1]
        assert isinstance(part, Deallocated)
        assert isinstance(all_of_it, Deallocated)
        assert (part.reason, all_of_it.reason) == (None, CLOSED)
        assert book(given(*past, moved("deallocate", 499)).world).allocations == {PROJECT: 1}
        assert book(given(*past, moved("deallocate", 500)).world).allocations == {}

    def test_its_projects_jobs_are_paid_from_what_is_available_again(self) -> None:
        past = (*opened(), OPENED, moved("allocate", 500), moved("deallocate", 500))
        entry = given(*past).when(submit(project_id=PROJECT)).then(JobAccepted, JobQueued, Reserved).events[2][1]
        assert isinstance(entry, Reserved)
        assert entry.postings[0].account == "available"

    def test_one_that_is_spent_to_nothing_is_open_and_refuses(self) -> None:
        past = (*opened(), OPENED, moved("allocate", 400), submit("job_2", project_id=PROJECT))
        given(*past).when(submit(project_id=PROJECT)).then_refused(InsufficientCredit)

    @pytest.mark.parametrize("amount", [1, 400])
    def test_one_that_is_spent_to_nothing_is_closed_by_whatever_is_asked_back(self, amount: int) -> None:
        past = (*opened(), OPENED, moved("allocate", 400), submit(project_id=PROJECT), dispatch(), succeeded(400))
        closing = given(*past).when(moved("deallocate", amount)).then(Deallocated, EntryRecorded)
        entry = closing.events[0][1]
        assert isinstance(entry, Deallocated)
        assert (entry.postings, entry.reason) == ((), CLOSED)
        closed = given(*past, moved("deallocate", amount))
        assert book(closed.world).allocations == {}
        assert book(closed.world).available == 600
        closed.when(moved("deallocate", amount, n=2)).then_refused(InsufficientCredit)
        closed.when(submit("job_2", project_id=PROJECT)).then(JobAccepted, JobQueued, Reserved)

    def test_what_a_reservation_gives_back_goes_where_it_came_from_and_opens_it_again(self) -> None:
        past = (*opened(), OPENED, moved("allocate", 500), submit(project_id=PROJECT), dispatch())
        closed = given(*past, moved("deallocate", 100))
        assert book(closed.world).allocations == {}
        entry = closed.when(succeeded(300)).then(JobSucceeded, Captured).events[1][1]
        assert isinstance(entry, Captured)
        assert entry.postings[-1].account == f"project:{PROJECT}"
        closed.world.handle(succeeded(300))
        assert book(closed.world).allocations == {PROJECT: 100}
