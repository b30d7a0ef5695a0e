"""What tests of the scheduler ask of a bench and of decisions."""

from __future__ import annotations

from events.jobs.current import CurrentJob
from processors.scheduler.decisions import Decisions, Dispatch
from tests.unit.scheduler.makers import Bench


def dispatches(decisions: Decisions) -> list[Dispatch]:
    return [one for one in decisions if isinstance(one, Dispatch)]


def queued(bench: Bench, job_id: str) -> CurrentJob:
    return bench.jobs[job_id].model_copy(update={"phase": "queued", "lease": 0})
