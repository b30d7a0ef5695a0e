"""Books of a partition at moments of its log: from the last one before a time there is little left to be read.

Kafka's own index of times does not do for this: it goes by when a record was written, and the books go by when its
command came. A decider that was down for an hour writes an hour later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Protocol

from events.log.clients import Record
from projections.audit.account import Account, time_of
from projections.audit.books import Book

EVERY: Final = 20_000
"""Records between two snapshots."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of a partition: the books hold all before `offset`. By its last record it knows its own log again."""

    offset: int
    time: str
    last_offset: int
    last_digest: str


class Snapshots(Protocol):
    """Where they lie."""

    def newest(self, before: str) -> Snapshot | None:
        """The last one whose books hold nothing of that time or later."""
        ...

    def account(self, org_id: str, at: Snapshot) -> Account: ...

    def accounts(self, at: Snapshot) -> dict[str, Account]: ...

    def add(self, snapshot: Snapshot, changed: Sequence[Account]) -> None: ...


@dataclass(slots=True)
class Building:
    """Folds all books of a partition and leaves a snapshot every so many records."""

    into: Snapshots
    accounts: dict[str, Account] = field(default_factory=dict)
    every: int = EVERY
    _changed: set[str] = field(default_factory=set)
    _since: int = 0

    def take(self, records: Sequence[Record]) -> None:
        for record in records:
            org_id = (record.key or b"").decode(errors="replace")
            account = self.accounts.get(org_id)
            if account is None:
                account = self.accounts[org_id] = Account(Book(org_id))
            account.enter(record)
            self._changed.add(org_id)
        self._since += len(records)
        if self._since >= self.every:
            last = records[-1]
            snapshot = Snapshot(last.offset + 1, time_of(last), last.offset, digest(last))
            self.into.add(snapshot, [self.accounts[org_id] for org_id in self._changed])
            self._changed, self._since = set(), 0


def digest(record: Record) -> str:
    return sha256(record.value or b"").hexdigest()
