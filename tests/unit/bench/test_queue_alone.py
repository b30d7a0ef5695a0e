"""What `bench.queue` says of organisations' shares is so: it finds one that is ahead of the others."""

from __future__ import annotations

from datetime import UTC, datetime

from bench import queue_alone
from bench.report import Report
from events.jobs.slots import Caps
from processors.scheduler.core import Scheduler
from processors.scheduler.decisions import Dispatch

NOW = datetime.now(UTC)


def test_the_core_is_within_a_round_and_its_figures_are_there() -> None:
    report = Report()
    queue_alone.measure(report, jobs=810, orgs=10)
    assert [figure.held for figure in report.figures if figure.mark][-1] is True
    assert len(report.figures) == 4


def test_an_organisation_that_is_ahead_is_seen() -> None:
    jobs = {job.job_id: job for job in queue_alone.records(20, 2, NOW)}
    run = queue_alone.Run(Scheduler(), jobs, NOW)
    one = next(iter(jobs.values()))
    for job in jobs.values():
        run._left[job.provider][job.org_id] += 1
    for _ in range(3):
        list(run._take([Dispatch("j", one.org_id, 1, one.provider, one.model, None, (), Caps(16, None, 16, None))]))
    assert run.apart == 3
