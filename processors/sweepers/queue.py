"""The sweeper of the queue: jobs of which the scheduler believes something else than the log says. No I/O."""

from __future__ import annotations

from typing import Final

from events.jobs.current import CurrentJob
from processors.scheduler.beliefs import Belief, agree

_NEVER: Final = object()


class QueueSweeper:
    """A job is astray when two looks in a row find it so while nothing has changed on the log in between."""

    def __init__(self) -> None:
        self._astray: dict[str, object] = {}
        """Job → the very record that its last look found disagreement with."""

    def look(self, job_id: str, logged: CurrentJob | None, believed: Belief | None) -> bool:
        """Whether the scheduler is to be told again what the log says."""
        if agree(logged, believed):
            self._astray.pop(job_id, None)
            return False
        before = self._astray.get(job_id, _NEVER)
        self._astray[job_id] = logged
        return before is logged
