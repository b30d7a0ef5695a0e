"""The read model of jobs against what the log says lives: which documents are not what they should be. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from events.jobs.current import CurrentJob

LIVE: Final = ("queued", "dispatched", "running")
GRACE: Final = timedelta(seconds=60)
"""How long both may differ in one and the same way: the projector is on its way."""
AGAIN: Final = timedelta(minutes=5)
"""What could not be made right is tried again then."""
MOST: Final = 200
"""Of one look. Where more is wrong a projector lags, or a collection is lost: to make that anew is for a rebuild."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a document says."""

    org_id: str
    status: str
    accepted_at: str


@dataclass(frozen=True, slots=True)
class Drifted:
    """A document and the log differ. `logged` None: it has ended there; `shown` None: there is no document."""

    job_id: str
    org_id: str
    accepted_at: str
    logged: str | None
    shown: str | None


class JobsDrift:
    """Is told of `current.jobs` as it goes, and of the documents look by look."""

    def __init__(self) -> None:
        self._live: dict[str, CurrentJob] = {}
        self._since: dict[Drifted, datetime] = {}
        self._asked: dict[Drifted, datetime] = {}

    def on_job(self, job_id: str, job: CurrentJob | None) -> None:
        """A stopping job has ended for whoever reads."""
        if job is None or job.phase == "stopping":
            self._live.pop(job_id, None)
        else:
            self._live[job_id] = job

    def live(self) -> tuple[str, ...]:
        """The jobs whose documents must be looked at, besides those that look alive."""
        return tuple(self._live)

    def on_shown(self, shown: Mapping[str, Shown], now: datetime) -> tuple[Drifted, ...]:
        """`shown`: the documents that look alive, and those of `live()`. What has differed for too long, for once."""
        found = [
            one for job_id in self._live.keys() | shown.keys() if (one := self._drifted(job_id, shown)) is not None
        ]
        self._since = {one: self._since.get(one, now) for one in found}
        self._asked = {one: at for one, at in self._asked.items() if now - at < AGAIN}
        due = sorted(
            (one for one, at in self._since.items() if now - at >= GRACE and one not in self._asked),
            key=lambda one: one.job_id,
        )[:MOST]
        self._asked |= dict.fromkeys(due, now)
        return tuple(due)

    def _drifted(self, job_id: str, shown: Mapping[str, Shown]) -> Drifted | None:
        job, document = self._live.get(job_id), shown.get(job_id)
        if job is not None:
            status = None if document is None else document.status
            return Drifted(job_id, job.org_id, job.accepted_at, job.phase, status) if status != job.phase else None
        if document is None or document.status not in LIVE:
            return None
        return Drifted(job_id, document.org_id, document.accepted_at, None, document.status)
