"""Money under any order of commands: the decider, a ledger of plain sums, the log and the read model say the same."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from commands.model import Command
from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from commands.orgs.streams import book_ref
from commands.refusals import Refusal
from events.credits.chain import GENESIS, entry_hash
from events.credits.events import ENTRY_OF_KIND, LedgerEntry
from events.envelope import Recorded, StreamRef
from events.jobs.events import (
    JobCancelled,
    JobDead,
    JobDiscarded,
    JobFailed,
    JobRefunded,
    JobReplayed,
    JobSucceeded,
    LateResultRefused,
    LeaseExpired,
)
from events.jobs.state import EndedJob, LiveJob
from events.model import MONEY_MAX, Event
from events.registry import encode
from events.topics import EVENTS_JOBS
from tests.given import ORG, asset, dispatch, opened, submit
from tests.property.plain_ledger import Plain
from tests.specification import World
from tests.unit.projections import given as projected

GRANTED = 2_000
PROJECTS = ("prj_1", "prj_2")
BACK = st.sampled_from([0, 0, 0, 1])
"""How many jobs ago an id was used; 0 is a new one."""
NTH = st.integers(min_value=0, max_value=3)
"""One of the newest jobs."""
AMOUNTS = st.integers(min_value=1, max_value=900)
COSTS = st.integers(min_value=0, max_value=1_200)
OTHER = st.sampled_from([int, operator.neg, lambda _: MONEY_MAX, lambda _: MONEY_MAX - GRANTED])
"""What becomes of an amount: itself, below 0, or more than can be kept."""
OF = st.sampled_from([None, *PROJECTS])
OFF = st.sampled_from([0, 0, 0, 0, -1, 1])
"""How far a lease is from the one that would be right."""
ENDS = {JobSucceeded: "succeeded", JobFailed: "failed", JobCancelled: "cancelled", JobDead: "dead"}
REACHED = {*ENTRY_OF_KIND.values(), *ENDS, JobReplayed, JobDiscarded, JobRefunded, LeaseExpired, LateResultRefused}


class Books(RuleBasedStateMachine):
    """Random commands; what the decider takes, the plain ledger takes, and both hold the same.

    A run begins with a dead job and one under way.
    """

    seen: set[type[Event]] = set()
    """What has happened in all runs together."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(ORGS)
        self.plain = Plain(available=GRANTED, external=-GRANTED)
        for command in opened(GRANTED):
            self.world.handle(command)
        for project in PROJECTS:
            self.world.handle(c.OpenProject(org_id=ORG, project_id=project, title=projected.sealed(project)))
        self.operators: list[Command] = []
        self.submits(back=0, amount=100, project=None, attempts=1, at_once=True)
        self.an_attempt_ends(n=0, off=0, how="fail again", cost=0)
        self.submits(back=0, amount=200, project=None, attempts=2, at_once=True)

    def ask(self, command: Command, taken: bool) -> None:
        before = len(self.world.log)
        try:
            self.world.handle(command)
        except Refusal:
            decided = False
            assert len(self.world.log) == before
        else:
            decided = True
            if isinstance(command, c.MoneyCommand):
                self.operators.append(command)
        assert decided is taken, command

    def entry_id(self) -> str:
        return f"ent_{len(self.world.log)}"

    def job_id(self, back: int) -> str:
        return f"job_{max(0, len(self.plain.jobs) - back)}"

    def nth(self, n: int, off: int = 0, only: str | None = None) -> tuple[str, int]:
        """A job, newest first, of this status where there is one; and its present lease, or one that is not."""
        jobs = [*self.plain.jobs][::-1]
        jobs = [job for job in jobs if self.plain.jobs[job].status == only] or jobs
        if not jobs:
            return "job_0", 1
        job = jobs[n % len(jobs)]
        return job, max(1, self.plain.jobs[job].lease + off)

    # Few rules of many kinds each: Hypothesis leaves rules out of a run, and a job's way needs several.

    @rule(kind=st.sampled_from(["grant", "purchase", "adjust"]), amount=AMOUNTS, other=OTHER)
    def adds(self, kind: Literal["grant", "purchase", "adjust"], amount: int, other: Callable[[int], int]) -> None:
        command = c.AddCredits(org_id=ORG, entry_id=self.entry_id(), kind=kind, amount=other(amount))
        self.ask(command, self.plain.add(kind, command.amount))

    @rule(kind=st.sampled_from(["allocate", "deallocate", "close"]), project=st.sampled_from(PROJECTS), amount=AMOUNTS)
    def allocates(self, kind: str, project: str, amount: int) -> None:
        if kind == "close":
            kind, amount = "deallocate", self.plain.open.get(project) or amount
        fields = {"org_id": ORG, "entry_id": self.entry_id(), "project_id": project, "amount": amount, "kind": kind}
        self.ask(c.AllocateCredits.model_validate(fields), getattr(self.plain, kind)(project, amount))

    @rule(back=BACK, amount=AMOUNTS, project=OF, attempts=st.integers(min_value=1, max_value=2), at_once=st.booleans())
    def submits(self, back: int, amount: int, project: str | None, attempts: int, at_once: bool) -> None:
        job = self.job_id(back)
        command = submit(job, amount, project_id=project, max_attempts=attempts)
        self.ask(command, self.plain.submit(job, amount, project, attempts))
        if at_once:
            self.ask(dispatch(job, 1), self.plain.dispatch(job, 1))

    @rule(n=NTH, off=OFF)
    def dispatches(self, n: int, off: int) -> None:
        job, lease = self.nth(n, off + 1)
        self.ask(dispatch(job, lease), self.plain.dispatch(job, lease))

    @rule(n=NTH, off=OFF, how=st.sampled_from(["succeed", "fail", "fail again", "expire"]), cost=COSTS)
    def an_attempt_ends(self, n: int, off: int, how: str, cost: int) -> None:
        job, lease = self.nth(n, off)
        attempt: dict[str, Any] = {"org_id": ORG, "job_id": job, "lease": lease}
        match how:
            case "succeed":
                done = c.RecordJobSucceeded(**attempt, outputs=(asset(),), cost=cost)
                self.ask(done, self.plain.succeed(job, lease, cost))
            case "expire":
                self.ask(c.ExpireLease(**attempt), self.plain.expire(job, lease))
                self.ask(c.ConfirmStopped(**attempt), job in self.plain.jobs)
            case _:
                again = how == "fail again"
                failed = c.RecordAttemptFailed(**attempt, category="outage", retry_in_s=0 if again else None)
                self.ask(failed, self.plain.fail(job, lease, again))

    @rule(n=NTH, how=st.sampled_from(["cancel", "discard", "replay"]), back=BACK, other=OTHER)
    def a_person_ends_it(self, n: int, how: str, back: int, other: Callable[[int], int]) -> None:
        job, _ = self.nth(n, only=None if how == "cancel" else "dead")
        match how:
            case "cancel":
                self.ask(c.CancelJob(org_id=ORG, job_id=job), self.plain.cancel(job))
            case "discard":
                self.ask(c.DiscardJob(org_id=ORG, job_id=job), self.plain.discard(job))
            case _:
                new = self.job_id(back)
                amount = max(1, other(self.plain.jobs[job].reserved)) if job in self.plain.jobs else 1
                command = c.ReplayJob(org_id=ORG, job_id=job, new_job_id=new, reserve=amount)
                self.ask(command, self.plain.replay(job, new, amount))

    @rule(n=NTH, aimed=st.booleans(), amount=st.one_of(st.none(), AMOUNTS))
    def a_job_is_refunded(self, n: int, aimed: bool, amount: int | None) -> None:
        job, _ = self.nth(n, only="succeeded" if aimed else None)
        command = c.RefundJob(org_id=ORG, entry_id=self.entry_id(), job_id=job, amount=amount)
        self.ask(command, self.plain.refund(job, amount))

    @rule(which=st.integers(min_value=0, max_value=30))
    def an_operator_repeats(self, which: int) -> None:
        if self.operators:
            self.ask(self.operators[which % len(self.operators)], False)

    @invariant()
    def the_decider_holds_what_the_plain_ledger_holds(self) -> None:
        book, plain = self.world(book_ref(ORG)).state, self.plain
        assert (book.available, book.reserved, book.spent, book.external, book.allocations) == (
            plain.available, plain.reserved, plain.spent, plain.external, plain.open,
        )  # fmt: skip
        assert plain.available + plain.reserved + sum(plain.open.values()) + plain.spent == -plain.external

    def teardown(self) -> None:
        """What the whole log says, and what is read of it."""
        self.seen.update(type(event) for _, event in self.world.log)
        self.every_entry_holds()
        self.each_job_ends_once()
        self.the_log_folds_to_the_state()
        self.the_read_model_shows_it()

    def entries(self) -> list[LedgerEntry]:
        return [event for _, event in self.world.log if isinstance(event, LedgerEntry)]

    def every_entry_holds(self) -> None:
        balances: Counter[str] = Counter()
        head = GENESIS
        for seq, entry in enumerate(self.entries(), start=1):
            data = entry.model_dump(mode="json", exclude_none=True, exclude={"hash"})
            assert (entry.seq, entry.prev_hash, entry.hash) == (seq, head, entry_hash(head, data))
            assert sum(posting.amount for posting in entry.postings) == 0
            for posting in entry.postings:
                balances[posting.account] += posting.amount
                assert posting.account == "external" or balances[posting.account] >= 0
            head = entry.hash
        assert sum(balances.values()) == 0
        for job_id, job in self.plain.jobs.items():
            assert balances[f"reserved:{job_id}"] == (job.reserved if job.live else 0)

    def each_job_ends_once(self) -> None:
        ended: dict[str, list[str]] = {job_id: [] for job_id in self.plain.jobs}
        moved: dict[str, list[str]] = {job_id: [] for job_id in self.plain.jobs}
        for ref, event in self.world.log:
            if type(event) in ENDS:
                ended[ref.subject].append(ENDS[type(event)])
        for entry in self.entries():
            if entry.kind in ("reserve", "capture", "release"):
                moved[entry.job_id or ""].append(entry.kind)
        for job_id, job in self.plain.jobs.items():
            end = "capture" if job.status == "succeeded" else "release"
            assert ended[job_id] == ([] if job.live else [job.status])
            assert moved[job_id] == (["reserve"] if job.live else ["reserve", end])

    def the_log_folds_to_the_state(self) -> None:
        """As a decider does that starts with nothing: each event from its bytes."""
        states: dict[StreamRef, Any] = {}
        for ref, event in self.world.log:
            fold = ORGS.folds[ref.topic]
            read = type(event).model_validate_json(encode(event))
            states[ref] = fold.evolve(states.get(ref, fold.initial(ref.subject)), read, self.world.at)
        assert states == {ref: stream.state for ref, stream in self.world.streams.items()}
        for job_id, job in self.plain.jobs.items():
            state = states[StreamRef(EVENTS_JOBS, job_id)]
            if job.live:
                assert isinstance(state, LiveJob)
                assert (state.phase, state.lease) == (job.status, job.lease)
            else:
                assert isinstance(state, EndedJob)
                assert (state.status, state.captured, state.refunded) == (job.status, job.captured, job.refunded)

    def the_read_model_shows_it(self) -> None:
        found = projected.Documents().read(recorded(self.world))
        plain = self.plain
        shown = found["balances"][ORG]
        expected = {
            "available": plain.available,
            "reserved": plain.reserved,
            "spent": plain.spent,
            "allocations": plain.open,
        }
        assert {name: shown[name] for name in expected} == expected
        lines = list(found["ledger"].values())
        assert [line["hash"] for line in lines] == [entry.hash for entry in self.entries()]
        assert lines[-1]["_balances"] == expected
        assert set(found["jobs"]) == set(plain.jobs)
        for job_id, job in plain.jobs.items():
            read = found["jobs"][job_id]
            assert (read["status"], read["reserved"]) == (job.status, job.reserved)
            assert (read.get("captured", 0), read.get("refunded", 0)) == (job.captured, job.refunded)
        days = found["usage"].values()
        assert sum(day["spent"] - day["refunded"] for day in days) == plain.spent


def recorded(world: World) -> list[Recorded]:
    """The log in its order, as a reader of all its topics would see it."""
    versions: Counter[StreamRef] = Counter()
    offsets: Counter[str] = Counter()
    found: list[Recorded] = []
    for ref, event in world.log:
        versions[ref] += 1
        [one] = projected.on(ref.topic, ref.subject, event, first=versions[ref])
        found.append(replace(one, offset=offsets[ref.topic]))
        offsets[ref.topic] += 1
    return found


def test_money_under_any_interleaving() -> None:
    Books.seen.clear()
    run_state_machine_as_test(
        Books, settings=settings(max_examples=150, stateful_step_count=50, deadline=None, derandomize=True)
    )
    assert REACHED - Books.seen == set(), "what never happened was not tested"
