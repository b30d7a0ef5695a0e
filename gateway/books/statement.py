"""Statements: what there was, every movement with its cause, what is left; streamed, however long the history is."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from gateway.books import ledger
from gateway.reads.queries import Db
from projections.balances import EMPTY

CHUNK: Final = 500
MOVED: Final = ("available", "allocations", "reserved", "spent", "external")
LEFT: Final = ("available", "allocations", "reserved", "spent")
CAUSE: Final = ("actor", "session_id", "plan_id", "run_id", "step_id", "step_title", "model", "prompt")
COLUMNS: Final = (
    "record", "seq", "at", "kind", "entry_id", *MOVED, "uncollected", *(f"{name}_after" for name in LEFT), "job_id",
    "project_id", "reason", *CAUSE, "entries", "prev_hash", "hash", "key_id", "signature",
)  # fmt: skip
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet would take for the beginning of a formula."""


@dataclass
class Statement:
    """The books of a span, read entry by entry; `totals` are complete once `movements` is at its end."""

    db: Db
    org_id: str
    since: datetime | None
    until: datetime | None
    ends: str
    """`until`, or where there is none the time of the newest entry."""
    first: int
    """The number of the last entry before the span; `last` is the last one in it."""
    last: int
    opening: Mapping[str, Any]
    closing: Mapping[str, Any]
    checkpoint: Mapping[str, Any] | None
    totals: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def span(self) -> dict[str, str]:
        began = {} if self.since is None else {"from": _text(self.since)}
        return began if self.until is None else {**began, "to": _text(self.until)}

    @property
    def name(self) -> str:
        """Of its file, without what it ends with."""
        days = ["beginning" if self.since is None else _text(self.since)[:10], self.ends[:10]]
        return "-".join(["statement", self.org_id, *(day for day in days if day)])

    async def movements(self) -> AsyncIterator[list[dict[str, Any]]]:
        """Chunks of entries, oldest first, each as on the log, with balances and cause."""
        seq = self.first
        while seq < self.last:
            wanted = {"org_id": self.org_id, "seq": {"$gt": seq, "$lte": self.last}}
            chunk = await self.db[ledger.COLLECTION].find(wanted).sort("seq", 1).limit(CHUNK).to_list(CHUNK)
            if not chunk:
                return
            items = await ledger.expanded(self.db, self.org_id, chunk)
            for item in items:
                self._count(item)
            yield items
            seq = items[-1]["seq"]

    def _count(self, item: Mapping[str, Any]) -> None:
        total = self.totals.setdefault(item["kind"], Counter(dict.fromkeys(("entries", *MOVED, "uncollected"), 0)))
        total.update(moved(item))
        total.update(entries=1, uncollected=item.get("uncollected", 0))


async def statement(db: Db, org_id: str, since: datetime | None, until: datetime | None) -> Statement:
    """Fixes both ends at once: what happens while it is read is not in it.

    Without `until` it goes up to the newest entry, whose time is of the log's clock, not of the gateway's.
    """
    before = None if since is None else await ledger.newest_at(db, org_id, "$lt", since)
    last = await ledger.newest_at(db, org_id, "$lt", until)
    signed = await db["checkpoints"].find_one({"org_id": org_id}, sort=[("seq", -1)])
    return Statement(
        db=db,
        org_id=org_id,
        since=since,
        until=until,
        ends=_text(until) if until is not None else "" if last is None else last["at"],
        first=0 if before is None else before["seq"],
        last=0 if last is None else last["seq"],
        opening=EMPTY if before is None else before["_balances"],
        closing=EMPTY if last is None else last["_balances"],
        checkpoint=None if signed is None else ledger.plain(signed),
    )


def moved(item: Mapping[str, Any]) -> Counter[str]:
    """What an entry's postings move, by column."""
    amounts: Counter[str] = Counter(dict.fromkeys(MOVED, 0))
    for posting in item["postings"]:
        account = posting["account"].partition(":")[0]
        amounts["allocations" if account == "project" else account] += posting["amount"]
    return amounts


async def as_json(found: Statement) -> AsyncIterator[bytes]:
    """One object; `covered` says whether its checkpoint reaches its last entry."""
    head = {"org_id": found.org_id, **found.span, "opening": found.opening}
    yield orjson.dumps(head)[:-1] + b',"movements":['
    comma = b""
    async for items in found.movements():
        yield comma + b",".join(orjson.dumps(item) for item in items)
        comma = b","
    signed = found.checkpoint
    proof = {} if signed is None else {"checkpoint": signed, "covered": signed["seq"] >= found.last}
    yield b"]," + orjson.dumps({"totals": found.totals, "closing": found.closing, **proof})[1:]


async def as_csv(found: Statement) -> AsyncIterator[bytes]:
    """A table: the first column says what a row is. All amounts are in millicredits."""
    yield rows([dict(zip(COLUMNS, COLUMNS, strict=True))])
    yield rows([{"record": "opening", "at": found.span.get("from"), **_left(found.opening)}])
    async for items in found.movements():
        yield rows([row_of(item) for item in items])
    yield rows([{"record": "total", "kind": kind, **total} for kind, total in sorted(found.totals.items())])
    yield rows([{"record": "closing", "at": found.ends, **_left(found.closing)}])
    if found.checkpoint is not None:
        yield rows([{"record": "checkpoint", **found.checkpoint}])


def row_of(item: Mapping[str, Any]) -> dict[str, Any]:
    cause = {name: value for name, value in item["cause"].items() if name in CAUSE}
    return {**item, **cause, **moved(item), **_left(item["balances"]), "record": "movement"}


def _left(balances: Mapping[str, Any]) -> dict[str, int]:
    sums = {**balances, "allocations": sum(balances["allocations"].values())}
    return {f"{name}_after": sums[name] for name in LEFT}


def rows(records: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([cell(row.get(name)) for name in COLUMNS] for row in records)
    return text.getvalue().encode()


def cell(value: Any) -> Any:
    """Text that a spreadsheet must not run is marked as text; numbers are numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
