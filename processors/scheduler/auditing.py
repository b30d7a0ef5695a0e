"""The scheduler held against the log, a few jobs at a time: what it believes otherwise it is told again."""

from __future__ import annotations

import logging
from collections.abc import ItemsView
from datetime import datetime, timedelta
from typing import Final, Protocol

from prometheus_client import Counter

from events.jobs.current import CurrentJob
from processors.scheduler.core import Scheduler
from processors.scheduler.decisions import Decision, Decisions
from processors.sweepers.queue import QueueSweeper

EVERY: Final = timedelta(seconds=5)
AT_ONCE: Final = 200
"""Jobs a tick: a fifth of a millisecond's work, and 100,000 jobs in a minute."""

ASTRAY = Counter("studio_queue_astray_total", "Jobs of which the scheduler believed something else than the log says")

log = logging.getLogger(__name__)


class Miscounted(RuntimeError):
    """The scheduler has lost count of what is in flight: it must start anew from the log."""


class Logged(Protocol):
    """The copy of `current.jobs`."""

    def get(self, key: str) -> CurrentJob | None: ...

    def items(self) -> ItemsView[str, CurrentJob]: ...


class QueueAudit:
    """Goes round and round over all jobs that the log or the scheduler knows."""

    def __init__(self, core: Scheduler, logged: Logged) -> None:
        self._core = core
        self._logged = logged
        self._sweeper = QueueSweeper()
        self._todo: list[str] = []
        self._next_round: datetime | None = None

    def step(self, now: datetime) -> Decisions:
        """Raises Miscounted."""
        if not self._todo:
            if self._next_round is not None and now < self._next_round:
                return ()
            self._next_round = now + EVERY
            if providers := self._core.miscounted():
                raise Miscounted(", ".join(providers))
            self._todo = [*({job_id for job_id, _ in self._logged.items()} | set(self._core.known()))]
        chunk, self._todo = self._todo[:AT_ONCE], self._todo[AT_ONCE:]
        decided: list[Decision] = []
        for job_id in chunk:
            logged = self._logged.get(job_id)
            if self._sweeper.look(job_id, logged, self._core.belief(job_id)):
                ASTRAY.inc()
                log.warning("%s: the scheduler did not believe what the log says, and is told again", job_id)
                decided += self._core.restate(job_id, logged, now)
        return tuple(decided)
