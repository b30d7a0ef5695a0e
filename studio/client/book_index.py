"""The auditor's index: snapshots of books in a SQLite file. Losing it costs time only."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from projections.audit.account import BEYOND, Account
from projections.audit.books import Book
from projections.audit.snapshots import Snapshot

FORMAT: Final = 1
"""Of a packed account; others are not seen."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS snapshots (
  part TEXT NOT NULL, next INTEGER NOT NULL, time TEXT NOT NULL, last INTEGER NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY (part, next)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS books (
  part TEXT NOT NULL, org TEXT NOT NULL, next INTEGER NOT NULL, account BLOB NOT NULL,
  PRIMARY KEY (part, org, next)) WITHOUT ROWID;
"""


class BookIndex:
    """A context manager: the snapshots of one topic-partition. A book stands only where it has changed."""

    def __init__(self, path: Path, part: str) -> None:
        self._path = path
        self._part = f"{FORMAT}:{part}"

    def __enter__(self) -> BookIndex:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = self._open()
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            self._db = self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def _open(self) -> sqlite3.Connection:
        """Raises DatabaseError for a file that is none."""
        db = sqlite3.connect(self._path, timeout=10)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(_SCHEMA)
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def clear(self) -> None:
        """Forgets the partition."""
        with contextlib.closing(self._db.cursor()) as cursor, self._db:
            cursor.execute("DELETE FROM snapshots WHERE part = ?", (self._part,))
            cursor.execute("DELETE FROM books WHERE part = ?", (self._part,))

    def newest(self, before: str = BEYOND) -> Snapshot | None:
        query = "SELECT next, time, last, digest FROM snapshots WHERE part = ? AND time < ? ORDER BY next DESC LIMIT 1"
        found = self._db.execute(query, (self._part, before)).fetchone()
        return None if found is None else Snapshot(*found)

    def account(self, org_id: str, at: Snapshot) -> Account:
        query = "SELECT account FROM books WHERE part = ? AND org = ? AND next <= ? ORDER BY next DESC LIMIT 1"
        found = self._db.execute(query, (self._part, org_id, at.offset)).fetchone()
        return Account(Book(org_id)) if found is None else Account.unpacked(found[0])

    def accounts(self, at: Snapshot) -> dict[str, Account]:
        query = "SELECT org, account, max(next) FROM books WHERE part = ? AND next <= ? GROUP BY org"
        found = self._db.execute(query, (self._part, at.offset))
        return {org_id: Account.unpacked(packed) for org_id, packed, _ in found}

    def add(self, snapshot: Snapshot, changed: Sequence[Account]) -> None:
        rows = ((self._part, one.book.org_id, snapshot.offset, one.packed()) for one in changed)
        place = (self._part, snapshot.offset, snapshot.time, snapshot.last_offset, snapshot.last_digest)
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO books VALUES (?,?,?,?)", rows)
            self._db.execute("INSERT OR REPLACE INTO snapshots VALUES (?,?,?,?,?)", place)
