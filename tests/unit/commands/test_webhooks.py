"""Whoever asked for it is told of a job's end, and once it is known how that went, nobody tells again."""

from __future__ import annotations

import pytest

from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from commands.refusals import NotFound
from events.credits.events import Captured, Released
from events.jobs.events import JobCancelled, JobEvent, JobSucceeded, WebhookDelivered, WebhookGivenUp
from tests.given import JOB, ORG, asset, dispatch, opened, submit
from tests.specification import Given

URL = "https://hooks.example.com/x"
CANCEL = c.CancelJob(org_id=ORG, job_id=JOB)
BEGIN = c.BeginWebhook(org_id=ORG, job_id=JOB)
DELIVERED = c.RecordWebhook(org_id=ORG, job_id=JOB, tries=1, status=204)
GIVEN_UP = c.RecordWebhook(org_id=ORG, job_id=JOB, tries=6, failure="status", status=500)


def given(*past: c.OrgCommand) -> Given:
    return Given(ORGS, past)


@pytest.mark.parametrize("url", [URL, None])
def test_an_end_says_where_its_customer_wants_to_be_told(url: str | None) -> None:
    done = c.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=1, outputs=(asset(),), cost=300)
    decision = given(*opened(), submit(webhook_url=url), dispatch()).when(done).then(JobSucceeded, Captured)
    end = decision.events[0][1]
    assert isinstance(end, JobSucceeded)
    assert end.webhook_url == url
    decision = given(*opened(), submit(webhook_url=url)).when(CANCEL).then(JobCancelled, Released)
    cancelled = decision.events[0][1]
    assert isinstance(cancelled, JobCancelled)
    assert cancelled.webhook_url == url


def test_who_may_tell_is_answered_from_what_is_known() -> None:
    past = (*opened(), submit(webhook_url=URL))
    assert given(*past).when(BEGIN).then_nothing().result == {"go": False}
    assert given(*past, CANCEL).when(BEGIN).then_nothing().result == {"go": True}
    assert given(*past, CANCEL, DELIVERED).when(BEGIN).then_nothing().result == {"go": False}
    assert given(*past, CANCEL, GIVEN_UP).when(BEGIN).then_nothing().result == {"go": False}


@pytest.mark.parametrize(("told", "event"), [(DELIVERED, WebhookDelivered), (GIVEN_UP, WebhookGivenUp)])
def test_how_it_went_stands_on_the_log_once(told: c.RecordWebhook, event: type[JobEvent]) -> None:
    past = (*opened(), submit(webhook_url=URL), CANCEL)
    given(*past).when(told).then(event)
    given(*past, told).when(DELIVERED).then_nothing()
    given(*past, told).when(GIVEN_UP).then_nothing()


def test_of_a_job_that_has_not_ended_or_is_anothers_nothing_is_recorded() -> None:
    given(*opened(), submit(webhook_url=URL)).when(DELIVERED).then_nothing()
    with pytest.raises(NotFound):
        given(*opened(), submit(webhook_url=URL), CANCEL).when(
            c.RecordWebhook(org_id="org_B", job_id=JOB, tries=1)
        ).then_nothing()
