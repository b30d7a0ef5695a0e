"""The scheduler's core alone with many queued jobs: memory for each, time of a decision, distance from a fair share."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.catalog.loader import load
from bench.report import Report
from events.accounts.current import CurrentOrg
from events.catalog.current import FLEET, CurrentProvider
from events.catalog.events import ModelSpec
from events.ids import new_id
from events.jobs.current import CurrentJob
from events.jobs.events import Priority
from processors.scheduler.core import Scheduler
from processors.scheduler.decisions import Dispatch

MODELS: Final = 81
SLOTS: Final = 16
"""Of each provider: so many of its jobs are always under way."""
PRIORITIES: Final[Sequence[Priority]] = ("HIGH", "NORMAL", "LOW")
KIBIBYTE: Final = 1024


def measure(report: Report, jobs: int, orgs: int) -> None:
    """Adds the figures of one run of so many jobs, spread evenly over organisations and models."""
    now, core = datetime.now(UTC), Scheduler()
    raw = [record.model_dump_json(exclude_none=True).encode() for record in records(jobs, orgs, now)]
    gc.collect()
    tracemalloc.start()
    queued = [CurrentJob.model_validate_json(value) for value in raw]
    held = tracemalloc.get_traced_memory()[0]
    for org_id in sorted({job.org_id for job in queued}):
        core.on_org(org_id, CurrentOrg(org_id=org_id, title="Bench"), now)
    for name in sorted({job.provider for job in queued}):
        core.on_provider(CurrentProvider(provider=name, active=True, concurrent=SLOTS, version=1), now)
    before = tracemalloc.get_traced_memory()[0]
    for job in queued:
        core.on_job(job.job_id, job, now)
    each = (tracemalloc.get_traced_memory()[0] - before) / jobs
    tracemalloc.stop()
    report.add(
        f"{jobs} queued jobs, {orgs} orgs, {MODELS} models: the core's memory for each", f"{each:.0f} bytes",
        f"≤ {KIBIBYTE} bytes", each <= KIBIBYTE,
    )  # fmt: skip
    report.add("  its record, which the process shares", f"{held / jobs:.0f} bytes")
    run = Run(core, {job.job_id: job for job in queued}, now)
    micros = sorted(run.decide(jobs // 2))
    p50, p99 = micros[len(micros) // 2], micros[int(len(micros) * 0.99)]
    report.add("  a job's end and the decision that follows, CPU p50 / p99", f"{p50:.0f} / {p99:.0f} µs")
    report.add("  organisations apart, in rounds, at most", f"{run.apart}", "≤ 1", run.apart <= 1)


def records(jobs: int, orgs: int, now: datetime) -> Iterator[CurrentJob]:
    """Every organisation has as many of each model as any other."""
    specs: list[ModelSpec] = [one.spec for one in load(lambda _: True) if one.spec.provider != FLEET][:MODELS]
    names = [new_id("org") for _ in range(orgs)]
    for number in range(jobs):
        spec = specs[number // orgs % MODELS]
        yield CurrentJob(
            job_id=new_id("job"),
            org_id=names[number % orgs],
            phase="queued",
            lease=0,
            priority=PRIORITIES[number // orgs % len(PRIORITIES)],
            model=spec.id,
            provider=spec.provider,
            reserved=100,
            max_runtime_s=spec.limits.max_runtime_s,
            accepted_at=now.isoformat(),
            deadline_at=(now + timedelta(days=1)).isoformat(),
        )


@dataclass
class Run:
    """Every dispatched job is over at once, and the next one has its slot."""

    core: Scheduler
    jobs: dict[str, CurrentJob]
    now: datetime
    apart: int = 0
    """The most that one organisation with jobs left was ahead of another, in one pool."""
    _served: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _left: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def decide(self, count: int) -> list[float]:
        """CPU microseconds of each of so many decisions."""
        for job in self.jobs.values():
            self._left[job.provider][job.org_id] += 1
        waiting, micros = list(self._take(self.core.ready(self.now))), list[float]()
        while waiting and len(micros) < count:
            dispatch = waiting.pop(0)
            running = {"phase": "dispatched", "lease": dispatch.lease}
            self.core.on_job(dispatch.job_id, self.jobs[dispatch.job_id].model_copy(update=running), self.now)
            began = time.process_time_ns()
            decided = self.core.on_job(dispatch.job_id, None, self.now)
            micros.append((time.process_time_ns() - began) / 1000)
            waiting += self._take(decided)
        return micros

    def _take(self, decided: Iterable[object]) -> Iterator[Dispatch]:
        for one in decided:
            if isinstance(one, Dispatch):
                self._weigh(one)
                yield one

    def _weigh(self, dispatch: Dispatch) -> None:
        """Only while every organisation has jobs left in the pool: before, all have the same claim."""
        served, left = self._served[dispatch.provider], self._left[dispatch.provider]
        if min(left.values()) > 0:
            served[dispatch.org_id] += 1
            least = min(served[org_id] for org_id in left)
            self.apart = max(self.apart, served[dispatch.org_id] - least)
        left[dispatch.org_id] -= 1
