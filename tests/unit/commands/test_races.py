"""Races for a job's money: whatever comes first, in one batch or one after the other, moves it; the rest moves none."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from commands.ask import Answer
from commands.model import Command, CommandEnvelope
from commands.orgs import commands as c
from commands.refusals import Refusal
from events.credits.events import LedgerEntry
from events.envelope import Recorded
from events.jobs.events import (
    JobAccepted,
    JobCancelled,
    JobDead,
    JobDiscarded,
    JobFailed,
    JobRefunded,
    JobReplayed,
    JobSucceeded,
)
from tests.deciding import Orgs
from tests.given import JOB, ORG, asset, dispatch, opened, submit

GRANTED, RESERVED = 1_000, 400
AGAIN, NEW = "job_2", "job_3"
ENDS = {JobSucceeded: "capture", JobFailed: "release", JobCancelled: "release", JobDead: "release"}
WITH_MONEY = {**ENDS, JobAccepted: "reserve", JobRefunded: "refund"}
"""What never stands on the log without its entry."""

OPENED = opened(GRANTED)
UNDER_WAY = (*OPENED, submit(reserve=RESERVED, max_attempts=1), dispatch())
CANCEL = c.CancelJob(org_id=ORG, job_id=JOB)
EXPIRE = c.ExpireLease(org_id=ORG, job_id=JOB, lease=1)
STOPPED = c.ConfirmStopped(org_id=ORG, job_id=JOB, lease=1)


def success(cost: int = 300, lease: int = 1) -> c.RecordJobSucceeded:
    return c.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=lease, outputs=(asset(),), cost=cost)


def failure(retry_in_s: float | None = None, lease: int = 1) -> c.RecordAttemptFailed:
    return c.RecordAttemptFailed(org_id=ORG, job_id=JOB, lease=lease, category="outage", retry_in_s=retry_in_s)


def replay(as_job: str) -> c.ReplayJob:
    return c.ReplayJob(org_id=ORG, job_id=JOB, new_job_id=as_job, reserve=RESERVED)


def refund(n: int, amount: int | None = None) -> c.RefundJob:
    return c.RefundJob(org_id=ORG, entry_id=f"ent_{n}", job_id=JOB, amount=amount)


class Racing:
    """A decider in which commands race: in one batch, or each in a batch of its own."""

    def __init__(self, folder: Path, together: bool, past: Iterable[Command]) -> None:
        self.orgs = Orgs(folder)
        self._together = together
        self._numbers = itertools.count()
        for command in past:
            assert isinstance(self.orgs.together(self._order(command))[0], Answer)

    def _order(self, command: Command) -> tuple[Command, CommandEnvelope]:
        name = f"cmd_{next(self._numbers)}"
        return command, CommandEnvelope(name, ORG, "someone", name, name)

    def race(self, commands: Sequence[Command]) -> list[Answer | Refusal]:
        """What was taken is delivered once more, as after a crash: the answer is the same and nothing happens."""
        orders = [self._order(command) for command in commands]
        batches = [orders] if self._together else [[order] for order in orders]
        answers = [answer for batch in batches for answer in self.orgs.together(*batch)]
        taken = [(order, answer) for order, answer in zip(orders, answers, strict=True) if isinstance(answer, Answer)]
        before = len(self.orgs.log)
        assert self.orgs.together(*(order for order, _ in taken)) == [answer for _, answer in taken]
        assert len(self.orgs.log) == before
        self.check()
        return answers

    def check(self) -> None:
        """What holds after any race."""
        every_decision_is_whole(self.orgs.log)
        balances: Counter[str] = Counter()
        for entry in self.orgs.entries():
            for posting in entry.postings:
                balances[posting.account] += posting.amount
                assert posting.account == "external" or balances[posting.account] >= 0
        assert balances["external"] == -GRANTED
        assert sum(balances.values()) == 0
        for job_id in self.of(JobAccepted):
            kinds = Counter(entry.kind for entry in self.orgs.entries() if entry.job_id == job_id)
            ends = [one.data for one in self.orgs.log if type(one.data) in ENDS and one.stream.subject == job_id]
            assert len(ends) <= 1
            assert kinds["reserve"] == 1
            assert kinds["capture"] + kinds["release"] == len(ends)
            assert balances[f"reserved:{job_id}"] == (0 if ends else RESERVED)
        self.balances = balances

    def of(self, kind: type) -> list[str]:
        """The jobs to which this has happened, in order."""
        return [one.stream.subject for one in self.orgs.log if isinstance(one.data, kind)]

    @property
    def end(self) -> type:
        [end] = [type(one.data) for one in self.orgs.log if type(one.data) in ENDS and one.stream.subject == JOB]
        return end


def every_decision_is_whole(log: Sequence[Recorded]) -> None:
    """What one command led to stands in one piece; a job's event that means money stands beside its entry."""
    decisions = [list(events) for _, events in itertools.groupby(log, key=lambda one: one.envelope.command_id)]
    assert len({events[0].envelope.command_id for events in decisions}) == len(decisions)
    for events in decisions:
        assert len({str(one.envelope.input) for one in events}) == 1
        means = [(WITH_MONEY[type(one.data)], one.data) for one in events if type(one.data) in WITH_MONEY]
        told = {(kind, getattr(event, "job_id", "")) for kind, event in means}
        entries = [one.data for one in events if isinstance(one.data, LedgerEntry) and one.data.job_id is not None]
        assert {(entry.kind, entry.job_id) for entry in entries} == told
        assert len(entries) == len(told) == len(means)


@pytest.fixture(params=[True, False], ids=["one-batch", "one-by-one"])
def together(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


CONTENDERS: dict[str, tuple[Command, type]] = {
    "success": (success(), JobSucceeded),
    "another result": (success(cost=100), JobSucceeded),
    "failure": (failure(), JobFailed),
    "last failure": (failure(retry_in_s=0), JobDead),
    "cancel": (CANCEL, JobCancelled),
    "expiry": (EXPIRE, JobDead),
}


@pytest.mark.parametrize("order", itertools.permutations(CONTENDERS, 2), ids=" then ".join)
def test_the_first_end_wins_and_moves_the_money(order: Sequence[str], together: bool, tmp_path: Path) -> None:
    racing = Racing(tmp_path, together, UNDER_WAY)
    racing.race([CONTENDERS[name][0] for name in order])
    winner, end = CONTENDERS[order[0]]
    assert racing.end is end
    captured = winner.cost if isinstance(winner, c.RecordJobSucceeded) else 0
    assert (racing.balances["spent"], racing.balances["available"]) == (captured, GRANTED - captured)


@pytest.mark.parametrize("order", itertools.permutations([success(cost=100), success(cost=200, lease=2), CANCEL]))
def test_a_result_whose_lease_expired_moves_nothing(order: Sequence[Command], together: bool, tmp_path: Path) -> None:
    past = (*OPENED, submit(reserve=RESERVED), dispatch(), EXPIRE, STOPPED, dispatch(lease=2))
    racing = Racing(tmp_path, together, past)
    racing.race(order)
    cancelled = order.index(CANCEL) < order.index(success(cost=200, lease=2))
    assert racing.end is (JobCancelled if cancelled else JobSucceeded)
    assert racing.balances["spent"] == (0 if cancelled else 200)


@pytest.mark.parametrize(
    "order", itertools.permutations([replay(AGAIN), replay(NEW), c.DiscardJob(org_id=ORG, job_id=JOB), success()])
)
def test_a_dead_letter_is_replayed_once_or_discarded(order: Sequence[Command], together: bool, tmp_path: Path) -> None:
    racing = Racing(tmp_path, together, (*UNDER_WAY, failure(retry_in_s=0)))
    racing.race(order)
    first = next(command for command in order if not isinstance(command, c.RecordJobSucceeded))
    replayed = [first.new_job_id] if isinstance(first, c.ReplayJob) else []
    assert racing.of(JobAccepted) == [JOB, *replayed]
    assert racing.of(JobReplayed) == [JOB] * len(replayed)
    assert len(racing.of(JobDiscarded)) == 1
    assert (racing.balances["spent"], racing.balances["available"]) == (0, GRANTED - RESERVED * len(replayed))


@pytest.mark.parametrize("order", itertools.permutations([refund(1), refund(2, 200), success(cost=50), success()], 4))
def test_a_refund_and_a_late_result(order: Sequence[Command], together: bool, tmp_path: Path) -> None:
    """Before there is a result there is nothing to give back; after it at most what it captured, however often."""
    racing = Racing(tmp_path, together, UNDER_WAY)
    racing.race(order)
    at = next(n for n, command in enumerate(order) if isinstance(command, c.RecordJobSucceeded))
    result = order[at]
    assert isinstance(result, c.RecordJobSucceeded)
    left = result.cost
    for command in order[at:]:
        if isinstance(command, c.RefundJob):
            left -= min(left, left if command.amount is None else command.amount)
    assert (racing.end, racing.balances["spent"]) == (JobSucceeded, left)
    assert racing.balances["available"] == GRANTED - left


def test_of_two_jobs_that_want_the_last_credit_one_is_accepted(together: bool, tmp_path: Path) -> None:
    racing = Racing(tmp_path, together, opened(GRANTED))
    jobs = [submit(f"job_{n}", RESERVED) for n in range(1, 5)]
    answers = racing.race(jobs)
    assert [isinstance(answer, Answer) for answer in answers] == [True, True, False, False]
    assert racing.balances["available"] == GRANTED - 2 * RESERVED


def test_one_job_asked_for_twice_reserves_once(together: bool, tmp_path: Path) -> None:
    racing = Racing(tmp_path, together, OPENED)
    answers = racing.race([submit(reserve=RESERVED), submit(reserve=RESERVED), submit(reserve=RESERVED)])
    assert [isinstance(answer, Answer) for answer in answers] == [True, False, False]
    assert racing.balances["available"] == GRANTED - RESERVED
