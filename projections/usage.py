"""Read model `usage`: what each day's jobs cost and what was given back, by model and project: kept as sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from events.envelope import Recorded
from events.jobs.events import JobAccepted, JobDispatched, JobRefunded, JobSucceeded
from projections import jobs
from projections.documents import at
from projections.earlier import Earlier, Place
from projections.writes import Insert, Update, Write

COLLECTION = "usage"
INDEXES = (("org_id", "day"),)


def looks_at(event: Recorded) -> Iterator[Place]:
    if isinstance(event.data, JobDispatched | JobSucceeded | JobRefunded):
        yield jobs.COLLECTION, event.data.job_id


def project(events: Sequence[Recorded], earlier: Earlier) -> Iterator[Write]:
    """Money counts on the day that it moved (UTC), for the model that did the work: that of the last attempt."""
    known: dict[str, tuple[str, str]] = {}
    for event in events:
        match event.data:
            case JobAccepted() as accepted:
                known[accepted.job_id] = (accepted.project_id or "", accepted.model)
            case JobDispatched(job_id=job_id, model=model):
                known[job_id] = (_known(known, earlier, job_id)[0], model)
            case JobSucceeded(job_id=job_id, captured=captured):
                yield from _added(event, _known(known, earlier, job_id), {"spent": captured, "jobs": 1})
            case JobRefunded(job_id=job_id, amount=amount):
                yield from _added(event, _known(known, earlier, job_id), {"refunded": amount})


def _known(known: Mapping[str, tuple[str, str]], earlier: Earlier, job_id: str) -> tuple[str, str]:
    """A job's project and model."""
    if job_id in known:
        return known[job_id]
    document: Mapping[str, Any] = earlier.get((jobs.COLLECTION, job_id), {})
    attempts = document.get("attempts", [])
    model = attempts[-1]["model"] if attempts else document.get("model", "")
    return document.get("project_id", ""), model


def _added(event: Recorded, of: tuple[str, str], amounts: Mapping[str, int]) -> Iterator[Write]:
    """Events of many streams count here, all of one partition: what guards the sum is the place on the log."""
    org, (project_id, model), day = event.envelope.org_id, of, at(event)[:10]
    key = f"{org}:{day}:{project_id}:{model}"
    empty = {"org_id": org, "day": day, "project": project_id, "model": model, "spent": 0, "refunded": 0, "jobs": 0}
    yield Insert(COLLECTION, key, org, 0, empty)
    yield Update(COLLECTION, key, org, event.offset + 1, add=amounts)
