"""The sweepers' core: attempts whose holder is gone, jobs past their deadline, stops that nobody confirms. No I/O."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from events.jobs.current import CurrentJob

GRACE = timedelta(seconds=20)
"""How long an attempt's lease may be missing: longer than its TTL, so that a flushed Redis ends nothing."""
STOP_MARGIN = timedelta(seconds=60)
AGAIN = timedelta(seconds=30)
"""A sweep that has not shown on the log is asked for again."""

GONE_MAX: Final = 1_000

Purpose = Literal["expire_lease", "cancel_overdue", "free_slot"]


@dataclass(frozen=True, slots=True)
class Sweep:
    """One thing to be done about one job; done twice it does nothing the second time."""

    purpose: Purpose
    job_id: str
    org_id: str
    lease: int


class Sweeper:
    """Every method takes what has become known and the time. Absence is measured by this clock, not by others.

    A look costs what there is to be looked at: attempts under way and stops, and deadlines that have passed.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, CurrentJob] = {}
        self._deadlines: list[tuple[datetime, str]] = []
        """A heap, each live job once; of those that have gone it still has some."""
        self._timed: set[str] = set()
        """The jobs in it."""
        self._overdue: dict[str, None] = {}
        self._stopping: dict[str, None] = {}
        """Whose last attempt may still run: as the log says, or as is not known yet."""
        self._present_at: dict[str, tuple[int, datetime]] = {}
        """Job → (lease, when that lease was last known to be held, or its attempt first seen)."""
        self._asked: dict[Sweep, datetime] = {}

    def on_job(self, job_id: str, job: CurrentJob | None, now: datetime) -> None:
        if job is None or job.phase == "stopping":
            self._overdue.pop(job_id, None)
        elif job_id not in self._timed:
            self._timed.add(job_id)
            heapq.heappush(self._deadlines, (datetime.fromisoformat(job.deadline_at), job_id))
        if job is None:
            for known in (self._jobs, self._present_at, self._stopping):
                known.pop(job_id, None)
            self._forget_gone()
            return
        before, self._jobs[job_id] = self._jobs.get(job_id), job
        if job.phase == "stopping" or job.unstopped or self._unknown(before, job):
            self._stopping[job_id] = None
        else:
            self._stopping.pop(job_id, None)
        if job.phase not in ("dispatched", "running"):
            self._present_at.pop(job_id, None)
        elif self._present_at.get(job_id, (0, now))[0] != job.lease:
            self._present_at[job_id] = (job.lease, now)

    def _unknown(self, before: CurrentJob | None, job: CurrentJob) -> bool:
        """Whether its record may be of a release that did not write `unstopped`: its decider knows, and is asked."""
        first = before is None or (before == job and job.job_id in self._stopping)
        return first and job.phase == "queued" and job.lease > 0

    def answered(self, sweep: Sweep) -> None:
        """The decider has had it: what the log does not show by then was nothing."""
        job = self._jobs.get(sweep.job_id)
        if sweep.purpose == "free_slot" and job is not None and not (job.phase == "stopping" or job.unstopped):
            self._stopping.pop(sweep.job_id, None)

    def _forget_gone(self) -> None:
        """Most jobs end long before their deadline."""
        if len(self._deadlines) > 2 * len(self._jobs) + GONE_MAX:
            self._deadlines = [one for one in self._deadlines if one[1] in self._jobs]
            heapq.heapify(self._deadlines)
            self._timed = {job_id for _, job_id in self._deadlines}

    def held(self) -> tuple[str, ...]:
        """The jobs whose lease somebody should hold."""
        return tuple(self._present_at)

    def on_leases(self, leases: Mapping[str, int], now: datetime) -> None:
        """What Redis holds of `held()`. Not called while Redis is away: then nothing is missing."""
        for job_id, lease in leases.items():
            known = self._present_at.get(job_id)
            if known is not None and known[0] == lease:
                self._present_at[job_id] = (lease, now)

    def redis_was_away(self, now: datetime) -> None:
        """After a gap nothing counts as missing until its holders have had a grace to renew."""
        self._present_at = {job_id: (lease, now) for job_id, (lease, _) in self._present_at.items()}

    def tick(self, now: datetime, *, looked: bool = True) -> tuple[Sweep, ...]:
        """`looked`: what leases there are was seen just now. Otherwise none is missing."""
        self._asked = {sweep: at for sweep, at in self._asked.items() if now - at < AGAIN}
        due = tuple(sweep for sweep in self._due(now, looked=looked) if sweep not in self._asked)
        self._asked |= dict.fromkeys(due, now)
        return due

    def _due(self, now: datetime, *, looked: bool) -> Iterator[Sweep]:
        while self._deadlines and self._deadlines[0][0] <= now:
            _, job_id = heapq.heappop(self._deadlines)
            self._timed.discard(job_id)
            job = self._jobs.get(job_id)
            if job is not None and job.phase != "stopping":
                self._overdue[job_id] = None
        for job_id in self._overdue:
            yield self._sweep("cancel_overdue", job_id)
        for job_id in self._stopping:
            if job_id not in self._overdue and self._over(self._jobs[job_id], now):
                yield self._sweep("free_slot", job_id)
        for job_id, (_, seen_at) in self._present_at.items() if looked else ():
            if job_id not in self._overdue and now - seen_at > GRACE:
                yield self._sweep("expire_lease", job_id)

    def _sweep(self, purpose: Purpose, job_id: str) -> Sweep:
        job = self._jobs[job_id]
        return Sweep(purpose, job_id, job.org_id, job.lease)

    @staticmethod
    def _over(job: CurrentJob, now: datetime) -> bool:
        """Past its longest run, if it began when it was dispatched. Where it may have begun later the log says so."""
        began = datetime.fromisoformat(job.dispatched_at or job.accepted_at)
        return now - began > timedelta(seconds=job.max_runtime_s) + STOP_MARGIN


def seen(values: Iterable[tuple[str, bytes | None]]) -> dict[str, int]:
    """Job → lease, of what Redis answered; what is no number counts as missing."""
    return {job_id: int(value) for job_id, value in values if value is not None and value.isdigit()}
