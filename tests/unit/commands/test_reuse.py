"""A job that equals an earlier one takes its result for nothing, where its sender allows it; the books say so."""

from __future__ import annotations

from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from events.accounts.events import ResultKept
from events.credits.events import Captured, Reserved
from events.jobs.events import JobAccepted, JobQueued, JobSucceeded
from tests.given import JOB, ORG, asset, dispatch, opened, submit
from tests.specification import Given

SAME = "a" * 64
DONE = c.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=1, outputs=(asset(),), cost=300)
FIRST = (*opened(), submit(fingerprint=SAME), dispatch())
AGAIN = submit("job_2", fingerprint=SAME, reuse=True)


def given(*past: c.OrgCommand) -> Given:
    return Given(ORGS, past)


def test_the_first_result_is_kept_under_its_fingerprint() -> None:
    given(*FIRST).when(DONE).then(JobSucceeded, Captured, ResultKept)
    given(*opened(), submit(), dispatch()).when(DONE).then(JobSucceeded, Captured)


def test_an_equal_job_takes_it_at_once_and_pays_nothing() -> None:
    it = given(*FIRST, DONE)
    decision = it.when(AGAIN).then(JobAccepted, Reserved, JobSucceeded, Captured)
    assert decision.result == {"job_id": "job_2", "reserved": 0}
    succeeded = decision.events[2][1]
    assert isinstance(succeeded, JobSucceeded)
    assert (succeeded.outputs, succeeded.captured, succeeded.reused_from) == ((asset(),), 0, JOB)
    assert [entry.postings for _, entry in decision.events if isinstance(entry, Reserved | Captured)] == [(), ()]
    it.world.handle(AGAIN)


def test_who_has_no_credit_left_may_still_reuse() -> None:
    spent = (*opened(400), submit(fingerprint=SAME), dispatch(), DONE.model_copy(update={"cost": 400}))
    given(*spent).when(AGAIN).then(JobAccepted, Reserved, JobSucceeded, Captured)


def test_without_leave_or_without_an_equal_it_is_a_job_like_any_other() -> None:
    for job in (submit("job_2", fingerprint=SAME), submit("job_2", fingerprint="b" * 64, reuse=True)):
        given(*FIRST, DONE).when(job).then(JobAccepted, JobQueued, Reserved)
    given(*FIRST).when(AGAIN).then(JobAccepted, JobQueued, Reserved)


def test_another_organisations_result_is_nobodys_business() -> None:
    other = (c.OpenOrg(org_id="org_B", title="B"), c.AddCredits(org_id="org_B", entry_id="e", kind="grant", amount=900))
    theirs = AGAIN.model_copy(update={"org_id": "org_B"})
    given(*FIRST, DONE, *other).when(theirs).then(JobAccepted, JobQueued, Reserved)


def test_later_results_are_not_kept_beside_the_first() -> None:
    second = (submit("job_2", fingerprint=SAME), dispatch("job_2"))
    given(*FIRST, DONE, *second).when(DONE.model_copy(update={"job_id": "job_2"})).then(JobSucceeded, Captured)
