"""The scheduler against the log: what it has lost, invented or mistaken it is told again; all else is left alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from events.catalog.current import CurrentProvider
from events.jobs.current import CurrentJob
from events.jobs.slots import Slot
from processors.scheduler.auditing import EVERY, Miscounted, QueueAudit
from processors.scheduler.beliefs import Belief, agree
from processors.scheduler.core import Flight, Scheduler
from processors.scheduler.decisions import Decisions, Dispatch
from processors.sweepers.queue import QueueSweeper
from tests.unit.scheduler.makers import START, stamp


def job(job_id: str = "o1.a", **fields: Any) -> CurrentJob:
    values: dict[str, Any] = {
        "job_id": job_id, "org_id": "o1", "phase": "queued", "lease": 0, "priority": "NORMAL", "model": "m",
        "provider": "acme", "reserved": 1, "max_runtime_s": 60, "accepted_at": stamp(START),
        "deadline_at": stamp(START),
    }  # fmt: skip
    return CurrentJob(**{**values, **fields})


@pytest.mark.parametrize(
    ("logged", "believed"),
    [
        (None, None),
        (job(), Belief("waits", 0)),
        (job(), Belief("flies", 1)),
        (job(lease=1), Belief("waits", 1)),
        (job(phase="running", lease=1), Belief("flies", 1)),
        (job(phase="stopping", lease=2), Belief("flies", 2)),
        (job(lease=2, unstopped=True), Belief("flies", 2)),
    ],
)
def test_what_is_believed_is_what_the_log_says(logged: CurrentJob | None, believed: Belief | None) -> None:
    assert agree(logged, believed)


@pytest.mark.parametrize(
    ("logged", "believed"),
    [
        (None, Belief("waits", 0)),
        (job(), None),
        (job(), Belief("flies", 2)),
        (job(lease=1), Belief("flies", 1)),
        (job(phase="running", lease=2), Belief("flies", 1)),
        (job(phase="running", lease=1), Belief("waits", 0)),
    ],
)
def test_what_is_believed_is_not_what_the_log_says(logged: CurrentJob | None, believed: Belief | None) -> None:
    assert not agree(logged, believed)


def test_a_disagreement_counts_when_nothing_has_changed_since_the_last_look() -> None:
    it, record = QueueSweeper(), job()
    assert not it.look("o1.a", record, None)
    assert not it.look("o1.a", job(), None), "another record: the news of it may be on its way"
    record = job()
    assert not it.look("o1.a", record, None)
    assert it.look("o1.a", record, None)
    assert not it.look("o1.a", record, Belief("waits", 0))
    assert not it.look("o1.a", record, None)


class Stage:
    """A scheduler with four jobs: one runs, one waits for its turn, one for its time, one is on its way to the log."""

    def __init__(self) -> None:
        self.core = Scheduler()
        later = stamp(START + timedelta(hours=1))
        self.logged = {
            "o1.runs": job("o1.runs", phase="running", lease=1),
            "o1.way": job("o1.way"),
            "o1.turn": job("o1.turn", model="full"),
            "o1.time": job("o1.time", lease=1, not_before=later),
        }
        self.core.own(lambda _: False)
        self.core.ready(START)
        for job_id, record in self.logged.items():
            self.core.on_job(job_id, record, START)
        self.allow(0)
        self.core.own(lambda _: True)
        self.decided: list[Any] = [*self.core.tick(START)]
        self.audit = QueueAudit(self.core, self.logged)

    def allow(self, full: int) -> None:
        """How many calls of the model `full` its provider takes at a time."""
        self.core.on_provider(
            CurrentProvider(provider="acme", active=True, concurrent=8, per_api={"full": full}, version=1), START
        )

    def rounds(self, count: int) -> Decisions:
        now: datetime = START
        decided: list[Any] = []
        for _ in range(count):
            decided += self.audit.step(now)
            now += EVERY
        return tuple(decided)

    def beliefs(self) -> dict[str, Belief | None]:
        return {job_id: self.core.belief(job_id) for job_id in self.core.known()}


RIGHT = {
    "o1.runs": Belief("flies", 1),
    "o1.way": Belief("flies", 1),
    "o1.turn": Belief("waits", 0),
    "o1.time": Belief("waits", 1),
}


def test_a_scheduler_that_believes_the_log_is_told_nothing() -> None:
    stage = Stage()
    assert [one.job_id for one in stage.decided] == ["o1.way"]
    assert stage.rounds(5) == ()
    assert stage.beliefs() == RIGHT


def lose_a_waiting_job(core: Scheduler) -> None:
    core._unqueue("o1.turn")


def lose_a_sleeping_job(core: Scheduler) -> None:
    del core._asleep["o1.time"]
    core._delayed.clear()


def lose_a_flight(core: Scheduler) -> None:
    core._land("o1.runs")


def invent_a_flight(core: Scheduler) -> None:
    core._fly("o1.ghost", Flight(Slot("o1.ghost", 1, "o1", "acme", "m"), None, claimed=False))


def mistake_a_lease(core: Scheduler) -> None:
    core._fly("o1.runs", Flight(Slot("o1.runs", 7, "o1", "acme", "m"), None, claimed=False))


def forget_a_job(core: Scheduler) -> None:
    core._unqueue("o1.turn")
    del core._jobs["o1.turn"]


BREAKS = [
    lose_a_waiting_job,
    lose_a_sleeping_job,
    lose_a_flight,
    invent_a_flight,
    mistake_a_lease,
    forget_a_job,
]


@pytest.mark.parametrize("break_it", BREAKS)
def test_what_was_broken_is_as_the_log_has_it_again(break_it: Callable[[Scheduler], None]) -> None:
    stage = Stage()
    break_it(stage.core)
    assert stage.beliefs() != RIGHT
    stage.rounds(2)
    assert stage.beliefs() == RIGHT
    assert stage.core.in_flight("acme") == 2
    assert stage.rounds(3) == ()


def test_a_lost_job_is_dispatched() -> None:
    stage = Stage()
    stage.core._unqueue("o1.turn")
    stage.allow(1)
    assert [one.job_id for one in stage.rounds(2) if isinstance(one, Dispatch)] == ["o1.turn"]


def test_who_has_lost_count_starts_anew() -> None:
    stage = Stage()
    stage.core._pool("acme").in_use += 1
    with pytest.raises(Miscounted, match="acme"):
        stage.rounds(1)
