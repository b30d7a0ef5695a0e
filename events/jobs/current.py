"""A live job's summary, as the compacted topic `current.jobs` holds it."""

from __future__ import annotations

from typing import Literal

from events.jobs.events import Cause, Priority
from events.model import Frozen, Money

Phase = Literal["queued", "dispatched", "running", "stopping"]


class CurrentJob(Frozen):
    """`stopping`: ended on the log, but an attempt may still run at its provider and holds its slot.

    `lease` is the number of the last dispatched attempt, 0 before the first; times are RFC 3339.
    """

    job_id: str
    org_id: str
    phase: Phase
    lease: int
    priority: Priority
    model: str
    provider: str
    cause: Cause = Cause()
    reserved: Money
    max_runtime_s: int
    accepted_at: str
    deadline_at: str
    not_before: str | None = None
    """Of a queued job that waits for its retry."""
    dispatched_at: str | None = None
    worker: str | None = None
    provider_job_id: str | None = None
    unstopped: Literal[True] | None = None
    """Of a queued job: its last attempt may still run at its provider, and until that is over there is no other."""

    @property
    def holds_slot(self) -> bool:
        """Whether attempt `lease` occupies its provider, as far as the log knows."""
        return self.phase != "queued" or self.unstopped is True
