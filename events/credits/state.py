"""An organisation's book folded from its ledger: balances and the head of the hash chain.

What a job has reserved stands in the job's own state, so that a book does not grow with the jobs in flight.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from events.credits.chain import GENESIS
from events.credits.events import LedgerEntry
from events.model import Event

PROJECT = "project:"
RESERVED = "reserved:"
CLOSED = "closed"
"""`reason` of the deallocation that takes an allocation's last credit: the project has no allocation any more."""


class Corrupt(Exception):
    """An entry that no book can hold: the partition must stop."""


@dataclass(frozen=True, slots=True)
class Book:
    """Balances in millicredits. `reserved` is the sum over all jobs; `allocations` holds the open ones by project.

    An allocation is open from the first credit that it is given until a deallocation closes it; spent to 0 it is open
    still. What comes back to a closed one opens it again.
    """

    seq: int = 0
    head: str = GENESIS
    available: int = 0
    reserved: int = 0
    spent: int = 0
    external: int = 0
    allocations: dict[str, int] = field(default_factory=dict)


def initial(_subject: str) -> Book:
    return Book()


def evolve(book: Book, event: Event, _at: datetime) -> Book:
    """The book after the entry. Raises Corrupt where sum, sign, sequence or chain do not hold."""
    if not isinstance(event, LedgerEntry):
        return book
    if event.seq != book.seq + 1 or event.prev_hash != book.head:
        raise Corrupt(f"entry {event.entry_id}: seq {event.seq} does not follow {book.seq}, or the chain is broken")
    available, reserved, spent, external = book.available, book.reserved, book.spent, book.external
    allocations = book.allocations
    total = lowest = 0
    for posting in event.postings:
        account, amount = posting.account, posting.amount
        total += amount
        if account == "available":
            available += amount
        elif account == "spent":
            spent += amount
        elif account == "external":
            external += amount
        elif account.startswith(RESERVED):
            reserved += amount
        elif account.startswith(PROJECT):
            project = account.removeprefix(PROJECT)
            allocation = allocations.get(project, 0) + amount
            allocations = {**allocations, project: allocation}
            lowest = min(lowest, allocation)
        else:
            raise Corrupt(f"entry {event.entry_id}: unknown account {account!r}")
    if total != 0:
        raise Corrupt(f"entry {event.entry_id}: the postings do not add up to 0")
    if min(available, reserved, spent, lowest) < 0:
        raise Corrupt(f"entry {event.entry_id}: a balance would be negative")
    if event.reason == CLOSED and event.kind == "deallocate":
        allocations = _without(allocations, event)
    return Book(event.seq, event.hash, available, reserved, spent, external, allocations)


def _without(allocations: dict[str, int], closing: LedgerEntry) -> dict[str, int]:
    left = allocations.get(closing.project_id or "")
    if left != 0:
        raise Corrupt(f"entry {closing.entry_id}: closes an allocation that holds {left}")
    return {project: amount for project, amount in allocations.items() if project != closing.project_id}
