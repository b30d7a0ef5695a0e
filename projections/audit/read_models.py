"""Read models against the log: every line and balance that the API shows, of any time, is the log's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from events.credits.chain import canonical
from events.credits.signatures import verify
from projections.audit.books import MONEY_MAX, BadEntry, Book, moved, post
from projections.audit.ever import JOBS, Ever
from projections.audit.faults import Fault, Say
from projections.audit.heads import Heads
from projections.audit.verifier import Sums

LEDGER: Final = "ledger"
BALANCES: Final = "balances"
CHECKPOINTS: Final = "checkpoints"
USAGE: Final = "usage"
BALANCE_MEMBERS: Final = ("available", "reserved", "spent", "allocations")

Document = Mapping[str, Any]


class Shown(NamedTuple):
    """What a collection says of an account after some entry."""

    collection: str
    hash: Any
    balances: Mapping[str, Any]


class Ahead:
    """What is shown of entries that were not on the log when it was read: the log, read on, must come to the same.

    Memory: two of each organisation at most.
    """

    def __init__(self, books: Mapping[str, Book], say: Say) -> None:
        self._books = books
        self._say = say
        self._waiting: dict[str, dict[int, list[Shown]]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def expect(self, org_id: str, seq: int, shown: Shown) -> None:
        self._waiting.setdefault(org_id, {}).setdefault(seq, []).append(shown)

    def entry(self, book: Book) -> None:
        """Called for every entry that is read on."""
        by_seq = self._waiting.get(book.org_id)
        if by_seq is None:
            return
        for shown in by_seq.pop(book.seq, ()):
            compare_one(book, shown, self._say)
        if not by_seq:
            del self._waiting[book.org_id]

    def finish(self) -> None:
        for org, by_seq in self._waiting.items():
            for seq, many in by_seq.items():
                book = self._books.get(org)
                told = f"shows entry {seq}, the log ends at {0 if book is None else book.seq}"
                for shown in many:
                    self._say(Fault("read model", told, org, seq, shown.collection))


def compare_one(book: Book, shown: Shown, say: Say) -> None:
    if shown.balances != book.balances:
        told = f"shows {dict(shown.balances)}, by the log {book.balances}"
        say(Fault("read model", told, book.org_id, book.seq, shown.collection))
    elif shown.hash != book.head:
        told = f"shows the hash {shown.hash}, the log has {book.head}"
        say(Fault("read model", told, book.org_id, book.seq, shown.collection))


class Ledgers:
    """Takes the documents of `ledger`, by organisation and sequence. Where one's chain leads from the first entry
    through the head of the log's, each of its lines is the log's; the balances after each follow from the lines.

    Memory: one organisation's book at a time.
    """

    def __init__(self, books: Mapping[str, Book], ahead: Ahead, say: Say) -> None:
        self._books = books
        self._ahead = ahead
        self._say = say
        self._missing = dict.fromkeys(org for org, book in books.items() if book.seq)
        self._shown = Book("")
        self._reserved = 0
        self._lost = False
        """Whether a line could not be followed: what is said after it of balances would be said again and again."""
        self.lines = 0

    def take(self, documents: Iterable[Document]) -> None:
        for document in documents:
            self._take(document)

    def _take(self, document: Document) -> None:
        org, seq = str(document.get("org_id")), document.get("seq")
        if org != self._shown.org_id:
            self._close()
            self._shown, self._reserved, self._lost = Book(org), 0, False
            self._missing.pop(org, None)
        if not isinstance(seq, int):
            self._fault(f"{document.get('_id')} is no line of a ledger", None)
            return
        self.lines += 1
        if seq != self._shown.seq + 1:
            self._fault(f"line {seq} follows {self._shown.seq}", seq)
        entry = {name: value for name, value in document.items() if not name.startswith("_")}
        self._follow(entry, seq)
        if not self._lost and document.get("_balances") != (left := self._balances()):
            self._fault(f"balances after it: {document.get('_balances')}, by the log {left}", seq)
        book = self._books.get(org)
        if book is not None and seq == book.seq and self._shown.head != book.head:
            self._fault(f"line {seq} has another hash than the log's", seq)

    def _follow(self, entry: dict[str, Any], seq: int) -> None:
        """Moves hash and balances on."""
        given = entry.pop("hash", None)
        try:
            hashed = sha256(self._shown.head.encode() + canonical(entry)).hexdigest() == given
            m = moved(entry | {"postings": [_plain(one) for one in entry["postings"]]})
            post(self._shown, entry, m)
            self._reserved += m.reserved
        except (BadEntry, KeyError, TypeError, ValueError, AttributeError) as error:
            hashed = False
            self._fault(f"no book takes the line: {error!r}", seq)
        if not hashed:
            self._lost = True
            self._fault("the line is not as it was hashed", seq)
        self._shown.seq, self._shown.head = seq, str(given)

    def _balances(self) -> dict[str, Any]:
        shown = self._shown
        return {
            "available": shown.available,
            "reserved": self._reserved,
            "spent": shown.spent,
            "allocations": shown.allocations,
        }

    def finish(self) -> None:
        self._close()
        for org in self._missing:
            self._say(Fault("read model", f"none of {self._books[org].seq} lines", org, None, LEDGER))

    def _close(self) -> None:
        shown = self._shown
        book = self._books.get(shown.org_id)
        known = 0 if book is None else book.seq
        if shown.seq < known:
            self._fault(f"ends at line {shown.seq}, the log at {known}", shown.seq)
        elif shown.seq > known:
            self._ahead.expect(shown.org_id, shown.seq, Shown(LEDGER, shown.head, self._balances()))

    def _fault(self, detail: str, seq: int | None) -> None:
        self._say(Fault("read model", detail, self._shown.org_id, seq, LEDGER))


def _plain(posting: Mapping[str, Any]) -> dict[str, Any]:
    """MongoDB has a type of its own for large integers."""
    amount = posting["amount"]
    return {"account": posting["account"], "amount": int(amount) if isinstance(amount, int) else amount}


def compare_balances(documents: Iterable[Document], books: Mapping[str, Book], ahead: Ahead, say: Say) -> None:
    """What the API answers as balance now."""
    left = dict.fromkeys(org for org, book in books.items() if book.seq)
    for document in documents:
        org, version = str(document.get("org_id")), document.get("_v")
        left.pop(org, None)
        shown = Shown(BALANCES, document.get("hash"), {name: document.get(name) for name in BALANCE_MEMBERS})
        book = books.get(org) or Book(org)
        if isinstance(version, int) and version > book.seq:
            ahead.expect(org, int(version), shown)
        else:
            compare_one(book, shown, say)
    for org in left:
        say(Fault("read model", "shows no balance", org, books[org].seq, BALANCES))


def compare_checkpoints(documents: Iterable[Document], heads: Heads, say: Say) -> None:
    """Each is as it was signed by a key of the log's, and the newest of the log is among them."""
    newest: dict[str, int] = {}
    for document in documents:
        signed = {name: value for name, value in document.items() if not name.startswith("_")}
        org, seq, key = str(signed.get("org_id")), signed.get("seq"), heads.keys.get(str(signed.get("key_id")))
        try:
            holds = key is not None and isinstance(seq, int) and verify(signed, key)
        except (TypeError, ValueError):
            holds = False
        if not holds or not isinstance(seq, int):
            told = f"{document.get('_id')} is not as it was signed"
            say(Fault("read model", told, org, seq if isinstance(seq, int) else None, CHECKPOINTS))
        else:
            newest[org] = max(seq, newest.get(org, 0))
    for org, seq in heads.recorded.items():
        if newest.get(org, 0) < seq:
            say(Fault("read model", f"shows checkpoints up to {newest.get(org, 0)}", org, seq, CHECKPOINTS))


def compare_jobs(documents: Iterable[Document], ever: Ever, say: Say) -> None:
    """Of each job what was reserved, captured and refunded; `Ever` has all jobs in the end."""
    for document in documents:
        org, job = str(document.get("org_id")), str(document.get("job_id"))
        amounts = document.get("reserved"), document.get("captured"), document.get("refunded", 0)
        reserved, captured, refunded = amounts
        if not isinstance(reserved, int) or not isinstance(captured, int | None) or not isinstance(refunded, int):
            say(Fault("read model", f"{job} has amounts that are none: {amounts}", org, None, JOBS))
        elif max(map(abs, (reserved, captured or 0, refunded))) > MONEY_MAX:
            say(Fault("read model", f"{job} has amounts beyond all: {amounts}", org, None, JOBS))
        else:
            ever.shown(org, job, reserved, captured, refunded)


def compare_usage(shown: Mapping[str, Sums], before: Mapping[str, Sums], now: Mapping[str, Sums], say: Say) -> None:
    """The sums over all days, models and projects: between what they were by the log when reading began, and are now.

    How they spread over days, models and projects is not compared.
    """
    nothing = Sums(0, 0)
    for org in sorted({*shown, *now}):
        least, most, said = before.get(org, nothing), now.get(org, nothing), shown.get(org, nothing)
        if not all(low <= one <= high for low, one, high in zip(least, said, most, strict=True)):
            told = f"shows {said._asdict()}, by the log {most._asdict()}"
            say(Fault("read model", told, org, None, USAGE))
