"""The newest jobs as the log shows them, so that who waits for a job's end need not wait for the read model too."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from commands.ports import Vault
from events.jobs.events import JobAccepted, JobCancelled, JobDead, JobFailed, JobSucceeded
from events.log.clients import Record
from events.log.codec import from_record, record_type_name, type_name
from events.types import REGISTRY
from projections import jobs
from projections.applied import document_of
from projections.opening import open_all

JOBS_MAX: Final = 4_000
BYTES_MAX: Final = 32 * 2**20
OF_ONE_MAX: Final = 100
ENDS: Final = frozenset(type_name(kind) for kind in (JobSucceeded, JobFailed, JobCancelled, JobDead))
"""The types of a job's end, without their versions."""
_BEGINS: Final = type_name(JobAccepted)


@dataclass(slots=True)
class _Trail:
    records: list[Record] = field(default_factory=list)
    bytes: int = 0


class Trails:
    """Bounded: the oldest jobs go first. A job whose beginning was not seen has no trail."""

    def __init__(self) -> None:
        self._trails: OrderedDict[str, _Trail] = OrderedDict()
        self._bytes = 0

    def add(self, job_id: str, record: Record) -> None:
        """A record of `events.jobs`."""
        trail = self._trails.get(job_id)
        if trail is None:
            if record_type_name(record) != _BEGINS:
                return
            trail = self._trails[job_id] = _Trail()
        elif len(trail.records) >= OF_ONE_MAX:
            self._drop(job_id)
            return
        size = len(record.value or b"")
        trail.records.append(record)
        trail.bytes += size
        self._bytes += size
        while len(self._trails) > JOBS_MAX or self._bytes > BYTES_MAX:
            self._drop(next(iter(self._trails)))

    def get(self, job_id: str) -> Sequence[Record]:
        """All records of the job from its acceptance to now, in order; none where they are not all here."""
        trail = self._trails.get(job_id)
        return () if trail is None else tuple(trail.records)

    def end(self, job_id: str) -> Record | None:
        """The record of the job's end, where it is here."""
        return next((record for record in self.get(job_id) if record_type_name(record) in ENDS), None)

    def _drop(self, job_id: str) -> None:
        self._bytes -= self._trails.pop(job_id).bytes


async def job_of(vault: Vault, records: Sequence[Record]) -> Mapping[str, Any] | None:
    """The job's document as the read model will have it, once these have come there."""
    if not records:
        return None
    events = [from_record(record, REGISTRY) for record in records]
    opened = await open_all(vault, events)
    writes = [write for event in events for write in jobs.project(event, opened)]
    return document_of(writes, jobs.COLLECTION, events[0].stream.subject)
