"""Jobs in few words, for the tests of what is decided about them."""

from __future__ import annotations

from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from tests.given import JOB, ORG, asset
from tests.specification import Given


def given(*past: c.OrgCommand | float) -> Given:
    return Given(ORGS, past)


def succeeded(lease: int = 1, cost: int = 300) -> c.RecordJobSucceeded:
    return c.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=lease, outputs=(asset(),), cost=cost)


def no_slot(lease: int) -> c.RecordAttemptFailed:
    return c.RecordAttemptFailed(org_id=ORG, job_id=JOB, lease=lease, category="rate_limit", retry_in_s=0, counts=False)


def attempt_failed(lease: int = 1, retry_in_s: float | None = 1.0) -> c.RecordAttemptFailed:
    return c.RecordAttemptFailed(org_id=ORG, job_id=JOB, lease=lease, category="outage", retry_in_s=retry_in_s)


CANCEL = c.CancelJob(org_id=ORG, job_id=JOB)
