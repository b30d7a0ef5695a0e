"""One organisation's account as a replay keeps it: its book, what moved by kind, and where it stands on the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from events.credits.chain import entry_hash
from events.log.clients import Record
from projections.audit.books import BadEntry, Book, Live, moved, post
from projections.audit.entries import Opened, check, opened
from projections.audit.faults import Fault, place

MOVED: Final = ("available", "allocations", "reserved", "spent", "external")
COUNTED: Final = ("entries", *MOVED, "uncollected")
BEYOND: Final = "9999"
"""Later than any time of an entry, as its text sorts."""
OFFSET_MAX: Final = 2**63 - 1


class Movement(NamedTuple):
    """An entry, and what it moves by kind of account."""

    entry: dict[str, Any]
    moves: dict[str, int]
    actor: str


@dataclass(slots=True)
class Account:
    """Grows with its open allocations and its live jobs only. With a fault nothing is posted any more."""

    book: Book
    offset: int = -1
    """Of its newest entry."""
    totals: dict[str, dict[str, int]] = field(default_factory=dict)
    """By kind of entry."""
    since: dict[str, str] = field(default_factory=dict)
    """When each live job was accepted."""
    fault: str | None = None

    def enter(self, record: Record) -> Movement | None:
        """Posts the entry where it belongs; None for one that stands there already or does not fit."""
        if self.fault is not None:
            return None
        try:
            found = opened(record.value)
            if found.seq <= self.book.seq:
                return None  # the first record of a version counts
            check(found.data)
            m = moved(found.data)
            self._follow(found)
            post(self.book, found.data, m)
        except BadEntry as bad:
            self.fault = str(Fault(bad.rule, bad.detail, self.book.org_id, self.book.seq, place(record)))
            return None
        self.offset = record.offset
        moves = dict(zip(MOVED, (m.available, m.project, m.reserved, m.spent, m.external), strict=True))
        self._count(found.data, moves)
        return Movement(found.data | {"hash": found.hash}, moves, dict(record.headers).get("ce_actor", b"").decode())

    def _follow(self, found: Opened) -> None:
        """Moves the chain's head on. Raises BadEntry."""
        book, (data, _, seq, given) = self.book, found
        if seq != book.seq + 1 or data["prev_hash"] != book.head:
            raise BadEntry("chain", f"entry {seq} does not follow entry {book.seq}")
        try:
            hashed = entry_hash(book.head, data)
        except TypeError as error:
            raise BadEntry("hash", f"entry {seq} has none: {error}") from error
        if hashed != given:
            raise BadEntry("hash", f"entry {seq} is not what its hash says")
        book.seq, book.head, book.at = seq, given, data["at"]

    def _count(self, entry: Mapping[str, Any], moves: Mapping[str, int]) -> None:
        kind, job = entry["kind"], entry.get("job_id", "")
        if kind == "reserve":
            self.since[job] = entry["at"]
        elif kind in ("capture", "release"):
            self.since.pop(job, None)
        total = self.totals.get(kind)
        if total is None:
            total = self.totals[kind] = dict.fromkeys(COUNTED, 0)
        total["entries"] += 1
        total["uncollected"] += entry.get("uncollected", 0)
        for name, amount in moves.items():
            total[name] += amount

    def packed(self) -> bytes:
        book = self.book
        live = {job: [*one, self.since.get(job, book.at)] for job, one in book.live.items()}
        members = (book.seq, book.head, book.at, book.available, book.spent, book.external, book.allocations)
        return orjson.dumps([book.org_id, *members, live, self.offset, self.totals, self.fault])

    @classmethod
    def unpacked(cls, packed: bytes) -> Account:
        org_id, *members, live, offset, totals, fault = orjson.loads(packed)
        book = Book(org_id, *members)
        book.live = {job: Live(*one) for job, (*one, _) in live.items()}
        return cls(book, offset, totals, {job: at for job, (*_, at) in live.items()}, fault)


class Reading:
    """Takes a partition's records in order and enters the account's, until the log has come to a time.

    Inside a partition time never runs back, so that nothing is missed behind the first later record.
    """

    def __init__(self, account: Account, before: str = BEYOND, below: int = OFFSET_MAX) -> None:
        """Or to the offset `below`: what stands there is not entered any more."""
        self.account = account
        self.before = before
        self.below = below
        self.ended = False
        self.resume = 0
        """Nothing before this offset remains for whoever reads on."""
        self._key = account.book.org_id.encode()

    def take(self, records: Sequence[Record]) -> Iterator[Movement]:
        self.resume = max(records[0].offset, self.account.offset + 1)
        for record in records:
            if record.offset >= self.below:
                self.ended = True
                return
            if record.key != self._key:
                continue
            if time_of(record) >= self.before:
                self.ended = True
                return
            movement = self.account.enter(record)
            if movement is not None:
                self.resume = record.offset + 1
                yield movement
        last = records[-1]
        self.ended = last.offset + 1 >= self.below or (self.before != BEYOND and time_of(last) >= self.before)


def time_of(record: Record) -> str:
    """When the entry was decided; "" where it does not say."""
    try:
        return str(orjson.loads(record.value)["at"])
    except (KeyError, TypeError, ValueError):
        return ""
