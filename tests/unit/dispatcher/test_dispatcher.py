"""The dispatcher between the decider of jobs and providers on their real wires."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from commands.orgs.commands import BeginAttempt, CancelJob, ExpireLease, RecordAttemptFailed, RecordJobSucceeded
from events.envelope import Recorded
from events.ids import new_id
from events.jobs.events import (
    AttemptFailed,
    JobCancelled,
    JobDead,
    JobDispatched,
    JobFailed,
    JobSucceeded,
    LeaseExpired,
)
from processors.dispatcher.errors import ResultLost
from processors.dispatcher.live import LATE
from processors.dispatcher.ports import Progressed
from processors.dispatcher.results import Results
from tests.contract.providers.worlds import FleetWorld, ReplicateWorld, fleet_world
from tests.unit.dispatcher.house import CAUSE, ORG, House
from tests.unit.dispatcher.waiting import until, until_accepted

LOCAL = "fleet/picture"
REMOTE = "replicate/flux"


async def test_a_local_job_is_four_decisions_and_its_file_is_stored_first(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox"})
    await house.dispatcher.handle(recorded)
    job_id = recorded.envelope.stream.subject
    assert house.names(job_id) == ["accepted", "queued", "dispatched", "succeeded"]
    end = house.events(job_id)[-1]
    assert isinstance(end, JobSucceeded)
    output = end.outputs[0]
    assert (output.media_type, output.width, output.height, output.engine) == ("image/png", 96, 96, "local-cpu/test")
    assert await house.storage.size(ORG, output.sha256) == output.bytes
    assert end.captured == 40
    assert end.engine is not None


async def test_live_progress_goes_to_the_session_with_sealed_words(house: House, fleet: FleetWorld) -> None:
    await house.dispatcher.handle(await house.dispatched(LOCAL, {"prompt": "a fox"}))
    assert [frame.data["progress"] for frame in house.frames] == [0.0]
    frame = house.frames[0]
    assert (frame.session_id, frame.event, frame.data["step_id"]) == (CAUSE.session_id, "step.progress", CAUSE.step_id)


async def test_of_an_attempt_that_the_log_is_beyond_no_progress_is_told(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox"})
    assert isinstance(recorded.data, JobDispatched)
    live = house.dispatcher._live(recorded.data)
    await live(Progressed(0.1))
    house.do(ExpireLease(org_id=ORG, job_id=recorded.data.job_id, lease=1, retry_in_s=0))
    live._next_at = 0.0
    before = LATE._value.get()
    await live(Progressed(0.9))
    assert [frame.data["progress"] for frame in house.frames] == [0.1]
    assert LATE._value.get() == before + 1


async def test_after_a_crash_before_the_result_is_on_the_log_it_is_asked_for_and_told_again(
    house: House, fleet: FleetWorld
) -> None:
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox"})
    house.hold_asks(RecordJobSucceeded)
    first = asyncio.create_task(house.dispatcher.handle(recorded))
    await until(lambda: len(house.asked) > 0)
    first.cancel()
    house.hold_asks()
    await house.dispatcher_of(fleet.provider).handle(recorded)
    assert house.names(recorded.envelope.stream.subject)[-1] == "succeeded"
    assert fleet.cog.accepted.total() == 1
    assert house.asked[0][1].id == house.asked[1][1].id


async def test_a_dispatch_that_comes_again_after_its_end_is_not_sent_to_a_worker_that_has_forgotten_it(
    house: House, fleet: FleetWorld
) -> None:
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox"})
    await house.dispatcher.handle(recorded)
    async with fleet_world() as restarted:
        await house.dispatcher_of(restarted.provider).handle(recorded)
        assert restarted.cog.accepted.total() == 0
    assert house.names(recorded.envelope.stream.subject)[-1] == "succeeded"


async def test_an_attempt_that_is_over_is_not_carried_out(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox"})
    job_id = recorded.envelope.stream.subject
    house.do(ExpireLease(org_id=ORG, job_id=job_id, lease=1))
    await house.dispatcher.handle(recorded)
    assert fleet.cog.accepted.total() == 0
    assert house.asked == []


async def test_a_lost_answer_of_an_idempotent_create_is_asked_for_again(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"simulate": "lost"})
    await house.dispatcher.handle(recorded)
    assert house.names(recorded.envelope.stream.subject)[-1] == "succeeded"
    assert fleet.cog.accepted.total() == 1


async def test_a_worker_that_is_gone_costs_an_attempt_and_no_wait(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox"}, worker="w9")
    await house.dispatcher.handle(recorded)
    failed = house.events(recorded.envelope.stream.subject)[-1]
    assert isinstance(failed, AttemptFailed)
    assert (failed.category, failed.provider_charged) == ("outage", "no")
    assert failed.retry_at == house.world.at.isoformat()


async def test_a_bad_input_ends_the_job_and_says_why_to_its_person(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"simulate": "invalid"})
    await house.dispatcher.handle(recorded)
    end = house.events(recorded.envelope.stream.subject)[-1]
    assert isinstance(end, JobFailed)
    assert end.category == "input_validation"
    assert end.error is not None
    assert "aspect_ratio" in await house.vault.open(end.error)


async def test_a_result_that_breaks_what_reads_it_fails_one_job_and_not_the_process(
    house: House, fleet: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_arguments: object) -> None:
        raise OverflowError("a result of 10 ** 400 seconds")

    monkeypatch.setattr("processors.dispatcher.dispatcher.actual", breaks)
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox"})
    await house.dispatcher.handle(recorded)
    end = house.events(recorded.envelope.stream.subject)[-1]
    assert isinstance(end, JobFailed)
    assert end.category == "contract"


async def test_a_result_that_cannot_be_fetched_is_asked_for_once_more_and_not_made_once_more(
    house: House, remote: ReplicateWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_home, lost = Results.bring_home, [ResultLost("its address has lapsed")]

    async def lost_once(self: Results, *outputs: Any, **more: Any) -> Any:
        if lost:
            raise lost.pop()
        return await bring_home(self, *outputs, **more)

    monkeypatch.setattr(Results, "bring_home", lost_once)
    recorded = await house.dispatched(REMOTE, {"prompt": "a fox"}, worker=None)
    await house.dispatcher.handle(recorded)
    assert house.names(recorded.envelope.stream.subject)[-1] == "succeeded"
    assert len(remote.simulator.control.accepted) == 1


async def test_a_job_without_attempts_left_is_dead(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"simulate": "broken_model"}, max_attempts=1)
    await house.dispatcher.handle(recorded)
    assert isinstance(house.events(recorded.envelope.stream.subject)[-1], JobDead)


async def test_a_provider_that_is_not_configured_leaves_a_dead_letter(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": "a fox"})
    await house.dispatcher.handle(recorded)
    end = house.events(recorded.envelope.stream.subject)[-1]
    assert isinstance(end, JobDead)
    assert end.category == "contract"


async def test_an_erased_input_is_not_sent(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox"})
    await house.vault.forget(ORG, "usr_1")
    await house.dispatcher.handle(recorded)
    assert fleet.cog.accepted.total() == 0
    assert isinstance(house.events(recorded.envelope.stream.subject)[-1], JobFailed)


async def test_a_cancelled_local_job_is_stopped_and_its_slot_given_back(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"simulate": "never"})
    job_id = recorded.envelope.stream.subject
    running = asyncio.create_task(house.dispatcher.handle(recorded))
    await until_accepted(fleet)
    house.do(CancelJob(org_id=ORG, job_id=job_id))
    running.cancel()
    await house.dispatcher.handle(house.recorded(job_id, JobCancelled))
    assert fleet.cog.predictions[f"{job_id}.1"]["status"] == "canceled"
    assert house.names(job_id)[-2:] == ["cancelled", "note"]
    assert house.jobs.get(job_id) is None


async def test_another_process_stops_a_local_job_by_its_name(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"simulate": "never"})
    job_id = recorded.envelope.stream.subject
    running = asyncio.create_task(house.dispatcher.handle(recorded))
    await until_accepted(fleet)
    running.cancel()
    house.do(CancelJob(org_id=ORG, job_id=job_id))
    await house.dispatcher_of(fleet.provider).handle(house.recorded(job_id, JobCancelled))
    assert fleet.cog.predictions[f"{job_id}.1"]["status"] == "canceled"
    assert house.jobs.get(job_id) is None


async def test_an_expired_attempt_is_stopped_at_its_provider(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"simulate": "never"})
    job_id = recorded.envelope.stream.subject
    running = asyncio.create_task(house.dispatcher.handle(recorded))
    await until_accepted(fleet)
    house.do(ExpireLease(org_id=ORG, job_id=job_id, lease=1))
    running.cancel()
    await house.dispatcher.handle(house.recorded(job_id, LeaseExpired))
    assert fleet.cog.predictions[f"{job_id}.1"]["status"] == "canceled"
    assert house.names(job_id)[-2:] == ["lease_expired", "note"]


async def test_another_process_stops_an_expired_local_attempt_by_its_name(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"simulate": "never"})
    job_id = recorded.envelope.stream.subject
    running = asyncio.create_task(house.dispatcher.handle(recorded))
    await until_accepted(fleet)
    running.cancel()
    house.do(ExpireLease(org_id=ORG, job_id=job_id, lease=1))
    await house.dispatcher_of(fleet.provider).handle(house.recorded(job_id, LeaseExpired))
    assert fleet.cog.predictions[f"{job_id}.1"]["status"] == "canceled"


async def test_another_process_stops_an_expired_remote_attempt_by_its_providers_id(
    house: House, remote: ReplicateWorld
) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": "simulate:never"}, worker=None)
    job_id = recorded.envelope.stream.subject
    running = asyncio.create_task(house.dispatcher.handle(recorded))
    await until(lambda: "running" in house.names(job_id))
    running.cancel()
    house.do(ExpireLease(org_id=ORG, job_id=job_id, lease=1))
    await house.dispatcher_of(remote.provider).handle(house.recorded(job_id, LeaseExpired))
    [created] = remote.simulator.control.accepted
    state = remote.simulator.get(created.id)
    assert state is not None
    assert state.cancelled_at is not None


async def test_an_expired_attempt_that_nobody_had_begun_is_over(house: House, remote: ReplicateWorld) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": "a fox"}, worker=None)
    job_id = recorded.envelope.stream.subject
    house.do(ExpireLease(org_id=ORG, job_id=job_id, lease=1))
    await house.dispatcher.handle(house.recorded(job_id, LeaseExpired))
    assert house.names(job_id)[-2:] == ["lease_expired", "note"]


async def test_an_expired_attempt_of_which_nobody_knows_the_name_keeps_its_slot(
    house: House, remote: ReplicateWorld
) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": "a fox"}, worker=None)
    job_id = recorded.envelope.stream.subject
    house.do(BeginAttempt(org_id=ORG, job_id=job_id, lease=1, owner=new_id("own")))
    house.do(ExpireLease(org_id=ORG, job_id=job_id, lease=1))
    await house.dispatcher.handle(house.recorded(job_id, LeaseExpired))
    assert house.names(job_id)[-1] == "lease_expired"
    held = house.jobs.get(job_id)
    assert held is not None
    assert held.holds_slot


async def failed_unstopped(house: House, remote: ReplicateWorld) -> Recorded:
    """An attempt that runs at its provider, and that its dispatcher has lost sight of. That one has crashed since."""
    recorded = await house.dispatched(REMOTE, {"prompt": "simulate:never"}, worker=None)
    job_id = recorded.envelope.stream.subject
    running = asyncio.create_task(house.dispatcher.handle(recorded))
    await until(lambda: "running" in house.names(job_id))
    running.cancel()
    failed = RecordAttemptFailed(
        org_id=ORG, job_id=job_id, lease=1, category="unknown", retry_in_s=0.0, unstopped=True
    )  # fmt: skip
    house.do(failed)
    return house.recorded(job_id, AttemptFailed)


async def test_another_process_stops_what_has_failed_and_may_still_run(house: House, remote: ReplicateWorld) -> None:
    failed = await failed_unstopped(house, remote)
    job_id = failed.envelope.stream.subject
    other = house.dispatcher_of(remote.provider)
    assert other.wants(failed)
    await other.handle(failed)
    [created] = remote.simulator.control.accepted
    state = remote.simulator.get(created.id)
    assert state is not None
    assert state.cancelled_at is not None
    assert house.names(job_id)[-2:] == ["attempt_failed", "note"]
    house.dispatch(job_id, 2, None)


async def test_what_has_failed_for_sure_is_no_work_for_anybody(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox"}, worker="w9")
    await house.dispatcher.handle(recorded)
    assert not house.dispatcher.wants(house.recorded(recorded.envelope.stream.subject, AttemptFailed))


async def test_a_dispatch_that_waited_until_its_job_was_cancelled_is_not_carried_out(
    house: House, fleet: FleetWorld
) -> None:
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox"})
    job_id = recorded.envelope.stream.subject
    house.do(CancelJob(org_id=ORG, job_id=job_id))
    await house.dispatcher.handle(house.recorded(job_id, JobCancelled))
    assert house.jobs.get(job_id) is None
    await house.dispatcher.handle(recorded)
    assert fleet.cog.accepted.total() == 0
    assert house.names(job_id)[-2:] == ["cancelled", "note"]


async def test_what_the_result_does_not_show_is_billed_as_it_was_estimated(house: House, fleet: FleetWorld) -> None:
    """The length of the file that was given, which no longer shows once the file has become an address."""
    stored = await house.storage.put(ORG, b"sound", size_max=100)
    asset = {"asset_id": "ast_1", "sha256": stored.sha256, "bytes": 5, "media_type": "audio/wav", "duration_s": 2.5}
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox", "audio": {"$asset": asset}})
    house.catalog.list(LOCAL, unit="second", amount=100)
    await house.dispatcher.handle(recorded)
    end = house.events(recorded.envelope.stream.subject)[-1]
    assert isinstance(end, JobSucceeded)
    assert (end.captured, end.uncollected) == (250, None)


async def test_a_late_result_changes_nothing_but_a_note(house: House, fleet: FleetWorld) -> None:
    recorded = await house.dispatched(LOCAL, {"prompt": "a fox"})
    job_id = recorded.envelope.stream.subject
    running = asyncio.create_task(house.dispatcher.handle(recorded))
    await until_accepted(fleet)
    house.do(CancelJob(org_id=ORG, job_id=job_id))
    await running
    assert house.names(job_id)[-2:] == ["cancelled", "late_result_refused"]


@pytest.mark.parametrize(
    ("behaviour", "category", "ends"),
    [
        ("billing", "billing", True),
        ("rate_limit", "rate_limit", False),
        ("content_policy", "content_policy", True),
        ("validation", "input_validation", True),
        ("outage", "outage", False),
        ("passing_error", "outage", False),
        ("deadline", "timeout", False),
        ("expired", "contract", True),
        ("drift", "contract", True),
    ],
)
async def test_every_class_of_error_reaches_the_log(
    house: House, remote: ReplicateWorld, behaviour: str, category: str, ends: bool
) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": f"simulate:{behaviour}"}, worker=None)
    await house.dispatcher.handle(recorded)
    job_id = recorded.envelope.stream.subject
    failed = next(event for event in house.events(job_id) if isinstance(event, AttemptFailed))
    assert failed.category == category
    assert (house.names(job_id)[-1] in ("failed", "dead")) is ends
    assert (house.names(job_id)[-1] == "dead") is (category == "billing")


async def test_what_runs_longer_than_its_model_may_is_stopped_and_timed_out(
    house: House, fleet: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.dispatcher.attempt.WATCH_MARGIN_S", -0.7)
    recorded = await house.dispatched(LOCAL, {"simulate": "never"}, max_runtime_s=1)
    await house.dispatcher.handle(recorded)
    job_id = recorded.envelope.stream.subject
    failed = house.events(job_id)[-1]
    assert isinstance(failed, AttemptFailed)
    assert failed.category == "timeout"
    assert fleet.cog.predictions[f"{job_id}.1"]["status"] == "canceled"
