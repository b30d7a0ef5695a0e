"""What holds of a job for ever: one reserve, one end, refunds of at most what was captured, to where it was paid from.

Every job leaves 52 bytes in one of 256 temporary files when its money moves for the last time, and as many for each
refund. At the end each file is sorted and looked through: so a second life of a job years after the first one is found,
and nothing of ended jobs is kept in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import IO, Any, Final
from zlib import crc32

import numpy as np

from projections.audit.books import AVAILABLE, Book, Moved
from projections.audit.faults import Fault, Say

BUCKETS: Final = 256
BUFFER_BYTES: Final = 52 * 256
_ROW = Struct("<16sqqqIIHH")
_DTYPE: Final = np.dtype(
    [("job", "S16"), ("amount", "<i8"), ("seq", "<i8"), ("offset", "<i8"), ("org", "<u4"), ("account", "<u4"),
     ("partition", "<u2"), ("kind", "<u2")]
)  # fmt: skip
LIVE, ENDED, REFUNDED, REFUNDED_OF_CLOSED = range(4)


class Ever:
    """A context manager; its files end with it."""

    def __init__(self, topic: str, folder: Path | None = None) -> None:
        self._topic = topic
        self._within = folder
        self._stack = ExitStack()
        self._files: list[IO[bytes]] = []
        self._orgs: dict[str, int] = {}

    def __enter__(self) -> Ever:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-audit-", dir=self._within))
        for number in range(BUCKETS):
            path = Path(folder) / f"{number:02x}"
            self._files.append(self._stack.enter_context(path.open("w+b", buffering=BUFFER_BYTES)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def ended(self, entry: dict[str, Any], captured: int, source: str, partition: int, offset: int) -> None:
        """A capture, or a release with nothing captured, of what was paid from `source`."""
        self._row(entry["org_id"], entry["job_id"], captured, entry["seq"], source, partition, offset, ENDED)

    def refunded(self, book: Book, entry: dict[str, Any], m: Moved, partition: int, offset: int) -> None:
        """What goes to `available` though a project paid for it is right only while the allocation is closed."""
        closed = m.source == AVAILABLE and entry.get("project_id") not in book.allocations
        kind = REFUNDED_OF_CLOSED if closed else REFUNDED
        self._row(book.org_id, entry["job_id"], -m.spent, entry["seq"], m.source, partition, offset, kind)

    def _row(
        self, org: str, job: str, amount: int, seq: int, account: str, partition: int, offset: int, kind: int
    ) -> None:
        number = self._orgs.get(org)
        if number is None:
            number = self._orgs[org] = len(self._orgs)
        code = 0 if account == AVAILABLE else crc32(account.encode())
        job_hash = sha256(job.encode()).digest()[:16]
        self._files[job_hash[0]].write(_ROW.pack(job_hash, amount, seq, offset, number, code, partition, kind))

    def finish(self, books: Iterable[Book], say: Say) -> None:
        """`books` hold the jobs that live still."""
        for book in books:
            for job in book.live:
                self._row(book.org_id, job, 0, book.seq, AVAILABLE, 0, 0, LIVE)
        orgs = list(self._orgs)
        for file in self._files:
            file.seek(0)
            rows = np.frombuffer(file.read(), _DTYPE)
            if len(rows):
                self._look(rows[np.lexsort((rows["seq"], rows["job"]))], orgs, say)

    def _look(self, rows: Any, orgs: list[str], say: Say) -> None:
        """`rows` are sorted by job, then by sequence."""
        starts = np.flatnonzero(np.r_[True, rows["job"][1:] != rows["job"][:-1]])
        stops = np.r_[starts[1:], len(rows)]
        kinds, amounts = rows["kind"], rows["amount"]
        lives = np.add.reduceat(kinds <= ENDED, starts, dtype=np.int64)
        captured = np.add.reduceat(np.where(kinds == ENDED, amounts, 0), starts)
        refunded = np.add.reduceat(np.where(kinds >= REFUNDED, amounts, 0), starts)
        for index in np.flatnonzero((lives != 1) | (refunded > captured)):
            told = f"a job that has {lives[index]} lives, {captured[index]} captured and {refunded[index]} refunded"
            self._tell(Fault("once", told), rows[stops[index] - 1], orgs, say)
        paid_from = np.repeat(rows["account"][starts], stops - starts)
        astray = (kinds >= REFUNDED) & (amounts > 0) & (rows["account"] != paid_from) & (kinds != REFUNDED_OF_CLOSED)
        for row in rows[astray]:
            self._tell(Fault("source", "a refund that did not go back where it was paid from"), row, orgs, say)

    def _tell(self, fault: Fault, row: Any, orgs: list[str], say: Say) -> None:
        where = f"{self._topic}/{row['partition']}/{row['offset']}"
        say(replace(fault, org_id=orgs[row["org"]], seq=int(row["seq"]), place=where))
