"""What one organisation has waiting at one provider: by priority, by model, oldest first."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from events.jobs.events import Priority
from processors.scheduler.rotation import Rotation

PRIORITY_WEIGHTS: Mapping[Priority, int] = {"HIGH": 6, "NORMAL": 3, "LOW": 1}
"""Turns of each round; unless it is set otherwise."""

Leaf = tuple[Priority, str]
"""(priority, model)."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that wants to be dispatched now."""

    job_id: str
    org_id: str
    provider: str
    model: str
    priority: Priority
    accepted_at: datetime


class OrgQueue:
    """Jobs in their leaves. A parked leaf waits for a cap and takes no turns; every call is O(log n)."""

    def __init__(self, weights: Mapping[Priority, int] = PRIORITY_WEIGHTS) -> None:
        """`weights` has all priorities, each with one turn of a round at least."""
        self._weights = weights
        self._priorities: Rotation[Priority] = Rotation()
        self._models: dict[Priority, Rotation[str]] = {priority: Rotation() for priority in weights}
        self._heaps: dict[Leaf, list[tuple[datetime, str]]] = {}
        self._jobs: dict[str, Waiting] = {}
        self._sizes: Counter[Leaf] = Counter()
        self._waiting: dict[Priority, int] = dict.fromkeys(weights, 0)
        self._parked: set[Leaf] = set()

    def __len__(self) -> int:
        return len(self._jobs)

    def has(self, job_id: str) -> bool:
        return job_id in self._jobs

    @property
    def eligible(self) -> bool:
        return len(self._priorities) > 0

    def add(self, job: Waiting) -> None:
        leaf = (job.priority, job.model)
        self._jobs[job.job_id] = job
        self._sizes[leaf] += 1
        self._waiting[job.priority] += 1
        heapq.heappush(self._heaps.setdefault(leaf, []), (job.accepted_at, job.job_id))
        if leaf not in self._parked:
            self._enter(leaf)

    def remove(self, job_id: str) -> None:
        """The job waits no longer; its place in the heap is passed over later."""
        job = self._jobs.pop(job_id)
        leaf = (job.priority, job.model)
        self._sizes[leaf] -= 1
        self._waiting[job.priority] -= 1
        if self._sizes[leaf] == 0:
            del self._sizes[leaf], self._heaps[leaf]
            self._parked.discard(leaf)
            self._leave(leaf)

    def head(self) -> Waiting:
        """Whose turn it is; only of an eligible queue."""
        priority = self._priorities.first()
        model = self._models[priority].first() if priority is not None else None
        if priority is None or model is None:
            raise LookupError("nothing is eligible")
        heap = self._heaps[(priority, model)]
        while heap[0][1] not in self._jobs:
            heapq.heappop(heap)
        return self._jobs[heap[0][1]]

    def take(self, job: Waiting) -> None:
        """The head is dispatched: its priority and its model have had their turn."""
        self._priorities.charge(job.priority)
        self._models[job.priority].charge(job.model)
        self.remove(job.job_id)

    def park(self, priority: Priority, model: str) -> None:
        self._parked.add((priority, model))
        self._leave((priority, model))

    def unpark(self, model: str) -> None:
        """All leaves of the model take turns again."""
        for priority in self._weights:
            if (priority, model) in self._parked:
                self._parked.remove((priority, model))
                self._enter((priority, model))

    def sizes(self) -> str:
        """`H2 N10`: what waits, by priority."""
        return " ".join(f"{priority[0]}{count}" for priority, count in self._waiting.items() if count)

    def _enter(self, leaf: Leaf) -> None:
        priority, model = leaf
        self._models[priority].enter(model)
        self._priorities.enter(priority, self._weights[priority])

    def _leave(self, leaf: Leaf) -> None:
        priority, model = leaf
        self._models[priority].leave(model)
        if len(self._models[priority]) == 0:
            self._priorities.leave(priority)
