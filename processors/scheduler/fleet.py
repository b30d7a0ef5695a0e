"""Our own workers as the scheduler counts them: who is registered, and how much of each is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Worker:
    """A registered worker; `models` are catalog ids."""

    worker_id: str
    models: frozenset[str]
    capacity: int


class Fleet:
    """Registrations come from outside; what is in flight on each worker is the scheduler's own count."""

    def __init__(self) -> None:
        self._workers: dict[str, Worker] = {}
        self._taken: Counter[str] = Counter()

    def register(self, workers: Iterable[Worker]) -> frozenset[str]:
        """The workers there are now. Returns the models that somebody may have got room for."""
        before, self._workers = self._workers, {worker.worker_id: worker for worker in workers}
        changed = [worker for key, worker in self._workers.items() if before.get(key) != worker]
        return frozenset(model for worker in changed for model in worker.models)

    def pick(self, model: str) -> str | None:
        """The worker with the least in flight that serves the model and has room. O(workers)."""
        free = [
            (self._taken[worker.worker_id], worker.worker_id)
            for worker in self._workers.values()
            if model in worker.models and self._taken[worker.worker_id] < worker.capacity
        ]
        return min(free)[1] if free else None

    def take(self, worker_id: str) -> None:
        self._taken[worker_id] += 1

    def release(self, worker_id: str) -> frozenset[str]:
        """Returns the models that this worker has room for now."""
        self._taken[worker_id] -= 1
        if self._taken[worker_id] <= 0:
            del self._taken[worker_id]
        worker = self._workers.get(worker_id)
        return worker.models if worker else frozenset()

    @property
    def in_flight(self) -> dict[str, int]:
        return dict(self._taken)
