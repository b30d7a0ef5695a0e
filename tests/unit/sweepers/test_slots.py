"""What Redis holds against what the log shows: what is put back, prolonged, removed, and what is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.jobs.current import CurrentJob
from events.jobs.slots import Place, Slot
from processors.sweepers.slots import Mend, SlotSweeper

START = datetime(2026, 1, 1, tzinfo=UTC)
FULL = 60_000.0


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def job(job_id: str = "j", **fields: Any) -> CurrentJob:
    values: dict[str, Any] = {
        "job_id": job_id, "org_id": "o", "phase": "dispatched", "lease": 1, "priority": "NORMAL", "model": "m",
        "provider": "p", "reserved": 1, "max_runtime_s": 100, "accepted_at": "", "deadline_at": "",
    }  # fmt: skip
    return CurrentJob(**{**values, **fields})


def slot(job_id: str = "j", lease: int = 1) -> Slot:
    return Slot(job_id, lease, "o", "p", "m")


def held(*slots: Slot, left_ms: float = FULL) -> dict[Place, float]:
    return {(key, one.holder): left_ms for one in slots for key in one.keys}


def sweeper(*jobs: CurrentJob) -> SlotSweeper:
    found = SlotSweeper()
    for one in jobs:
        found.on_job(one.job_id, one)
    return found


def places(*slots: Slot) -> tuple[Place, ...]:
    return tuple(sorted(held(*slots)))


@pytest.mark.parametrize("phase", ["dispatched", "running", "stopping"])
def test_what_is_as_the_log_has_it_is_left_alone(phase: str) -> None:
    it = sweeper(job(phase=phase))
    assert [it.on_found(held(slot()), at(second)) for second in range(0, 100, 5)] == [()] * 20


@pytest.mark.parametrize("phase", ["dispatched", "running", "stopping"])
def test_what_is_missing_twice_in_a_row_is_put_back(phase: str) -> None:
    it = sweeper(job(phase=phase))
    assert it.on_found({}, at(0)) == ()
    assert it.on_found({}, at(5)) == (Mend("put", slots=(slot(),)),)


def test_one_missing_place_of_four_is_missing() -> None:
    it, found = sweeper(job()), held(slot())
    del found[slot().keys[3], slot().holder]
    assert it.on_found(found, at(0)) == ()
    assert it.on_found(found, at(5)) == (Mend("put", slots=(slot(),)),)


def test_what_ended_between_two_looks_is_not_put_back() -> None:
    it = sweeper(job())
    it.on_found({}, at(0))
    it.on_job("j", None)
    assert it.on_found({}, at(5)) == ()


def test_a_slot_that_nobody_prolongs_is_prolonged_while_the_provider_may_run_its_attempt() -> None:
    it = sweeper(job(phase="stopping"))
    assert it.on_found(held(slot(), left_ms=29_999), at(0)) == (Mend("prolong", slots=(slot(),)),)
    assert it.on_found(held(slot(), left_ms=30_000), at(5)) == ()


@pytest.mark.parametrize("known", [(), (job(phase="queued", lease=0),), (job(lease=2),)])
def test_a_slot_that_no_live_attempt_holds_is_removed_after_a_grace(known: tuple[CurrentJob, ...]) -> None:
    it, others = sweeper(*known), [slot(lease=2)] if known and known[0].lease == 2 else []
    found = held(slot(), *others)
    assert it.on_found(found, at(0)) == ()
    assert it.on_found(found, at(29)) == ()
    assert it.on_found(found, at(30)) == (Mend("remove", places=places(slot())),)


def test_a_ghost_in_one_set_alone_is_removed_there() -> None:
    it = sweeper(job())
    found = held(slot()) | {("{slots}:provider:elsewhere", slot().holder): FULL}
    it.on_found(found, at(0))
    assert it.on_found(found, at(30)) == (Mend("remove", places=(("{slots}:provider:elsewhere", "j.1"),)),)


def test_a_slot_whose_dispatch_came_onto_the_log_is_no_ghost() -> None:
    it = sweeper()
    it.on_found(held(slot()), at(0))
    it.on_job("j", job())
    assert it.on_found(held(slot()), at(31)) == ()


def test_while_redis_is_away_nothing_is_seen() -> None:
    it = sweeper(job())
    it.on_found(held(slot("ghost")), at(0))
    it.on_away()
    assert it.on_found(held(slot("ghost")), at(31)) == (), "neither is missing twice, nor a ghost for long"


jobs = st.dictionaries(
    st.sampled_from("abcde"),
    st.builds(
        lambda phase, lease: (phase, lease), st.sampled_from(["queued", "running", "stopping"]), st.integers(1, 2)
    ),
)
left = st.dictionaries(
    st.sampled_from(sorted(held(*(slot(name, lease) for name in "abcdef" for lease in (1, 2))))),
    st.floats(1, FULL),
)


@given(jobs, left)
def test_whatever_is_wrong_is_right_after_a_grace_and_stays_so(said: dict[str, Any], found: dict[Place, float]) -> None:
    it = sweeper(*(job(name, phase=phase, lease=lease) for name, (phase, lease) in said.items()))
    for second in range(0, 45, 5):
        for mend in it.on_found(found, at(second)):
            found = played(found, mend)
            assert played(found, mend) == found, "done twice it does nothing the second time"
    assert found.keys() == held(*(slot(n, lease) for n, (phase, lease) in said.items() if phase != "queued")).keys()
    assert min(found.values(), default=FULL) >= 30_000
    assert it.on_found(found, at(60)) == ()


def played(found: dict[Place, float], mend: Mend) -> dict[Place, float]:
    """What Redis does."""
    match mend.what:
        case "put":
            return found | held(*mend.slots)
        case "prolong":
            return found | {place: FULL for place in held(*mend.slots) if place in found}
        case "remove":
            return {place: ms for place, ms in found.items() if place not in mend.places}
