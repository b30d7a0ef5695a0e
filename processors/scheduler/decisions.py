"""What the scheduler decides, as values: what is to be dispatched, whose slot is free, what a breaker does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from events.catalog.current import TroubleKind
from events.jobs.slots import Caps, Slot


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Attempt `lease` of the job shall go to `provider`, on `worker` where that is our fleet, if its slot is free."""

    job_id: str
    org_id: str
    lease: int
    provider: str
    model: str
    worker: str | None
    considered: tuple[str, ...]
    caps: Caps

    @property
    def slot(self) -> Slot:
        return Slot(self.job_id, self.lease, self.org_id, self.provider, self.model)


@dataclass(frozen=True, slots=True)
class Release:
    """The log says that the attempt is over."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class BreakerChanged:
    """Calls of the model wait until then at most; None: they go on."""

    provider: str
    model: str
    state: TroubleKind | None
    until: datetime | None


Decision = Dispatch | Release | BreakerChanged
Decisions = tuple[Decision, ...]
