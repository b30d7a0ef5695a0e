"""The auditor knows every event that a job has."""

from __future__ import annotations

from events.jobs.events import JOB_EVENTS
from projections.audit.pairs import NAMES


def test_every_event_of_a_job_is_one_for_the_auditor_too() -> None:
    assert {kind.ce_type().encode(): kind.name for kind in JOB_EVENTS} == NAMES
