"""What holds for ever, of jobs and of what operators enter: rows on disk, looked through when all was read.

A job has one reserve and one end; after it refunds of at most what was captured, to where it was paid from; its events
are numbered without a gap. An operator's entry has an id and a command of its own. Rows of 72 bytes go to 256 temporary
files, once there are many; at the end each file is sorted and looked through. So a second life of a job years after the
first one is found, and nothing of ended jobs is kept in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from projections.audit.books import AVAILABLE, Book, Live, Moved
from projections.audit.faults import Fault, Say

if TYPE_CHECKING:
    from events.log.clients import Record

BUCKETS: Final = 256
_ROW: Final = Struct("<16sqqqqQQIHH")
KEPT_ROWS: Final = 65_536
"""So many are in memory before they go to files: a short history makes none."""
_DTYPE: Final = np.dtype(
    [("id", "S16"), ("amount", "<i8"), ("reserved", "<i8"), ("seq", "<i8"), ("offset", "<i8"), ("account", "<u8"),
     ("project", "<u8"), ("org", "<u4"), ("partition", "<u2"), ("kind", "<u2")]
)  # fmt: skip
_SHA256: Final = sha256()
"""A copy of it is made in half the time of a new one."""
LIVE, ENDED, REFUNDED, REFUNDED_OF_CLOSED, CLAMPED, CLAMPED_OF_CLOSED = range(6)
"""Of a job's money; a clamped refund left something uncollected."""
END, AFTER = 6, 7
"""Of a job's events: its end, and what came after it; `seq` is the version in its stream."""
ENTRY, COMMAND = 8, 9
"""What an operator's entry has for itself: `id` is that of the entry or of its command."""
SHOWN, SINCE = 10, 11
"""Of a job in a read model, and that its money has moved since that was read."""
CALLED_OFF = 12
"""Of a job that was never accepted: it has no money."""
JOBS: Final = "jobs"
"""The read model of that name."""
NOT_YET: Final = -1
"""What a job has captured that has not ended."""


class Ever:
    """A context manager; its files end with it."""

    def __init__(self, credits_: str, jobs: str, folder: Path | None = None, kept_rows: int = KEPT_ROWS) -> None:
        """With the names of the topics that the rows come from."""
        self._topics = credits_, jobs
        self._within = folder
        self._kept_bytes = kept_rows * _ROW.size
        self._stack = ExitStack()
        self._folder = Path()
        self._rows = bytearray()
        self._files: list[BinaryIO] = []
        """By the first byte of the rows' ids."""
        self._orgs: dict[str, int] = {}
        self._compared = False

    def __enter__(self) -> Ever:
        folder = tempfile.TemporaryDirectory(prefix="studio-audit-", dir=self._within)
        self._folder = Path(self._stack.enter_context(folder))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def ended(self, org: str, job: str, spent: int, seq: int, live: Live, record: Record) -> None:
        """A capture, or a release with nothing spent, of what `live` had set aside."""
        amount, source, project = live
        self._row(org, job, ENDED, record, spent, amount, seq, _code(source), _code(project))

    def entered(self, book: Book, entry: dict[str, Any], m: Moved, command: bytes, record: Record) -> None:
        """What an operator has entered. A refund to `available` though a project paid is right only while the
        allocation is closed: then its row has the account that it would have gone to."""
        org, seq = book.org_id, entry["seq"]
        self._row(org, f"entry {entry['entry_id']}", ENTRY, record, seq=seq)
        self._row(org, f"command {command.decode(errors='replace')}", COMMAND, record, seq=seq)
        if entry["kind"] != "refund":
            return
        project = entry.get("project_id")
        closed = m.source == AVAILABLE and project is not None and project not in book.allocations
        paid = Live(0, f"project:{project}" if closed else m.source, project)
        kind = (CLAMPED if "uncollected" in entry else REFUNDED) + closed
        self._job(org, entry["job_id"], -m.spent, seq, paid, kind, record)

    def event(self, org: str, job: str, version: int, *, end: bool, record: Record) -> None:
        """A job's end, or an event after it."""
        self._row(org, f"events {job}", END if end else AFTER, record, seq=version)

    def called_off(self, org: str, job: str, record: Record) -> None:
        """A stream that begins and ends with the word that its job is not wanted any more."""
        self.event(org, job, 1, end=True, record=record)
        self._row(org, job, CALLED_OFF, record)

    def shown(self, org: str, job: str, reserved: int, captured: int | None, refunded: int) -> None:
        """What a read model says of a job. Once it is called, all jobs must be shown."""
        self._compared = True
        amount = NOT_YET if captured is None else captured
        self._row(org, job, SHOWN, None, amount, reserved, seq=refunded)

    def since(self, org: str, job: str) -> None:
        """The job's money moves after the read model was read: nothing can be said of what that shows."""
        self._row(org, job, SINCE, None)

    def _job(self, org: str, job: str, amount: int, seq: int, live: Live, kind: int, record: Record | None) -> None:
        self._row(org, job, kind, record, amount, live.amount, seq, _code(live.source), _code(live.project))

    def _row(
        self,
        org: str,
        name: str,
        kind: int,
        record: Record | None,
        amount: int = 0,
        reserved: int = 0,
        seq: int = 0,
        account: int = 0,
        project: int = 0,
    ) -> None:
        number = self._orgs.get(org)
        if number is None:
            number = self._orgs[org] = len(self._orgs)
        hashed = _SHA256.copy()
        hashed.update(name.encode())
        id_ = hashed.digest()  # of which the row takes the first half
        partition, offset = (0, 0) if record is None else (record.partition, record.offset)
        self._rows += _ROW.pack(id_, amount, reserved, seq, offset, account, project, number, partition, kind)
        if len(self._rows) >= self._kept_bytes:
            self._spread()

    def _spread(self) -> None:
        """Each row to the file of its id's first byte."""
        if not self._files:
            paths = [self._folder / f"{bucket:02x}" for bucket in range(BUCKETS)]
            self._files = [self._stack.enter_context(path.open("w+b", buffering=0)) for path in paths]
        buckets = np.frombuffer(self._rows, np.uint8)[:: _ROW.size]
        order = np.argsort(buckets, kind="stable")
        rows, stops = np.frombuffer(self._rows, _DTYPE)[order], np.cumsum(np.bincount(buckets, minlength=BUCKETS))
        for file, start, stop in zip(self._files, np.r_[0, stops], stops, strict=False):
            file.write(rows[start:stop].tobytes())
        self._rows = bytearray()

    def finish(self, books: Iterable[Book], say: Say) -> None:
        """`books` hold the jobs that live still."""
        for book in books:
            for job, live in book.live.items():
                self._job(book.org_id, job, 0, book.seq + 1, live, LIVE, None)
        told = _Telling(self._topics, list(self._orgs), say)
        if not self._files:
            self._look(np.frombuffer(self._rows, _DTYPE), told)
            return
        self._spread()
        for file in self._files:
            file.seek(0)
            self._look(np.frombuffer(file.read(), _DTYPE), told)

    def _look(self, rows: Any, told: _Telling) -> None:
        """Through all rows of some things."""
        rows = rows[np.lexsort((rows["seq"], rows["org"], rows["id"]))]
        kinds = rows["kind"]
        money = kinds <= CLAMPED_OF_CLOSED
        looks = [(_money, money), (_events, (kinds == END) | (kinds == AFTER))]
        looks.append((_ids, (kinds == ENTRY) | (kinds == COMMAND)))
        off = kinds == CALLED_OFF
        if off.any():
            looks.append((_called_off, money | off))
        if self._compared:
            looks.append((_shown, money | (kinds == SHOWN) | (kinds == SINCE)))
        for look, wanted in looks:
            if wanted.any():
                look(rows[wanted], told)


class _Telling:
    def __init__(self, topics: tuple[str, str], orgs: list[str], say: Say) -> None:
        self._credits, self._jobs = topics
        self._orgs = orgs
        self._say = say

    def each(self, rule: str, detail: str, rows: Any) -> None:
        for row in rows:
            self.one(Fault(rule, detail), row)

    def one(self, fault: Fault, row: Any) -> None:
        if row["kind"] == SHOWN:
            self._say(replace(fault, org_id=self._orgs[row["org"]], place=JOBS))
            return
        of_job = row["kind"] in (END, AFTER, CALLED_OFF)
        where = f"{self._jobs if of_job else self._credits}/{row['partition']}/{row['offset']}"
        seq = None if of_job else int(row["seq"])
        self._say(replace(fault, org_id=self._orgs[row["org"]], seq=seq, place=where))


def _groups(rows: Any) -> tuple[Any, Any]:
    """Where the rows of one organisation's thing begin and stop."""
    begins = (rows["id"][1:] != rows["id"][:-1]) | (rows["org"][1:] != rows["org"][:-1])
    starts = np.flatnonzero(np.r_[True, begins])
    return starts, np.r_[starts[1:], len(rows)]


def _money(rows: Any, told: _Telling) -> None:
    """By job, in the order of the entries."""
    starts, stops = _groups(rows)
    kinds, amounts, numbers = rows["kind"], rows["amount"], np.arange(len(rows))
    refund = kinds >= REFUNDED
    lives = np.add.reduceat(~refund, starts, dtype=np.int64)
    captured = np.add.reduceat(np.where(kinds == ENDED, amounts, 0), starts)
    back = np.where(refund, amounts, 0)
    refunded = np.add.reduceat(back, starts)
    for index in np.flatnonzero((lives != 1) | (refunded > captured)):
        detail = f"a job that has {lives[index]} lives, {captured[index]} captured and {refunded[index]} refunded"
        told.one(Fault("once", detail), rows[stops[index] - 1])
    sizes = stops - starts
    life = np.repeat(np.maximum.reduceat(np.where(refund, -1, numbers), starts), sizes)
    refund &= life >= 0
    told.each("too early", "a refund before the job had ended", rows[refund & (numbers < life)])
    paid_from, account = rows["account"][life], rows["account"]
    of_closed = (kinds == REFUNDED_OF_CLOSED) | (kinds == CLAMPED_OF_CLOSED)
    right = (account == paid_from) | (of_closed & (paid_from == 0))
    told.each("source", "a refund that did not go back where it was paid from", rows[refund & (amounts > 0) & ~right])
    told.each("project", "a refund of another project's job", rows[refund & (rows["project"] != rows["project"][life])])
    so_far = np.cumsum(back)
    so_far -= np.repeat(so_far[starts] - back[starts], sizes)
    short = (kinds >= CLAMPED) & (so_far != np.repeat(captured, sizes))
    told.each("uncollected", "a refund left something uncollected although not all was given back", rows[short])


def _events(rows: Any, told: _Telling) -> None:
    """By job, in the order of their versions."""
    starts, _ = _groups(rows)
    first = np.zeros(len(rows), bool)
    first[starts] = True
    told.each("not live", "an event of a job that had not ended", rows[first & (rows["kind"] == AFTER)])
    told.each("once", "the job has ended before", rows[~first & (rows["kind"] == END)])
    follows = np.r_[0, np.diff(rows["seq"])] == 1
    told.each("job version", "an event that does not follow the job's last one", rows[~first & ~follows])


def _ids(rows: Any, told: _Telling) -> None:
    starts, _ = _groups(rows)
    again = np.ones(len(rows), bool)
    again[starts] = False
    told.each("entered twice", "an operator's entry under an id or a command of an earlier one", rows[again])


def _called_off(rows: Any, told: _Telling) -> None:
    """By job: the word that none will be accepted, and money all the same."""
    starts, _ = _groups(rows)
    off = rows["kind"] == CALLED_OFF
    times, all_ = np.add.reduceat(off, starts, dtype=np.int64), np.diff(np.r_[starts, len(rows)])
    with_money = np.repeat((times > 0) & (times < all_), all_)
    told.each("called off", "a job that will not be accepted, and has money", rows[off & with_money])


def _shown(rows: Any, told: _Telling) -> None:
    """By job: its money and what is shown of it."""
    starts, stops = _groups(rows)
    kinds, amounts = rows["kind"], rows["amount"]

    def total(of: Any, values: Any) -> Any:
        return np.add.reduceat(np.where(of, values, 0), starts)

    life, shown, refund = kinds <= ENDED, kinds == SHOWN, (kinds >= REFUNDED) & (kinds <= CLAMPED_OF_CLOSED)
    lives, times = total(life, 1), total(shown, 1)
    captured = total(kinds == ENDED, amounts) + total(kinds == LIVE, NOT_YET)
    same = (total(shown, amounts) == captured) & (total(shown, rows["reserved"]) == total(life, rows["reserved"]))
    same &= total(shown, rows["seq"]) == total(refund, amounts)
    wrong = (total(kinds == SINCE, 1) == 0) & (((lives > 0) != (times > 0)) | (times > 1) | ((times == 1) & ~same))
    for index in np.flatnonzero(wrong):
        mine = slice(starts[index], stops[index])
        one = rows[mine][~shown[mine]][-1] if lives[index] else rows[mine][-1]
        digest = bytes(one["id"]).hex()
        detail = f"the job whose id has the SHA-256 {digest}… is shown {times[index]} times, or with other amounts"
        told.one(Fault("read model", detail), one)


@lru_cache(maxsize=4096)
def _code(name: str | None) -> int:
    """Of an account or a project; 0 for `available` and for none."""
    if name is None or name == AVAILABLE:
        return 0
    return int.from_bytes(sha256(name.encode()).digest()[:8], "little")
