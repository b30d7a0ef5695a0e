"""What a job is, told by the log alone: the same as the read model tells once it has come there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from events.jobs.events import JobAccepted, JobDispatched, JobEvent, JobQueued, JobSucceeded
from events.log.clients import Record
from events.log.codec import to_record
from events.topics import EVENTS_JOBS
from gateway.live import trails
from gateway.live.hub import Hub
from gateway.live.trails import Trails, job_of
from tests.given import JOB, ORG, asset, sealed
from tests.unit.executor.house import OpenVault
from tests.unit.projections.given import documents, on

LIFE: tuple[JobEvent, ...] = (
    JobAccepted(
        job_id=JOB, org_id=ORG, model="m", provider="p", priority="NORMAL", input=sealed(), reserved=400,
        deadline_at="2026-03-02T12:00:00Z",
    ),
    JobQueued(job_id=JOB, org_id=ORG),
    JobDispatched(job_id=JOB, org_id=ORG, lease=1, provider="p", model="m", input=sealed(), max_runtime_s=60),
    JobSucceeded(job_id=JOB, org_id=ORG, lease=1, outputs=(asset(),), captured=300),
)  # fmt: skip


def records(job: str = JOB, events: Sequence[JobEvent] = LIFE) -> list[Record]:
    found = []
    for recorded in on(EVENTS_JOBS, job, *events):
        value, headers = to_record(recorded.envelope, recorded.data)
        record = Record(EVENTS_JOBS, 0, recorded.offset, 0, 0, ORG.encode(), value, None, 0, len(value), headers)
        found.append(record)
    return found


def trails_of(*all_: Record) -> Trails:
    found = Trails()
    for record in all_:
        found.add(JOB, record)
    return found


@pytest.mark.parametrize("count", range(1, len(LIFE) + 1))
async def test_it_is_what_the_read_model_will_have(count: int) -> None:
    found = await job_of(OpenVault(), trails_of(*records()[:count]).get(JOB))
    assert found == documents(on(EVENTS_JOBS, JOB, *LIFE[:count]))["jobs"][JOB]


async def test_of_a_job_whose_beginning_was_not_seen_nothing_is_said() -> None:
    late = trails_of(*records()[1:])
    assert await job_of(OpenVault(), late.get(JOB)) is None
    assert late.end(JOB) is None


async def test_a_wait_that_begins_after_the_end_is_over_at_once() -> None:
    hub = Hub()
    for record in records():
        hub.on_record(record)
    with hub.job_end(JOB) as end:
        assert end.done()
        assert end.result() == {f"{EVENTS_JOBS}/0": len(LIFE)}


def test_the_oldest_jobs_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trails, "JOBS_MAX", 3)
    found = Trails()
    for number in range(5):
        found.add(f"job_{number}", records()[0])
    assert [bool(found.get(f"job_{number}")) for number in range(5)] == [False, False, True, True, True]


def test_bytes_are_bounded_and_one_jobs_are_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trails, "BYTES_MAX", len(records()[0].value))
    found = Trails()
    for number in range(3):
        found.add(f"job_{number}", records()[0])
    assert [bool(found.get(f"job_{number}")) for number in range(3)] == [False, False, True]
    monkeypatch.undo()
    monkeypatch.setattr(trails, "OF_ONE_MAX", 2)
    assert trails_of(*records()).get(JOB) == ()
