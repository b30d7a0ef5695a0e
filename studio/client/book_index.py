"""The auditor's index: snapshots of books in a SQLite file. Losing it costs time only."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final

from projections.audit.account import BEYOND, Account
from projections.audit.books import Book
from projections.audit.snapshots import Snapshot

FORMAT: Final = 3
"""A file of another one is made anew."""
_SCHEMA: Final = f"""
DROP TABLE IF EXISTS snapshots;
DROP TABLE IF EXISTS books;
CREATE TABLE snapshots (
  part TEXT NOT NULL, next INTEGER NOT NULL, time TEXT NOT NULL, last INTEGER NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY (part, next)) WITHOUT ROWID;
CREATE TABLE books (
  part TEXT NOT NULL, org TEXT NOT NULL, next INTEGER NOT NULL, account BLOB NOT NULL, digest BLOB NOT NULL,
  PRIMARY KEY (part, org, next)) WITHOUT ROWID;
PRAGMA user_version={FORMAT};
"""


class Damaged(Exception):
    """A stored book is not what was written."""


class BookIndex:
    """A context manager: the snapshots of one topic-partition. A book stands only where it has changed.

    Each has a digest with its organisation and place, against a disk's and an editor's accidents; whoever may write
    the file may write that too, and an auditor who does not trust the file reads without it.
    """

    def __init__(self, path: Path, part: str) -> None:
        self._path = path
        self._part = part

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
            if db.execute("PRAGMA user_version").fetchone() != (FORMAT,):
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
        """Raises Damaged."""
        query = "SELECT next, account, digest FROM books WHERE part = ? AND org = ? AND next <= ? ORDER BY next DESC"
        found = self._db.execute(f"{query} LIMIT 1", (self._part, org_id, at.offset)).fetchone()
        return Account(Book(org_id)) if found is None else self._read(org_id, *found)

    def accounts(self, at: Snapshot) -> dict[str, Account]:
        """Raises Damaged."""
        query = "SELECT org, max(next), account, digest FROM books WHERE part = ? AND next <= ? GROUP BY org"
        found = self._db.execute(query, (self._part, at.offset))
        return {org_id: self._read(org_id, *row) for org_id, *row in found}

    def add(self, snapshot: Snapshot, changed: Sequence[Account]) -> None:
        rows = [(self._part, one.book.org_id, snapshot.offset, one.packed()) for one in changed]
        sealed = ((*row, self._digest(*row[1:])) for row in rows)
        place = (self._part, snapshot.offset, snapshot.time, snapshot.last_offset, snapshot.last_digest)
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO books VALUES (?,?,?,?,?)", sealed)
            self._db.execute("INSERT OR REPLACE INTO snapshots VALUES (?,?,?,?,?)", place)

    def _read(self, org_id: str, offset: int, packed: object, stored: object) -> Account:
        if not isinstance(packed, bytes) or self._digest(org_id, offset, packed) != stored:
            raise Damaged(f"the book of {org_id} at {offset}")
        return Account.unpacked(packed)

    def _digest(self, org_id: str, offset: int, packed: bytes) -> bytes:
        return sha256(b"\0".join((self._part.encode(), org_id.encode(), str(offset).encode(), packed))).digest()
