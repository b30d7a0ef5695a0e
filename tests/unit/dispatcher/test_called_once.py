"""A provider whose create is not idempotent is called once for an attempt, whatever is lost or read again."""

from __future__ import annotations

import asyncio

import pytest

from commands.ask import Unavailable
from commands.orgs.commands import BeginAttempt, CancelJob, ExpireLease, RecordJobRunning
from events.envelope import Recorded
from events.ids import new_id
from events.jobs.events import (
    AttemptFailed,
    JobCancelled,
    JobRunning,
    LeaseExpired,
)
from processors.dispatcher.claims import CLAIM_S, Claims
from tests.contract.providers.worlds import ReplicateWorld
from tests.unit.dispatcher.house import ORG, House
from tests.unit.dispatcher.waiting import until, until_accepted

REMOTE = "replicate/flux"


async def test_a_remote_job_has_its_providers_id_on_the_log(house: House, remote: ReplicateWorld) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": "a fox"}, worker=None)
    await house.dispatcher.handle(recorded)
    job_id = recorded.envelope.stream.subject
    assert house.names(job_id) == ["accepted", "queued", "dispatched", "attempt_begun", "running", "succeeded"]
    running = house.events(job_id)[4]
    assert isinstance(running, JobRunning)
    assert running.provider_job_id == remote.simulator.control.accepted[0].id


async def test_the_owner_that_the_dispatch_names_calls_without_asking(house: House, remote: ReplicateWorld) -> None:
    job_id = await house.submitted(REMOTE, {"prompt": "a fox"})
    recorded = house.dispatch(job_id, 1, None, house.claims.offer(job_id, 1, "replicate", ORG))
    await house.dispatcher.handle(recorded)
    assert not [command for command, _ in house.asked if isinstance(command, BeginAttempt)]
    assert house.names(job_id) == ["accepted", "queued", "dispatched", "attempt_begun", "running", "succeeded"]


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_the_owner_that_the_dispatch_names_calls_once(
    house: House, remote: ReplicateWorld, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    monkeypatch.setattr("processors.dispatcher.creation.LOOK_MARGIN_S", 0.1)
    job_id = await house.submitted(REMOTE, {"prompt": "simulate:lost"}, max_runtime_s=1)
    recorded = house.dispatch(job_id, 1, None, house.claims.offer(job_id, 1, "replicate", ORG))
    first = asyncio.create_task(house.dispatcher.handle(recorded))
    await until_accepted(remote)
    first.cancel()
    again = house.dispatcher_of(remote.provider, claims=Claims()) if elsewhere else house.dispatcher
    await again.handle(recorded)
    assert [command for command, _ in house.asked if isinstance(command, BeginAttempt)]
    assert len(remote.simulator.control.accepted) == 1


async def test_who_asks_again_after_a_pause_is_still_the_one_who_may(
    house: House, remote: ReplicateWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.dispatcher.creation.FRESH_S", -1.0)
    recorded = await house.dispatched(REMOTE, {"prompt": "a fox"}, worker=None)
    await house.dispatcher.handle(recorded)
    asked = [command.owner for command, _ in house.asked if isinstance(command, BeginAttempt)]
    assert len(asked) == 2
    assert len(set(asked)) == 1
    names = house.names(recorded.envelope.stream.subject)
    assert names == ["accepted", "queued", "dispatched", "attempt_begun", "running", "succeeded"]


class Late:
    """The claims of a process whose dispatches come to their handling too late."""

    def __init__(self) -> None:
        self._now = 100.0
        self.claims = Claims(now=lambda: self._now)
        self.claims.attach(lambda _provider, _org_id: True)

    def offer(self, job_id: str) -> str | None:
        owner = self.claims.offer(job_id, 1, "replicate", ORG)
        self._now += CLAIM_S + 1.0
        return owner


async def test_the_owner_that_comes_late_asks_and_calls(house: House, remote: ReplicateWorld) -> None:
    late = Late()
    job_id = await house.submitted(REMOTE, {"prompt": "a fox"})
    recorded = house.dispatch(job_id, 1, None, late.offer(job_id))
    await house.dispatcher_of(remote.provider, claims=late.claims).handle(recorded)
    assert isinstance(house.asked[0][0], BeginAttempt)
    assert house.names(job_id) == ["accepted", "queued", "dispatched", "attempt_begun", "running", "succeeded"]
    assert len(remote.simulator.control.accepted) == 1


async def test_the_owner_that_came_late_calls_once(
    house: House, remote: ReplicateWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.dispatcher.creation.LOOK_MARGIN_S", 0.1)
    late = Late()
    job_id = await house.submitted(REMOTE, {"prompt": "simulate:lost"}, max_runtime_s=1)
    recorded = house.dispatch(job_id, 1, None, late.offer(job_id))
    dispatcher = house.dispatcher_of(remote.provider, claims=late.claims)
    first = asyncio.create_task(dispatcher.handle(recorded))
    await until_accepted(remote)
    first.cancel()
    await dispatcher.handle(recorded)
    assert house.names(job_id)[-1] == "attempt_failed"
    assert len(remote.simulator.control.accepted) == 1


async def test_the_owner_that_comes_after_another_has_looked_does_not_call(
    house: House, remote: ReplicateWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.dispatcher.creation.LOOK_MARGIN_S", 0.1)
    late = Late()
    job_id = await house.submitted(REMOTE, {"prompt": "a fox"}, max_runtime_s=1)
    recorded = house.dispatch(job_id, 1, None, late.offer(job_id))
    looking = asyncio.create_task(house.dispatcher_of(remote.provider, claims=Claims()).handle(recorded))
    await until(lambda: len(house.asked) > 0)
    await house.dispatcher_of(remote.provider, claims=late.claims).handle(recorded)
    await looking
    assert len(remote.simulator.control.accepted) == 0


async def test_the_owner_that_asked_in_vain_asks_again_and_is_answered_anew(
    house: House, remote: ReplicateWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Late()
    job_id = await house.submitted(REMOTE, {"prompt": "a fox"})
    recorded = house.dispatch(job_id, 1, None, late.offer(job_id))
    dispatcher = house.dispatcher_of(remote.provider, claims=late.claims)
    monkeypatch.setattr("processors.dispatcher.word.TRIES", 1)
    house.fail_asks(BeginAttempt)
    with pytest.raises(Unavailable):
        await dispatcher.handle(recorded)
    house.fail_asks()
    await dispatcher.handle(recorded)
    assert house.names(job_id)[-1] == "succeeded"
    begins = [envelope.id for command, envelope in house.asked if isinstance(command, BeginAttempt)]
    assert len(set(begins)) == 2
    assert len(remote.simulator.control.accepted) == 1


async def claimed(house: House) -> Recorded:
    """A dispatch that this process claimed and has read, and that waits for its handling."""
    job_id = await house.submitted(REMOTE, {"prompt": "simulate:never"})
    recorded = house.dispatch(job_id, 1, None, house.claims.offer(job_id, 1, "replicate", ORG))
    assert house.dispatcher.wants(recorded)
    return recorded


@pytest.mark.parametrize("expires", [False, True])
async def test_a_claimed_attempt_that_ends_before_it_is_begun_frees_its_slot_at_once(
    house: House, remote: ReplicateWorld, expires: bool
) -> None:
    recorded = await claimed(house)
    job_id = recorded.envelope.stream.subject
    if expires:
        house.do(ExpireLease(org_id=ORG, job_id=job_id, lease=1))
    else:
        house.do(CancelJob(org_id=ORG, job_id=job_id))
    await house.dispatcher.handle(house.recorded(job_id, LeaseExpired if expires else JobCancelled))
    assert house.names(job_id)[-2:] == ["lease_expired" if expires else "cancelled", "note"]
    held = house.jobs.get(job_id)
    assert held is None or not held.holds_slot
    await house.dispatcher.handle(recorded)
    assert not [command for command, _ in house.asked if isinstance(command, BeginAttempt)]
    assert len(remote.simulator.control.accepted) == 0


async def test_one_that_was_begun_is_stopped_at_its_provider(house: House, remote: ReplicateWorld) -> None:
    recorded = await claimed(house)
    job_id = recorded.envelope.stream.subject
    handling = asyncio.create_task(house.dispatcher.handle(recorded))
    await until_accepted(remote)
    house.do(CancelJob(org_id=ORG, job_id=job_id))
    handling.cancel()
    await house.dispatcher.handle(house.recorded(job_id, JobCancelled))
    [created] = remote.simulator.control.accepted
    state = remote.simulator.get(created.id)
    assert state is not None
    assert state.cancelled_at is not None
    assert house.jobs.get(job_id) is None


async def test_one_whose_dispatch_names_another_keeps_its_slot(house: House, remote: ReplicateWorld) -> None:
    job_id = await house.submitted(REMOTE, {"prompt": "a fox"})
    house.claims.offer(job_id, 1, "replicate", ORG)
    house.dispatcher.wants(house.dispatch(job_id, 1, None, new_id("own")))
    house.do(CancelJob(org_id=ORG, job_id=job_id))
    await house.dispatcher.handle(house.recorded(job_id, JobCancelled))
    assert house.names(job_id)[-1] == "cancelled"


async def test_after_a_crash_the_known_id_is_watched_and_nothing_is_created_again(
    house: House, remote: ReplicateWorld
) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": "simulate:slow=0.5"}, worker=None)
    job_id = recorded.envelope.stream.subject
    first = asyncio.create_task(house.dispatcher.handle(recorded))
    await until(lambda: "running" in house.names(job_id))
    first.cancel()
    await house.dispatcher_of(remote.provider).handle(recorded)
    assert house.names(job_id)[-1] == "succeeded"
    assert len(remote.simulator.control.accepted) == 1


async def test_after_a_crash_during_the_create_there_is_never_a_blind_second_one(
    house: House, remote: ReplicateWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.dispatcher.creation.LOOK_MARGIN_S", 0.1)
    recorded = await house.dispatched(REMOTE, {"prompt": "a fox"}, worker=None, max_runtime_s=1)
    job_id = recorded.envelope.stream.subject
    house.do(BeginAttempt(org_id=ORG, job_id=job_id, lease=1, owner=new_id("own")))
    await house.dispatcher.handle(recorded)
    failed = house.events(job_id)[-1]
    assert isinstance(failed, AttemptFailed)
    assert (failed.category, failed.provider_charged) == ("unknown", "unknown")
    assert failed.retry_at is not None
    assert len(remote.simulator.control.accepted) == 0


async def test_a_lost_create_is_found_again_by_a_webhooks_word(house: House, remote: ReplicateWorld) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": "simulate:lost"}, worker=None)
    job_id = recorded.envelope.stream.subject
    handling = asyncio.create_task(house.dispatcher.handle(recorded))
    await until_accepted(remote)
    found = remote.simulator.control.accepted[0].id
    house.do(RecordJobRunning(org_id=ORG, job_id=job_id, lease=1, provider_job_id=found))
    await handling
    assert house.names(job_id)[-1] == "succeeded"
    assert len(remote.simulator.control.accepted) == 1


async def test_a_cancel_while_the_create_is_under_way_stops_what_it_creates(
    house: House, remote: ReplicateWorld
) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": "simulate:never"}, worker=None)
    job_id = recorded.envelope.stream.subject
    handling = asyncio.create_task(house.dispatcher.handle(recorded))
    await until(lambda: "attempt_begun" in house.names(job_id))
    house.do(CancelJob(org_id=ORG, job_id=job_id))
    handling.cancel()
    await house.dispatcher.handle(house.recorded(job_id, JobCancelled))
    created = [one.id for one in remote.simulator.control.accepted]
    states = [remote.simulator.get(one) for one in created]
    assert [state.cancelled_at is not None for state in states if state is not None] == [True] * len(created)
    assert house.jobs.get(job_id) is None


async def test_a_cancel_before_anything_was_sent_frees_the_slot_at_once(house: House, remote: ReplicateWorld) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": "simulate:never"}, worker=None)
    job_id = recorded.envelope.stream.subject
    house.hold_asks(BeginAttempt)
    handling = asyncio.create_task(house.dispatcher.handle(recorded))
    await until(lambda: len(house.asked) > 0)
    house.do(CancelJob(org_id=ORG, job_id=job_id))
    handling.cancel()
    await house.dispatcher.handle(house.recorded(job_id, JobCancelled))
    assert len(remote.simulator.control.accepted) == 0
    assert house.jobs.get(job_id) is None


async def test_a_cancel_while_leave_is_awaited_stops_what_was_begun_before_a_crash(
    house: House, remote: ReplicateWorld
) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": "simulate:never"}, worker=None)
    job_id = recorded.envelope.stream.subject
    before = asyncio.create_task(house.dispatcher_of(remote.provider).handle(recorded))
    await until(lambda: "running" in house.names(job_id))
    before.cancel()
    house.hold_asks(BeginAttempt)
    again = asyncio.create_task(house.dispatcher.handle(recorded))
    asked = len(house.asked)
    await until(lambda: len(house.asked) > asked)
    house.do(CancelJob(org_id=ORG, job_id=job_id))
    again.cancel()
    await house.dispatcher.handle(house.recorded(job_id, JobCancelled))
    [created] = remote.simulator.control.accepted
    state = remote.simulator.get(created.id)
    assert state is not None
    assert state.cancelled_at is not None


async def test_leave_that_is_answered_after_a_cancel_is_not_used(house: House, remote: ReplicateWorld) -> None:
    recorded = await house.dispatched(REMOTE, {"prompt": "a fox"}, worker=None)
    job_id = recorded.envelope.stream.subject
    answered = house.answer_late(BeginAttempt)
    handling = asyncio.create_task(house.dispatcher.handle(recorded))
    await until(lambda: "attempt_begun" in house.names(job_id))
    house.do(CancelJob(org_id=ORG, job_id=job_id))
    stopping = asyncio.create_task(house.dispatcher.handle(house.recorded(job_id, JobCancelled)))
    await until(lambda: f"{job_id}.1" in house.dispatcher._stopped)
    answered.set()
    await asyncio.gather(handling, stopping)
    assert len(remote.simulator.control.accepted) == 0
    assert house.jobs.get(job_id) is None
