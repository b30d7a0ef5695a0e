"""The ledger under any order of commands: sums of 0, never negative, a chain that holds, money moved once a job."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from commands.model import Command
from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from commands.orgs.streams import book_ref, job_ref
from commands.refusals import Refusal
from events.credits.chain import GENESIS, entry_hash
from events.credits.events import LedgerEntry
from events.jobs.state import LiveJob
from tests.given import ORG, asset, dispatch, opened, sealed, submit
from tests.specification import World

JOBS = st.sampled_from([f"job_{n}" for n in range(5)])
AMOUNTS = st.integers(min_value=1, max_value=900)
LEASES = st.integers(min_value=1, max_value=3)


class Books(RuleBasedStateMachine):
    """Random commands against the real decider; a second, simpler model is the sum over the entries."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(ORGS)
        for command in opened(2_000):
            self.world.handle(command)
        self.world.handle(c.OpenProject(org_id=ORG, project_id="prj_1", title=sealed()))
        self.entries = 0

    def ask(self, command: Command) -> None:
        before = len(self.world.log)
        try:
            self.world.handle(command)
        except Refusal:
            assert len(self.world.log) == before

    @rule(job=JOBS, amount=AMOUNTS, project=st.sampled_from([None, "prj_1"]))
    def submits(self, job: str, amount: int, project: str | None) -> None:
        if self.world(job_ref(job)).version == 0:
            self.ask(submit(job, amount, project_id=project))

    @rule(job=JOBS, lease=LEASES)
    def dispatches(self, job: str, lease: int) -> None:
        self.ask(dispatch(job, lease))

    @rule(job=JOBS, lease=LEASES, cost=st.integers(min_value=0, max_value=1_200))
    def succeeds(self, job: str, lease: int, cost: int) -> None:
        self.ask(c.RecordJobSucceeded(org_id=ORG, job_id=job, lease=lease, outputs=(asset(),), cost=cost))

    @rule(job=JOBS, lease=LEASES, retry=st.sampled_from([None, 0.0]))
    def fails(self, job: str, lease: int, retry: float | None) -> None:
        self.ask(c.RecordAttemptFailed(org_id=ORG, job_id=job, lease=lease, category="outage", retry_in_s=retry))

    @rule(job=JOBS, lease=LEASES)
    def expires(self, job: str, lease: int) -> None:
        self.ask(c.ExpireLease(org_id=ORG, job_id=job, lease=lease))

    @rule(job=JOBS)
    def cancels(self, job: str) -> None:
        self.ask(c.CancelJob(org_id=ORG, job_id=job))

    @rule(amount=AMOUNTS, kind=st.sampled_from(["allocate", "deallocate"]))
    def allocates(self, amount: int, kind: str) -> None:
        self.entries += 1
        fields = {"org_id": ORG, "entry_id": f"ent_{self.entries}", "project_id": "prj_1", "amount": amount}
        self.ask(c.AllocateCredits.model_validate({**fields, "kind": kind}))

    @rule(amount=st.integers(min_value=-900, max_value=900).filter(bool))
    def adjusts(self, amount: int) -> None:
        self.entries += 1
        self.ask(c.AddCredits(org_id=ORG, entry_id=f"ent_a{self.entries}", kind="adjust", amount=amount))

    @invariant()
    def the_log_alone_proves_the_books(self) -> None:
        balances: Counter[str] = Counter()
        head, ends = GENESIS, Counter[str]()
        ledger = [event for _, event in self.world.log if isinstance(event, LedgerEntry)]
        for seq, entry in enumerate(ledger, start=1):
            data = entry.model_dump(mode="json", exclude_none=True, exclude={"hash"})
            assert (entry.seq, entry.prev_hash) == (seq, head)
            assert entry.hash == entry_hash(head, data)
            assert sum(posting.amount for posting in entry.postings) == 0
            for posting in entry.postings:
                balances[posting.account] += posting.amount
                assert posting.account == "external" or balances[posting.account] >= 0
            if entry.kind in ("capture", "release"):
                ends[entry.job_id or ""] += 1
            head = entry.hash
        assert all(count == 1 for count in ends.values())
        book = self.world(book_ref(ORG)).state
        assert (book.available, book.spent, book.external) == tuple(
            balances[account] for account in ("available", "spent", "external")
        )
        live = [self.world(job_ref(f"job_{n}")).state for n in range(5)]
        assert book.reserved == sum(job.accepted.reserved for job in live if isinstance(job, LiveJob))


Books.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBooks = Books.TestCase
