"""Read model `checkpoints`: every signed head of an organisation's chain, exactly as on the log."""

from __future__ import annotations

from collections.abc import Iterator

from events.credits.checkpoint import Checkpoint
from events.envelope import Recorded
from projections.opening import Opened
from projections.writes import Insert, Write

COLLECTION = "checkpoints"
INDEXES = (("org_id", "seq"),)


def project(event: Recorded, opened: Opened) -> Iterator[Write]:  # noqa: ARG001 - books hold no personal text
    if isinstance(event.data, Checkpoint):
        signed = event.data
        document = signed.model_dump(mode="json", exclude_none=True)
        yield Insert(COLLECTION, f"{signed.org_id}:{signed.seq}", signed.org_id, event.version, document)
