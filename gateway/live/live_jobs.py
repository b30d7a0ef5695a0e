"""The live jobs counted as they change, so that nobody who asks about one looks at all of them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final, TypeVar

from events.jobs.current import CurrentJob
from events.jobs.events import Priority

K = TypeVar("K")
RANK: Final[Mapping[Priority, int]] = {"HIGH": 0, "NORMAL": 1, "LOW": 2}
Place = tuple[int, str, str]
"""Rank of the priority, time of acceptance, id."""


class LiveJobs:
    """Follows `current.jobs`; every change is O(log n), but for one move of a list of pointers."""

    def __init__(self) -> None:
        self._jobs: dict[str, CurrentJob] = {}
        self._by_org: dict[str, dict[str, CurrentJob]] = {}
        self._lines: dict[tuple[str, str], list[Place]] = {}
        self._waiting: dict[str, set[str]] = {}
        """By provider, the organisations that have something queued there."""
        self.of_org: Counter[str] = Counter()
        self.of_org_model: Counter[tuple[str, str]] = Counter()
        self.of_provider: Counter[str] = Counter()
        self.of_model: Counter[str] = Counter()
        self.of_worker: Counter[str] = Counter()
        """What holds a slot, by each of these."""

    def changed(self, job_id: str, job: CurrentJob | None) -> None:
        if (before := self._jobs.pop(job_id, None)) is not None:
            self._forget(before)
        if job is not None:
            self._jobs[job_id] = job
            self._by_org.setdefault(job.org_id, {})[job_id] = job
            if job.phase == "queued":
                insort(self._lines.setdefault((job.org_id, job.provider), []), place_of(job))
                self._waiting.setdefault(job.provider, set()).add(job.org_id)
            self._count(job, 1)

    def get(self, job_id: str) -> CurrentJob | None:
        return self._jobs.get(job_id)

    def of(self, org_id: str) -> Collection[CurrentJob]:
        return self._by_org.get(org_id, {}).values()

    def ahead(self, job: CurrentJob) -> int:
        """How many of its organisation's jobs have waited for its provider longer, or with a higher priority."""
        return bisect_left(self._lines.get((job.org_id, job.provider), []), place_of(job))

    def others(self, job: CurrentJob) -> int:
        """How many other organisations wait for its provider too."""
        waiting = self._waiting.get(job.provider, set())
        return len(waiting) - (job.org_id in waiting)

    def _forget(self, job: CurrentJob) -> None:
        mine = self._by_org[job.org_id]
        del mine[job.job_id]
        if not mine:
            del self._by_org[job.org_id]
        if job.phase == "queued":
            line = self._lines[job.org_id, job.provider]
            del line[bisect_left(line, place_of(job))]
            if not line:
                del self._lines[job.org_id, job.provider]
                self._waiting[job.provider].discard(job.org_id)
        self._count(job, -1)

    def _count(self, job: CurrentJob, by: int) -> None:
        if not job.holds_slot:
            return
        _add(self.of_org, job.org_id, by)
        _add(self.of_org_model, (job.org_id, job.model), by)
        _add(self.of_provider, job.provider, by)
        _add(self.of_model, job.model, by)
        if job.worker is not None:
            _add(self.of_worker, job.worker, by)


def place_of(job: CurrentJob) -> Place:
    return RANK[job.priority], job.accepted_at, job.job_id


def _add(counter: Counter[K], key: K, by: int) -> None:
    counter[key] += by
    if counter[key] == 0:
        del counter[key]
