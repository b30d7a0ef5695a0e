"""An organisation's book folded from its ledger: balances and the head of the hash chain.

What a job has reserved stands in the job's own state, so that a book does not grow with the jobs in flight.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from events.credits.chain import GENESIS
from events.credits.events import LedgerEntry, Posting
from events.model import Event

PROJECT = "project:"
RESERVED = "reserved:"


class Corrupt(Exception):
    """An entry that no book can hold: the partition must stop."""


@dataclass(frozen=True, slots=True)
class Book:
    """Balances in millicredits. `reserved` is the sum over all jobs; `allocations` is by project id."""

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
    if sum(posting.amount for posting in event.postings) != 0:
        raise Corrupt(f"entry {event.entry_id}: the postings do not add up to 0")
    after = _post(book, event.postings)
    if min(after.available, after.reserved, after.spent, *after.allocations.values()) < 0:
        raise Corrupt(f"entry {event.entry_id}: a balance would be negative")
    return Book(
        seq=event.seq,
        head=event.hash,
        available=after.available,
        reserved=after.reserved,
        spent=after.spent,
        external=after.external,
        allocations=after.allocations,
    )


def _post(book: Book, postings: tuple[Posting, ...]) -> Book:
    available, reserved, spent, external = book.available, book.reserved, book.spent, book.external
    allocations = book.allocations
    for posting in postings:
        match posting.account:
            case "available":
                available += posting.amount
            case "spent":
                spent += posting.amount
            case "external":
                external += posting.amount
            case account if account.startswith(RESERVED):
                reserved += posting.amount
            case account if account.startswith(PROJECT):
                project = account.removeprefix(PROJECT)
                allocations = {**allocations, project: allocations.get(project, 0) + posting.amount}
            case account:
                raise Corrupt(f"unknown account {account!r}")
    return Book(book.seq, book.head, available, reserved, spent, external, allocations)
