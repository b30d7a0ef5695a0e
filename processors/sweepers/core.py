"""The sweepers' core: attempts whose holder is gone, jobs past their deadline, stops that nobody confirms. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from events.jobs.current import CurrentJob

GRACE = timedelta(seconds=20)
"""How long an attempt's lease may be missing: longer than its TTL, so that a flushed Redis ends nothing."""
STOP_MARGIN = timedelta(seconds=60)
AGAIN = timedelta(seconds=30)
"""A sweep that has not shown on the log is asked for again."""

Purpose = Literal["expire_lease", "cancel_overdue", "confirm_stopped"]


@dataclass(frozen=True, slots=True)
class Sweep:
    """One thing to be done about one job; done twice it does nothing the second time."""

    purpose: Purpose
    job_id: str
    org_id: str
    lease: int


class Sweeper:
    """Every method takes what has become known and the time. Absence is measured by this clock, not by others."""

    def __init__(self) -> None:
        self._jobs: dict[str, CurrentJob] = {}
        self._present_at: dict[str, tuple[int, datetime]] = {}
        """Job → (lease, when that lease was last known to be held, or its attempt first seen)."""
        self._asked: dict[Sweep, datetime] = {}

    def on_job(self, job_id: str, job: CurrentJob | None, now: datetime) -> None:
        if job is None:
            self._jobs.pop(job_id, None)
            self._present_at.pop(job_id, None)
            return
        self._jobs[job_id] = job
        if job.phase not in ("dispatched", "running"):
            self._present_at.pop(job_id, None)
        elif self._present_at.get(job_id, (0, now))[0] != job.lease:
            self._present_at[job_id] = (job.lease, now)

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

    def tick(self, now: datetime) -> tuple[Sweep, ...]:
        self._asked = {sweep: at for sweep, at in self._asked.items() if now - at < AGAIN}
        due = tuple(sweep for sweep in self._due(now) if sweep not in self._asked)
        self._asked |= dict.fromkeys(due, now)
        return due

    def _due(self, now: datetime) -> Iterator[Sweep]:
        for job in self._jobs.values():
            purpose = self._purpose(job, now)
            if purpose is not None:
                yield Sweep(purpose, job.job_id, job.org_id, job.lease)

    def _purpose(self, job: CurrentJob, now: datetime) -> Purpose | None:
        if job.phase != "stopping" and datetime.fromisoformat(job.deadline_at) <= now:
            return "cancel_overdue"
        if job.phase == "stopping" or job.unstopped:
            return "confirm_stopped" if self._over(job, now) else None
        seen = self._present_at.get(job.job_id)
        return "expire_lease" if seen is not None and now - seen[1] > GRACE else None

    @staticmethod
    def _over(job: CurrentJob, now: datetime) -> bool:
        """Past its longest run, if it began when it was dispatched. Where it may have begun later the log says so."""
        began = datetime.fromisoformat(job.dispatched_at or job.accepted_at)
        return now - began > timedelta(seconds=job.max_runtime_s) + STOP_MARGIN


def seen(values: Iterable[tuple[str, bytes | None]]) -> dict[str, int]:
    """Job → lease, of what Redis answered; what is no number counts as missing."""
    return {job_id: int(value) for job_id, value in values if value is not None and value.isdigit()}
