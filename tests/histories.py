"""Histories of books as they lie on one partition: several organisations' entries, chained and timed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from events.credits.chain import GENESIS, entry_hash
from events.log.clients import Record
from events.topics import EVENTS_CREDITS
from tests.deciding import record

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
OF_A_JOB = ("reserve", "capture", "release")
Step = tuple[str, int, int]
"""An organisation, milliseconds since the step before, and a number that chooses what is done."""


@dataclass
class _Books:
    org_id: str
    head: str = GENESIS
    seq: int = 0
    available: int = 0
    project: int = 0
    live: list[tuple[str, int, str]] = field(default_factory=list)
    captured: list[tuple[str, int]] = field(default_factory=list)


def at(ms: int) -> datetime:
    return NOON + timedelta(milliseconds=ms)


def history(steps: Sequence[Step]) -> list[Record]:
    books: dict[str, _Books] = {}
    records: list[Record] = []
    ms = 0
    for org_id, later, choice in steps:
        ms += later
        book = books.setdefault(org_id, _Books(org_id))
        kind, members, postings = _chosen(book, choice)
        book.seq += 1
        name = f"{org_id[4:]}{book.seq}" if kind not in OF_A_JOB else f"{members['job_id'][4:]}.{kind}"
        data: dict[str, Any] = {
            "org_id": org_id, "seq": book.seq, "entry_id": f"ent_{name}", "kind": kind,
            "at": at(ms).isoformat(), "prev_hash": book.head, **members,
            "postings": [{"account": account, "amount": amount} for account, amount in postings],
        }  # fmt: skip
        data["hash"] = book.head = entry_hash(book.head, data)
        headers = [("ce_actor", b"key_A"), ("ce_subject", org_id.encode())]
        # Offsets leave gaps, as markers of transactions do.
        records.append(record(EVENTS_CREDITS, 2 * len(records), org_id.encode(), orjson.dumps(data), headers))
    return records


def _chosen(book: _Books, choice: int) -> tuple[str, dict[str, Any], list[tuple[str, int]]]:
    """An entry that the books can hold."""
    what, amount = choice % 6, 1 + choice % 97
    if what == 1 and book.available >= amount:
        book.available, book.project = book.available - amount, book.project + amount
        return "allocate", {"project_id": "prj_1"}, [("available", -amount), ("project:prj_1", amount)]
    if what == 2 and max(book.available, book.project) >= amount:
        source = "available" if book.available >= amount else "project:prj_1"
        job = f"job_{book.org_id[4:]}{book.seq}"
        book.live.append((job, amount, source))
        _move(book, source, -amount)
        return "reserve", _members(job, source), [(source, -amount), (f"reserved:{job}", amount)]
    if what == 3 and book.live:
        job, reserved, source = book.live.pop(choice % len(book.live))
        rest = choice % (reserved + 1)
        book.captured.append((job, reserved - rest))
        _move(book, source, rest)
        moved = [(f"reserved:{job}", -reserved), ("spent", reserved - rest), (source, rest)]
        return "capture", _members(job, source), moved
    if what == 4 and book.live:
        job, reserved, source = book.live.pop()
        _move(book, source, reserved)
        return "release", _members(job, source), [(f"reserved:{job}", -reserved), (source, reserved)]
    if what == 5 and book.captured:
        job, captured = book.captured.pop()
        _move(book, "available", captured)
        return "refund", {"job_id": job}, [("spent", -captured), ("available", captured)]
    _move(book, "available", amount)
    return "grant", {}, [("available", amount), ("external", -amount)]


def _members(job: str, source: str) -> dict[str, Any]:
    return {"job_id": job} | ({} if source == "available" else {"project_id": "prj_1"})


def _move(book: _Books, source: str, amount: int) -> None:
    if source == "available":
        book.available += amount
    else:
        book.project += amount
