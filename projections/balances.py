"""Read model `balances`: what an organisation has available, reserved, spent and allocated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from events.credits.events import LedgerEntry, Posting
from events.credits.state import CLOSED
from events.envelope import Recorded
from projections.opening import Opened
from projections.writes import Insert, Update, Write

COLLECTION = "balances"
INDEXES: tuple[tuple[str, ...], ...] = ()
EMPTY: Mapping[str, Any] = {"available": 0, "reserved": 0, "spent": 0, "allocations": {}}


def project(event: Recorded, opened: Opened) -> Iterator[Write]:  # noqa: ARG001 - books hold no personal text
    if not isinstance(event.data, LedgerEntry):
        return
    entry = event.data
    if event.version == 1:
        nothing = {"org_id": entry.org_id, **EMPTY, "allocations": {}}
        yield Insert(COLLECTION, entry.org_id, entry.org_id, 0, nothing)
    fields = moved(entry.postings)
    closed = closed_by(entry)
    path = None if closed is None else f"allocations.{closed}"
    if path is not None:
        fields.pop(path, None)
    yield Update(
        COLLECTION,
        entry.org_id,
        entry.org_id,
        event.version,
        set={"at": entry.at, "hash": entry.hash},
        unset=() if path is None else (path,),
        add=fields,
    )


def moved(postings: tuple[Posting, ...]) -> dict[str, int]:
    """What the postings move, by field; `external` is the world, not a balance."""
    fields: Counter[str] = Counter()
    for posting in postings:
        kind, _, rest = posting.account.partition(":")
        match kind:
            case "available" | "spent":
                fields[kind] += posting.amount
            case "reserved":
                fields["reserved"] += posting.amount
            case "project":
                fields[f"allocations.{rest}"] += posting.amount
    return {name: amount for name, amount in fields.items() if amount}


def closed_by(entry: LedgerEntry) -> str | None:
    """The project whose allocation ends with this entry."""
    return entry.project_id if entry.kind == "deallocate" and entry.reason == CLOSED else None


def after(before: Mapping[str, Any], entry: LedgerEntry) -> dict[str, Any]:
    """The balances that the entry leaves."""
    left: dict[str, Any] = {name: before[name] for name in ("available", "reserved", "spent")}
    allocations = dict(before["allocations"])
    for field, amount in moved(entry.postings).items():
        _, _, project = field.partition(".")
        if project:
            allocations[project] = allocations.get(project, 0) + amount
        else:
            left[field] += amount
    allocations.pop(closed_by(entry) or "", None)
    return left | {"allocations": allocations}
