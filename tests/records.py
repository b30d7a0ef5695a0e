"""Events as records of the log, for what reads them raw."""

from __future__ import annotations

from datetime import datetime

from aiokafka import ConsumerRecord

from events.envelope import Envelope, InputPosition, StreamRef
from events.log.codec import to_ms, to_record
from events.model import Event


def record_of(ref: StreamRef, event: Event, at: datetime, version: int = 1) -> ConsumerRecord[bytes, bytes]:
    envelope = Envelope(
        id="evt",
        type=event.ce_type(),
        time=at,
        stream=ref,
        version=version,
        org_id=ref.subject,
        actor="key_A",
        command_id="cmd",
        input=InputPosition("commands.orgs", 0, 0),
        correlation_id="cor",
        causation_id="cor",
    )
    value, headers = to_record(envelope, event)
    key = ref.subject.encode()
    return ConsumerRecord(ref.topic, 0, 0, to_ms(at), 1, key, value, None, -1, -1, tuple(headers))
