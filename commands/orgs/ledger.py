"""Entries of the ledger: balanced, hashed, following the book's head. Pure; the only place where money moves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from commands.refusals import InsufficientCredit, InvalidInput
from events.credits.chain import entry_hash
from events.credits.events import ENTRY_OF_KIND, EntryKind, LedgerEntry
from events.credits.state import CLOSED, PROJECT, RESERVED, Book
from events.jobs.events import JobAccepted
from events.model import MONEY_MAX

AVAILABLE = "available"


def _entry(
    book: Book,
    kind: EntryKind,
    at: datetime,
    *,
    org_id: str,
    entry_id: str,
    postings: Iterable[tuple[str, int]],
    job_id: str | None = None,
    project_id: str | None = None,
    reason: str | None = None,
    uncollected: int | None = None,
) -> LedgerEntry:
    """The next entry of the book; postings of 0 are left out, `uncollected` of 0 is absent.

    Its JSON is made once: the hash is taken of the very members that the event is validated from.
    """
    data: dict[str, Any] = {
        "org_id": org_id,
        "seq": book.seq + 1,
        "entry_id": entry_id,
        "kind": kind,
        "at": at.isoformat(),
        "postings": [{"account": account, "amount": amount} for account, amount in postings if amount != 0],
        "prev_hash": book.head,
    }
    if job_id is not None:
        data["job_id"] = job_id
    if project_id is not None:
        data["project_id"] = project_id
    if reason is not None:
        data["reason"] = reason
    if uncollected:
        data["uncollected"] = uncollected
    data["hash"] = entry_hash(book.head, data)
    return ENTRY_OF_KIND[kind](**data)


def add(
    book: Book, at: datetime, *, org_id: str, entry_id: str, kind: EntryKind, amount: int, reason: str | None
) -> LedgerEntry:
    """A grant, purchase or adjustment; a negative adjustment takes at most what is available."""
    if kind != "adjust" and amount <= 0:
        raise InvalidInput.at("/amount", "must be at least 1")
    if amount == 0:
        raise InvalidInput.at("/amount", "must not be 0")
    if book.available + amount > MONEY_MAX or book.external - amount < -MONEY_MAX:
        raise InvalidInput.at("/amount", "the balance would pass the largest amount that can be kept exactly")
    moved = max(amount, -book.available)
    return _entry(
        book,
        kind,
        at,
        org_id=org_id,
        entry_id=entry_id,
        postings=((AVAILABLE, moved), ("external", -moved)),
        reason=reason,
        uncollected=moved - amount,
    )


def allocate(book: Book, at: datetime, *, org_id: str, entry_id: str, project_id: str, amount: int) -> LedgerEntry:
    """From `available` to a project's allocation. Raises InsufficientCredit."""
    _afford(book.available, amount)
    return _entry(
        book,
        "allocate",
        at,
        org_id=org_id,
        entry_id=entry_id,
        project_id=project_id,
        postings=((AVAILABLE, -amount), (PROJECT + project_id, amount)),
    )


def deallocate(book: Book, at: datetime, *, org_id: str, entry_id: str, project_id: str, amount: int) -> LedgerEntry:
    """Back from a project's allocation to `available`; its last credit closes it. Raises InsufficientCredit.

    One that was spent to 0 is closed by whatever amount is asked back: there is none that it has.
    """
    held = book.allocations.get(project_id)
    if held == 0:
        amount = 0
    _afford(held or 0, amount)
    return _entry(
        book,
        "deallocate",
        at,
        org_id=org_id,
        entry_id=entry_id,
        project_id=project_id,
        reason=CLOSED if amount == held else None,
        postings=((PROJECT + project_id, -amount), (AVAILABLE, amount)),
    )


def source_of(book: Book, project_id: str | None) -> str:
    """The account that a job of this project draws on: its allocation where it has one."""
    return PROJECT + project_id if project_id is not None and project_id in book.allocations else AVAILABLE


def reserve(book: Book, at: datetime, *, org_id: str, job_id: str, project_id: str | None, amount: int) -> LedgerEntry:
    """The job's price, set aside. Raises InsufficientCredit."""
    source = source_of(book, project_id)
    balance = book.available if source == AVAILABLE else book.allocations[source.removeprefix(PROJECT)]
    _afford(balance, amount)
    return _entry(
        book,
        "reserve",
        at,
        org_id=org_id,
        entry_id=_entry_id(job_id, "reserve"),
        job_id=job_id,
        project_id=project_id,
        postings=((source, -amount), (RESERVED + job_id, amount)),
    )


def capture(book: Book, at: datetime, job: JobAccepted, cost: int) -> LedgerEntry:
    """What the job cost, at most what it reserved; the rest goes back where it came from in the same entry."""
    spent = min(cost, job.reserved)
    return _entry(
        book,
        "capture",
        at,
        org_id=job.org_id,
        entry_id=_entry_id(job.job_id, "capture"),
        job_id=job.job_id,
        project_id=job.project_id,
        postings=((RESERVED + job.job_id, -job.reserved), ("spent", spent), (job.paid_from, job.reserved - spent)),
        uncollected=cost - spent,
    )


def release(book: Book, at: datetime, job: JobAccepted, reason: str) -> LedgerEntry:
    """The whole reservation goes back where it came from."""
    return _entry(
        book,
        "release",
        at,
        org_id=job.org_id,
        entry_id=_entry_id(job.job_id, "release"),
        job_id=job.job_id,
        project_id=job.project_id,
        reason=reason,
        postings=((RESERVED + job.job_id, -job.reserved), (job.paid_from, job.reserved)),
    )


def refund(
    book: Book, at: datetime, job: JobAccepted, *, entry_id: str, asked: int, moved: int, reason: str | None
) -> LedgerEntry:
    """Back to the allocation that paid, or to `available` where that is closed; what is not left to be moved stands."""
    closed = job.paid_from != AVAILABLE and job.paid_from.removeprefix(PROJECT) not in book.allocations
    return _entry(
        book,
        "refund",
        at,
        org_id=job.org_id,
        entry_id=entry_id,
        job_id=job.job_id,
        project_id=job.project_id,
        reason=reason,
        postings=(("spent", -moved), (AVAILABLE if closed else job.paid_from, moved)),
        uncollected=asked - moved,
    )


def _entry_id(job_id: str, purpose: str) -> str:
    """A job has one entry of each purpose, so its id needs no randomness."""
    return f"ent_{job_id.removeprefix('job_')}.{purpose}"


def _afford(balance: int, amount: int) -> None:
    if amount > balance:
        raise InsufficientCredit(
            f"this costs {amount} millicredits and {balance} are available", asked=amount, available=balance
        )
