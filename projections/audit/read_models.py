"""Read models against the log: every line that the API shows is the log's, and so is every balance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

from events.credits.chain import GENESIS, canonical
from projections.audit.books import Book
from projections.audit.faults import Fault, Say

LEDGER: Final = "ledger"
BALANCES: Final = "balances"
BALANCE_MEMBERS: Final = ("available", "reserved", "spent", "allocations")

Document = Mapping[str, Any]


class Ledgers:
    """Takes the documents of `ledger`, by organisation and sequence. Where one's chain leads from the first entry
    to the head of the log's, each of its lines is the log's.

    Memory: one organisation's head at a time.
    """

    def __init__(self, books: Mapping[str, Book], say: Say) -> None:
        self._books = books
        self._say = say
        self._missing = dict.fromkeys(org for org, book in books.items() if book.seq)
        self._org = ""
        self._seq, self._head = 0, GENESIS
        self.lines = 0

    def take(self, documents: Iterable[Document]) -> None:
        for document in documents:
            self._take(document)

    def _take(self, document: Document) -> None:
        org, seq = str(document.get("org_id")), document.get("seq")
        if org != self._org:
            self._close()
            self._org, self._seq, self._head = org, 0, GENESIS
            self._missing.pop(org, None)
        book = self._books.get(org)
        if not isinstance(seq, int):
            self._fault("read model", f"{document.get('_id')} is no line of a ledger", None)
            return
        if book is None or seq > book.seq:
            # What was written while the log was read is not looked at; an organisation without books is.
            if book is None:
                self._fault("read model", "a line of an organisation that has no entry on the log", seq)
            return
        self.lines += 1
        if seq != self._seq + 1:
            self._fault("read model", f"line {seq} follows {self._seq}", seq)
        entry = {name: value for name, value in document.items() if not name.startswith("_")}
        given = entry.pop("hash", None)
        if sha256(self._head.encode() + canonical(entry)).hexdigest() != given:
            self._fault("read model", "the line is not as it was hashed", seq)
        self._seq, self._head = seq, str(given)
        if seq == book.seq and document.get("_balances") != book.balances:
            self._fault(
                "read model", f"balances after it: {document.get('_balances')}, by the log {book.balances}", seq
            )

    def finish(self) -> None:
        self._close()
        for org in self._missing:
            self._org = org
            self._fault("read model", f"none of {self._books[org].seq} lines", None)

    def _close(self) -> None:
        book = self._books.get(self._org)
        if book is None:
            return
        if self._seq < book.seq:
            self._fault("read model", f"ends at line {self._seq}, the log at {book.seq}", self._seq)
        elif self._head != book.head:
            self._fault("read model", f"line {self._seq} has another hash than the log's", self._seq)

    def _fault(self, rule: str, detail: str, seq: int | None) -> None:
        self._say(Fault(rule, detail, self._org, seq, LEDGER))


def compare_balances(documents: Iterable[Document], books: Mapping[str, Book], say: Say) -> None:
    """What the API answers as balance now; one that is of a later entry than was read is not looked at."""
    left = dict.fromkeys(org for org, book in books.items() if book.seq)
    for document in documents:
        org = str(document.get("org_id"))
        left.pop(org, None)
        book = books.get(org)
        if book is None or document.get("_v", 0) > book.seq:
            continue
        shown = {name: document.get(name) for name in BALANCE_MEMBERS}
        if shown != book.balances:
            say(Fault("read model", f"shows {shown}, by the log {book.balances}", org, book.seq, BALANCES))
    for org in left:
        say(Fault("read model", "shows no balance", org, books[org].seq, BALANCES))
