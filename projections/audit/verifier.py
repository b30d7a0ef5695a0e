"""Verifies the books, record by record: chain, sums, signs, jobs and checkpoints. Nothing but the log is believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from events.credits.chain import canonical
from events.log.position import part
from events.topics import EVENTS_CHECKPOINTS, EVENTS_CREDITS, EVENTS_JOBS
from projections.audit.books import BadEntry, Book, Live, Moved, clamp_holds, moved, post, shape_holds
from projections.audit.entries import ENDS, JOB_KINDS, Opened, check, check_envelope, opened
from projections.audit.ever import Ever
from projections.audit.faults import Fault, Say, place
from projections.audit.heads import KEY, Heads, Noted
from projections.audit.pairs import Pairs
from projections.audit.usual import Usual

if TYPE_CHECKING:
    from events.log.clients import Record


@dataclass(frozen=True, slots=True)
class Topics:
    """Where the three kinds of records stand; an auditor may have them under other names."""

    credits: str = EVENTS_CREDITS
    jobs: str = EVENTS_JOBS
    checkpoints: str = EVENTS_CHECKPOINTS

    @property
    def all(self) -> tuple[str, str, str]:
        return self.checkpoints, self.jobs, self.credits


class Sums(NamedTuple):
    captured: int
    refunded: int


class Verifier:
    """Takes the log's records, those of one partition in their order, and says every fault that it finds.

    Memory: a book of each organisation with its live jobs, and what `Pairs` and `Heads` wait for. Ended jobs leave
    their rows with `Ever`, on disk.
    """

    def __init__(
        self,
        say: Say,
        ever: Ever,
        topics: Topics | None = None,
        noted: Noted | None = None,
        org_id: str | None = None,
        *,
        by_form: bool = True,
    ) -> None:
        """With `org_id` all other organisations' records are passed by. Without `by_form` every entry is looked at rule
        by rule, however usual it is: that finds the same, in twice the time."""
        self.topics = topics or Topics()
        self.books: dict[str, Book] = {}
        self.pairs = Pairs(say, ever)
        self.heads = Heads(say, noted)
        self.entries = 0
        self.seen: dict[str, int] = {}
        """Of each partition, what follows the newest of its records."""
        self.after: Callable[[Book], None] | None = None
        """Called with the book after each entry, where somebody waits for one."""
        self.ever = ever
        self._say = say
        self._by_form = by_form
        self._usual = Usual(self.books, self.heads, self.pairs, ever)
        self._refunded: Counter[str] = Counter()
        self._key = None if org_id is None else org_id.encode()

    def learn_keys(self, records: Sequence[Record]) -> Sequence[Record]:
        """The signing keys among records of `events.checkpoints`: to be known before any checkpoint is taken."""
        keys = [record for record in records if ("ce_type", KEY) in record.headers]
        for record in keys:
            self.heads.learn(record)
        return keys

    def hold(self, checkpoint: Mapping[str, Any], name: str) -> None:
        """A checkpoint that the auditor holds; one of another organisation than is asked about is passed by."""
        if self._key is None or checkpoint.get("org_id") == self._key.decode():
            self.heads.hold(checkpoint, name)

    def hold_all(self, held: Mapping[str, Mapping[str, Any]]) -> None:
        """By the names of their files."""
        for name, checkpoint in held.items():
            self.hold(checkpoint, name)

    def take(self, records: Sequence[Record]) -> Sequence[Record]:
        """Records of one topic's partition, in order. Returns those that are of an organisation asked about."""
        if records:
            self.seen[part(records[-1].topic, records[-1].partition)] = records[-1].offset + 1
        if self._key is not None:
            records = [record for record in records if record.key == self._key]
        if not records:
            return ()
        topic = records[0].topic
        if topic == self.topics.credits:
            self._entries(records)
        elif topic == self.topics.jobs:
            for record in records:
                self.pairs.event(record)
        elif topic == self.topics.checkpoints:
            for record in records:
                self.heads.take(record, self.books.get((record.key or b"").decode(errors="replace")))
        else:
            self._say(Fault("topic", f"nothing is known of the topic {topic}", place=place(records[0])))
        return records

    def take_again(self, records: Sequence[Record]) -> None:
        """Entries of a second reading, for the checkpoints that came long after what they sign."""
        for record in records:
            if record.key is not None and record.key.decode(errors="replace") in self.heads.late:
                with suppress(BadEntry):  # said when it was taken
                    entry = opened(record.value)
                    self.heads.entry_again(entry.org_id, entry.seq, entry.hash, str(entry.data.get("at")))

    @property
    def sums(self) -> dict[str, Sums]:
        """What each organisation's jobs have captured in all, and what was refunded of it."""
        refunded = self._refunded
        return {org: Sums(book.spent + refunded[org], refunded[org]) for org, book in self.books.items()}

    @property
    def settled(self) -> bool:
        """Whether nothing waits for what may stand further on."""
        return not self.pairs.waiting and not self.heads.waiting

    def finish(self) -> None:
        """To be called when all was taken."""
        if self._key is not None and (org := self._key.decode()) not in self.books:
            self._say(Fault("no entries", "there are no books of this organisation", org, place=self.topics.credits))
        self.pairs.finish()
        self.ever.finish(self.books.values(), self._say)
        self.heads.finish({org: book.seq for org, book in self.books.items()})

    def _entries(self, records: Sequence[Record]) -> None:
        self.entries += len(records)
        if not self._by_form or self.after is not None:
            for record in records:
                self._entry(record)
            return
        enter = self._usual.enter
        for record in records:
            if not enter(record):
                self._entry(record)

    def _entry(self, record: Record) -> None:
        try:
            entry = opened(record.value)
        except BadEntry as bad:
            org = (record.key or b"").decode(errors="replace")
            self._say(Fault(bad.rule, bad.detail, org, place=place(record)))
            return
        headers, m, command = dict(record.headers), None, b""
        try:
            check(entry.data)
            m = moved(entry.data)
            command = check_envelope(entry.data, headers)
        except BadEntry as bad:
            self._say(Fault(bad.rule, bad.detail, entry.org_id, entry.seq, place(record)))
        book = self._chain(record, headers, entry)
        if book is not None and m is not None:
            self._post(book, entry.data, m, command, record)

    def _chain(self, record: Record, headers: dict[str, bytes], entry: Opened) -> Book | None:
        """The book that the entry goes into, with its head moved on; None for one that stands there already."""
        data, org, seq, given = entry
        book = self.books.get(org)
        if book is None:
            book = self.books[org] = Book(org)
        if seq != book.seq + 1:
            rule, told = ("gap", "follows") if seq > book.seq + 1 else ("repeated", "comes again after")
            self._say(Fault(rule, f"entry {seq} {told} {book.seq}", org, seq, place(record)))
            if seq <= book.seq:
                return None
        elif data["prev_hash"] != book.head:
            self._say(
                Fault("chain", f"it follows {data['prev_hash']}, the head is {book.head}", org, seq, place(record))
            )
        if (found := _hash_of(data)) != given:
            self._say(Fault("hash", f"it says {given}, its data give {found}", org, seq, place(record)))
        who = org.encode()
        one = len(headers) == len(record.headers) and headers.get("ce_streamversion") == b"%d" % seq
        if not (one and record.key == headers.get("ce_subject") == who):
            self._say(Fault("envelope", "key, subject or version are not the entry's", org, seq, place(record)))
        at = str(data.get("at"))
        if at < book.at:
            self._say(Fault("time", f"it is of {at}, the one before of {book.at}", org, seq, place(record)))
        book.seq, book.head, book.at = seq, given, at
        self.heads.entry(org, seq, given, at)
        return book

    def _post(self, book: Book, entry: dict[str, Any], m: Moved, command: bytes, record: Record) -> None:
        kind, job = entry["kind"], entry.get("job_id")
        if not shape_holds(kind, m):
            self._say(Fault("shape", f"a {kind} does not move this", book.org_id, book.seq, place(record)))
        live = book.live.get(job) if job is not None and kind in ENDS else None
        try:
            post(book, entry, m)
        except BadEntry as bad:
            self._say(Fault(bad.rule, bad.detail, book.org_id, book.seq, place(record)))
        if not clamp_holds(book, entry, m):
            told = "something is left uncollected although there was more to be moved"
            self._say(Fault("uncollected", told, book.org_id, book.seq, place(record)))
        if kind in JOB_KINDS:
            self.pairs.entry(entry, m, command, record)
        if kind in ENDS:
            live = live or Live(-m.reserved, m.source, entry.get("project_id"))
            self.ever.ended(book.org_id, entry["job_id"], m.spent, entry["seq"], live, record)
        elif kind != "reserve":
            self._refunded[book.org_id] -= m.spent
            self.ever.entered(book, entry, m, command, record)
        if self.after is not None:
            self.after(book)
            if job is not None:
                self.ever.since(book.org_id, job)


def _hash_of(data: dict[str, Any]) -> str:
    try:
        return sha256(data["prev_hash"].encode() + canonical(data)).hexdigest()
    except (TypeError, ValueError) as error:
        return f"none: {error}"
