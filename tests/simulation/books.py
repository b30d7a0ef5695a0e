"""The books of all organisations as anybody may add them up: I1 to I3 and I14, apart from how the house does it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from events.credits.events import LedgerEntry
from events.jobs.events import JobAccepted, JobEvent, JobSucceeded
from events.model import MONEY_MAX
from tests.simulation.scenario import Scenario
from tests.simulation.violation import Findings


class Books:
    def __init__(self, findings: Findings, scenario: Scenario) -> None:
        self._demand = findings.demand
        self._scenario = scenario
        self._balances: dict[str, Counter[str]] = defaultdict(Counter)
        self._entries: dict[str, list[LedgerEntry]] = defaultdict(list)
        self._told: dict[str, list[str]] = defaultdict(list)

    def take(self, entry: LedgerEntry) -> None:
        """I1, I2: integers that add up to nothing, and no balance below nothing at any time."""
        balances = self._balances[entry.org_id]
        amounts = [posting.amount for posting in entry.postings]
        self._demand(all(type(amount) is int for amount in amounts), "I1", f"{entry.entry_id}: no integers")
        self._demand(sum(amounts) == 0, "I1", f"{entry.entry_id} adds up to {sum(amounts)}")
        for posting in entry.postings:
            balances[posting.account] += posting.amount
            balance = balances[posting.account]
            self._demand(abs(balance) <= MONEY_MAX, "I1", f"{posting.account} holds {balance}")
            self._demand(balance >= 0 or posting.account == "external", "I2", f"{posting.account} holds {balance}")
        moved = sorted((posting.account, posting.amount) for posting in entry.postings)
        self._told[entry.org_id].append(f"{entry.kind} of {entry.job_id}: {moved}, uncollected {entry.uncollected}")
        if entry.job_id is not None:
            self._entries[entry.job_id].append(entry)
        self._check_adjusted(entry)

    def _check_adjusted(self, entry: LedgerEntry) -> None:
        """I3: what was asked for and could not be moved stands in the entry."""
        order = next((o for n, o in enumerate(self._scenario.orders) if entry.entry_id == f"ent_{n}"), None)
        if order is None:
            return
        moved = sum(posting.amount for posting in entry.postings if posting.account == "available")
        told = f"{order.adjust} were asked, {moved} moved, {entry.uncollected} stand as uncollected"
        self._demand(moved - (entry.uncollected or 0) == order.adjust, "I3", f"{entry.entry_id}: {told}")

    def told(self) -> Mapping[str, list[str]]:
        """Organisation → its entries, without times and ids."""
        return self._told

    def check_end(self, accepted: JobAccepted, end: JobEvent) -> None:
        """I3, I14: one reservation, resolved once, by what the end says and what the bill adds up to.

        The ledger's part of the decision may become readable a moment after the job's.
        """
        job_id = accepted.job_id
        kinds = [entry.kind for entry in self._entries[job_id]]
        resolved = "capture" if isinstance(end, JobSucceeded) else "release"
        right = kinds in (["reserve"], ["reserve", resolved], [])
        self._demand(right, "I3", f"{job_id} {end.name}: {kinds}")
        if isinstance(end, JobSucceeded):
            self._check_bill(accepted, end)

    def _check_bill(self, accepted: JobAccepted, end: JobSucceeded) -> None:
        cost = 0
        for line in end.bill:
            exact = int((Decimal(line.quantity) * line.unit_amount).to_integral_value(ROUND_CEILING))
            told = f"{line.quantity} × {line.unit_amount} is {exact}, not {line.amount}"
            self._demand(line.amount == exact, "I14", f"{end.job_id}: {told}")
            cost += exact
        captured = min(cost, accepted.reserved)
        self._demand(end.captured == captured, "I14", f"{end.job_id} captured {end.captured} of {cost}")
        self._demand((end.uncollected or 0) == cost - captured, "I14", f"{end.job_id}: {end.uncollected} uncollected")
        for entry in self._entries[end.job_id][1:]:
            spent = sum(posting.amount for posting in entry.postings if posting.account == "spent")
            self._demand(spent == captured, "I3", f"{end.job_id}: {spent} spent, {captured} captured")

    def check_resolved(self) -> None:
        """I14, when nothing moves: no job holds anything any more."""
        for job_id, entries in self._entries.items():
            self._demand(len(entries) == 2, "I14", f"{job_id} has ended with {[entry.kind for entry in entries]}")
        for org, balances in self._balances.items():
            held = {account: held for account, held in balances.items() if account.startswith("reserved:") and held}
            self._demand(not held, "I14", f"{org} holds {held} for jobs that have ended")
