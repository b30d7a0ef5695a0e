"""Whoever asked for it is told of a job's end, and once it is known how that went, nobody tells again."""

from __future__ import annotations

import pytest

from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from commands.orgs.tell_customer import RESENDS_MAX
from commands.refusals import IllegalState, NotFound
from events.credits.events import Captured, Released
from events.jobs.events import (
    JobCancelled,
    JobEvent,
    JobSucceeded,
    WebhookDelivered,
    WebhookGivenUp,
    WebhookResendRequested,
)
from tests.given import JOB, ORG, asset, dispatch, opened, submit
from tests.specification import Given

URL = "https://hooks.example.com/x"
CANCEL = c.CancelJob(org_id=ORG, job_id=JOB)
BEGIN = c.BeginWebhook(org_id=ORG, job_id=JOB)
DELIVERED = c.RecordWebhook(org_id=ORG, job_id=JOB, tries=1, status=204)
GIVEN_UP = c.RecordWebhook(org_id=ORG, job_id=JOB, tries=6, failure="status", status=500, message_id="evt_end")
RESEND = c.ResendWebhook(org_id=ORG, job_id=JOB)
DONE = c.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=1, outputs=(asset(),), cost=300)
FAILED = c.RecordAttemptFailed(org_id=ORG, job_id=JOB, lease=1, category="content_policy")


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


def resent(*past: c.OrgCommand) -> WebhookResendRequested:
    event = given(*past).when(RESEND).then(WebhookResendRequested).events[0][1]
    assert isinstance(event, WebhookResendRequested)
    return event


def test_what_was_given_up_is_told_again_under_its_id_with_all_that_is_to_be_told() -> None:
    past = (*opened(), submit(webhook_url=URL), dispatch())
    event = resent(*past, DONE, GIVEN_UP)
    assert (event.webhook_url, event.message_id, event.status, event.captured) == (URL, "evt_end", "succeeded", 300)
    assert [output.asset_id for output in event.outputs] == [asset().asset_id]
    failed = resent(*past, FAILED, GIVEN_UP)
    assert (failed.status, failed.category, failed.captured, failed.outputs) == ("failed", "content_policy", None, ())
    assert resent(*past, CANCEL, GIVEN_UP).status == "cancelled"


def test_it_may_be_told_from_then_until_the_outcome_is_on_the_log() -> None:
    past = (*opened(), submit(webhook_url=URL), CANCEL, GIVEN_UP, RESEND)
    assert given(*past).when(BEGIN).then_nothing().result == {"go": True}
    given(*past).when(DELIVERED).then(WebhookDelivered)
    assert given(*past, DELIVERED).when(BEGIN).then_nothing().result == {"go": False}
    given(*past, GIVEN_UP.model_copy(update={"message_id": None})).when(BEGIN).then_nothing()
    assert resent(*past, GIVEN_UP.model_copy(update={"message_id": None})).message_id == "evt_end"


@pytest.mark.parametrize(
    "past",
    [
        (submit(webhook_url=URL),),
        (submit(webhook_url=URL), CANCEL),
        (submit(webhook_url=URL), CANCEL, DELIVERED),
        (submit(webhook_url=URL), CANCEL, GIVEN_UP, RESEND),
        (submit(webhook_url=URL), CANCEL, GIVEN_UP, RESEND, DELIVERED),
        (submit(), CANCEL),
        (submit(webhook_url=URL), CANCEL, *[GIVEN_UP, RESEND] * RESENDS_MAX, GIVEN_UP),
    ],
    ids=["lives", "is being told", "delivered", "resent", "resent and delivered", "nobody asked", "too often"],
)
def test_nothing_else_is_told_again(past: tuple[c.OrgCommand, ...]) -> None:
    given(*opened(), *past).when(RESEND).then_refused(IllegalState)


def test_anothers_job_is_not_told_of() -> None:
    past = (*opened(), submit(webhook_url=URL), CANCEL, GIVEN_UP)
    given(*past).when(c.ResendWebhook(org_id="org_B", job_id=JOB)).then_refused(NotFound)


def test_what_an_earlier_release_gave_up_has_an_id_that_stays() -> None:
    past = (*opened(), submit(webhook_url=URL), CANCEL, GIVEN_UP.model_copy(update={"message_id": None}))
    assert resent(*past).message_id == JOB
