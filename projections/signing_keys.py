"""Read model `signing_keys`: the public keys of all checkpoints, and from when until when each has signed."""

from __future__ import annotations

from collections.abc import Iterator

from events.credits.checkpoint import SigningKeyIntroduced
from events.credits.signatures import PLATFORM
from events.envelope import Recorded
from projections.documents import at, present
from projections.opening import Opened
from projections.writes import Insert, Update, Write

COLLECTION = "signing_keys"
INDEXES: tuple[tuple[str, ...], ...] = ()


def project(event: Recorded, opened: Opened) -> Iterator[Write]:  # noqa: ARG001 - keys are no personal text
    if not isinstance(event.data, SigningKeyIntroduced):
        return
    key = event.data
    document = present(
        key_id=key.key_id,
        algorithm=key.algorithm,
        public_key=key.public_key,
        since=at(event),
        replaces=key.replaces,
        endorsement=key.endorsement,
    )
    yield Insert(COLLECTION, key.key_id, PLATFORM, event.version, document)
    if key.replaces is not None:
        yield Update(COLLECTION, key.replaces, PLATFORM, event.version, set={"retired_at": at(event)})
