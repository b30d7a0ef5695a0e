"""Read model `session_events`: a session's whole stream and those of its plans, texts sealed as on the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from events.canvas.plan_events import PlanEvent
from events.canvas.session_events import SessionEvent
from events.envelope import Envelope, InputPosition, Recorded, StreamRef
from events.ids import session_of
from events.registry import encode
from events.types import REGISTRY
from projections.documents import at, present
from projections.opening import Opened
from projections.writes import Insert, Write

COLLECTION = "session_events"
INDEXES = (("session_id", "offset"), ("subject", "_v"))


def project(event: Recorded, opened: Opened) -> Iterator[Write]:  # noqa: ARG001 - nothing is opened here
    if not isinstance(event.data, SessionEvent | PlanEvent):
        return
    envelope = event.envelope
    document = present(
        subject=envelope.stream.subject,
        session_id=session_of(envelope.stream.subject),
        org_id=envelope.org_id,
        type=envelope.type,
        time=at(event),
        data=encode(event.data).decode(),
        topic=envelope.stream.topic,
        partition=event.partition,
        offset=event.offset,
        event_id=envelope.id,
        actor=envelope.actor,
        command_id=envelope.command_id,
        input=str(envelope.input),
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        idempotency_key=envelope.idempotency_key,
        digest=envelope.digest,
        result=envelope.result,
        traceparent=envelope.traceparent,
    )
    key = f"{envelope.stream.subject}:{event.version}"
    yield Insert(COLLECTION, key, envelope.org_id, event.version, document)


def recorded(document: Mapping[str, Any]) -> Recorded:
    """The event again, as it was read from the log, in its newest form."""
    envelope = Envelope(
        id=document["event_id"],
        type=document["type"],
        time=datetime.fromisoformat(document["time"]),
        stream=StreamRef(document["topic"], document["subject"]),
        version=document["_v"],
        org_id=document["org_id"],
        actor=document["actor"],
        command_id=document["command_id"],
        input=InputPosition.parse(document["input"]),
        correlation_id=document["correlation_id"],
        causation_id=document["causation_id"],
        idempotency_key=document.get("idempotency_key"),
        digest=document.get("digest"),
        result=document.get("result"),
        traceparent=document.get("traceparent"),
    )
    data = REGISTRY.decode(envelope.type, document["data"].encode())
    return Recorded(envelope, data, document["partition"], document["offset"])
