"""Events as they come from the log, and a small store that takes writes as MongoDB would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from events.envelope import Envelope, InputPosition, Recorded, StreamRef
from events.model import Event
from events.sealed import Sealed, SealedBox
from projections.applied import applied
from projections.read_models import RUNNING_MODELS, project
from projections.writes import Blank, Write

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ORG = "org_A"


def sealed(text: str, kid: str = "kid_ann") -> Sealed:
    """A box that stands for its text: the nonce is the text."""
    return Sealed(box=SealedBox(kid=kid, nonce=text.encode().hex(), ct=""))


def opened(box: Sealed) -> str:
    return bytes.fromhex(box.box.nonce).decode()


def on(topic: str, subject: str, *events: Event, first: int = 1, org: str = ORG) -> list[Recorded]:
    """A stream's events from version `first`, a second apart."""
    found = []
    for version, event in enumerate(events, start=first):
        envelope = Envelope(
            id=f"{subject}:{version}",
            type=event.ce_type(),
            time=NOON + timedelta(seconds=version),
            stream=StreamRef(topic, subject),
            version=version,
            org_id=org,
            actor="key_1",
            command_id="cmd_1",
            input=InputPosition("commands.x", 0, version),
            correlation_id="req_1",
            causation_id="req_1",
        )
        found.append(Recorded(envelope, event, 0, version - 1))
    return found


class Documents:
    """Collections of documents, with the guards that a store has."""

    def __init__(self) -> None:
        self.collections: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self.blanked: list[Blank] = []

    def take(self, writes: Iterable[Write]) -> Documents:
        for write in writes:
            if isinstance(write, Blank):
                self.blanked.append(write)
            else:
                found = applied(self.collections[write.collection].get(write.id), write)
                if found is not None:
                    self.collections[write.collection][write.id] = found
        return self

    def read(self, events: Sequence[Recorded]) -> Documents:
        """A batch from the log, projected on what is here."""
        places = {place for model in RUNNING_MODELS for event in events for place in model.looks_at(event)}
        here = {(name, key): self.collections[name][key] for name, key in places if key in self.collections[name]}
        return self.take(project(events, opened, earlier=here))

    def __getitem__(self, collection: str) -> dict[str, dict[str, Any]]:
        return self.collections[collection]


def documents(*streams: list[Recorded]) -> Documents:
    return Documents().read([event for stream in streams for event in stream])
