"""Read model `ledger`: every entry of an organisation's books, exactly as on the log, with the balances after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from events.credits.events import LedgerEntry
from events.envelope import Recorded
from projections import balances
from projections.documents import origin
from projections.earlier import Earlier, Place
from projections.writes import Insert, Write

COLLECTION = "ledger"
INDEXES = (
    ("org_id", "seq"),
    ("org_id", "at", "seq"),
    ("org_id", "kind", "seq"),
    ("org_id", "project_id", "seq"),
    ("job_id", "seq"),
)


def looks_at(event: Recorded) -> Iterator[Place]:
    if isinstance(event.data, LedgerEntry):
        yield balances.COLLECTION, event.data.org_id


def project(events: Sequence[Recorded], earlier: Earlier) -> Iterator[Write]:
    """An as-of balance is one document: that of the newest entry up to then.

    Members that are not on the log begin with `_`. An entry that comes again has its line already.
    """
    books: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for event in events:
        if not isinstance(event.data, LedgerEntry):
            continue
        entry = event.data
        version, before = books.get(entry.org_id) or _left(earlier, entry.org_id)
        if event.version <= version:
            continue
        after = balances.after(before, entry)
        books[entry.org_id] = (event.version, after)
        document = entry.model_dump(mode="json", exclude_none=True) | {"_balances": after, "_event": origin(event)}
        yield Insert(COLLECTION, entry.entry_id, entry.org_id, event.version, document)


def _left(earlier: Earlier, org_id: str) -> tuple[int, Mapping[str, Any]]:
    found = earlier.get((balances.COLLECTION, org_id))
    return (0, balances.EMPTY) if found is None else (found["_v"], found)
