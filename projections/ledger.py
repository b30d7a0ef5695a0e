"""Read model `ledger`: every entry of an organisation's books, exactly as on the log."""

from __future__ import annotations

from collections.abc import Iterator

from events.credits.events import LedgerEntry
from events.envelope import Recorded
from projections.opening import Opened
from projections.writes import Insert, Write

COLLECTION = "ledger"
INDEXES = (("org_id", "seq"), ("job_id",))


def project(event: Recorded, opened: Opened) -> Iterator[Write]:  # noqa: ARG001 - books hold no personal text
    if isinstance(event.data, LedgerEntry):
        entry = event.data
        document = entry.model_dump(mode="json", exclude_none=True)
        yield Insert(COLLECTION, entry.entry_id, entry.org_id, event.version, document)
