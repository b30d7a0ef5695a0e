"""What holds of a job for ever: one reserve, one end, refunds of at most what was captured.

Every entry of a job leaves 48 bytes in one of 256 temporary files, by its job. At the end each file is sorted and
looked through: so a second end years after the first one is found, and nothing of ended jobs is kept in memory.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import ExitStack
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import IO, Any, Final

import numpy as np

from projections.audit.faults import Fault, Say

BUCKETS: Final = 256
BUFFER_BYTES: Final = 48 * 256
_ROW = Struct("<16sqqqIHH")
_DTYPE: Final = np.dtype(
    [("job", "S16"), ("amount", "<i8"), ("seq", "<i8"), ("offset", "<i8"), ("org", "<u4"), ("partition", "<u2"),
     ("kind", "<u2")]
)  # fmt: skip
RESERVE, CAPTURE, RELEASE, REFUND = range(4)
CODES: Final = {"reserve": RESERVE, "capture": CAPTURE, "release": RELEASE, "refund": REFUND}


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

    def add(self, entry: dict[str, Any], amount: int, partition: int, offset: int) -> None:
        """`amount` is what was captured or refunded."""
        org = self._orgs.setdefault(entry["org_id"], len(self._orgs))
        job = hashlib.blake2b(entry["job_id"].encode(), digest_size=16).digest()
        row = _ROW.pack(job, amount, entry["seq"], offset, org, partition, CODES[entry["kind"]])
        self._files[job[0]].write(row)

    def finish(self, say: Say) -> None:
        orgs = list(self._orgs)
        for file in self._files:
            file.seek(0)
            rows = np.frombuffer(file.read(), _DTYPE)
            if len(rows):
                self._look(rows[np.lexsort((rows["seq"], rows["job"]))], orgs, say)

    def _look(self, rows: Any, orgs: list[str], say: Say) -> None:
        """`rows` are sorted by job, then by sequence."""
        starts = np.flatnonzero(np.r_[True, rows["job"][1:] != rows["job"][:-1]])
        kinds, amounts = rows["kind"], rows["amount"]
        reserves = np.add.reduceat(kinds == RESERVE, starts, dtype=np.int64)
        ends = np.add.reduceat((kinds == CAPTURE) | (kinds == RELEASE), starts, dtype=np.int64)
        captured = np.add.reduceat(np.where(kinds == CAPTURE, amounts, 0), starts)
        refunded = np.add.reduceat(np.where(kinds == REFUND, amounts, 0), starts)
        wrong = (reserves != 1) | (ends > 1) | (refunded > captured)
        stops = np.r_[starts[1:], len(rows)]
        for index in np.flatnonzero(wrong):
            last = rows[stops[index] - 1]
            told = (
                f"a job with {reserves[index]} reservations, {ends[index]} ends, "
                f"{captured[index]} captured and {refunded[index]} refunded"
            )
            where = f"{self._topic}/{last['partition']}/{last['offset']}"
            say(Fault("once", told, orgs[last["org"]], int(last["seq"]), where))
