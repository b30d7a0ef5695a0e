"""Events as records: CloudEvents in Kafka's binary mode, attributes in headers and data as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, lru_cache

from events.envelope import Envelope, InputPosition, Recorded, StreamRef
from events.log.clients import Record
from events.model import Event
from events.registry import Registry, encode
from events.types import REGISTRY

Header = tuple[str, bytes]

_CONSTANT: tuple[Header, ...] = (("ce_specversion", b"1.0"), ("content-type", b"application/json"))


class BadRecord(ValueError):
    """A record on a topic of events that is no event."""


@lru_cache(maxsize=64)
def time_to_text(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: as fine as the log's own time."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_ms(at: datetime) -> int:
    """Unix milliseconds: what a time on the log is exact to."""
    return round(at.timestamp() * 1000)


@cache
def source(decider: str) -> str:
    """`ce_source` of a decider's events."""
    return f"/deciders/{decider}"


def command_headers(envelope: Envelope, source_name: str) -> list[Header]:
    """Headers that all events of one decision share."""
    headers = [
        *_CONSTANT,
        ("ce_source", source_name.encode()),
        ("ce_time", time_to_text(envelope.time).encode()),
        ("ce_orgid", envelope.org_id.encode()),
        ("ce_actor", envelope.actor.encode()),
        ("ce_commandid", envelope.command_id.encode()),
        ("ce_input", str(envelope.input).encode()),
        ("ce_correlationid", envelope.correlation_id.encode()),
        ("ce_causationid", envelope.causation_id.encode()),
    ]
    if envelope.traceparent is not None:
        headers.append(("traceparent", envelope.traceparent.encode()))
    return headers


def event_headers(event_id: str, event: Event, subject: str, version: int) -> list[Header]:
    """Headers that differ from event to event."""
    return [
        ("ce_id", event_id.encode()),
        ("ce_type", type_bytes(type(event))),
        ("ce_subject", subject.encode()),
        ("ce_streamversion", b"%d" % version),
    ]


def decision_headers(key: str | None, digest: str | None, result: str | None) -> list[Header]:
    """Headers of a decision's first event, from which an answer can be given again."""
    named = (("ce_idempotencykey", key), ("ce_digest", digest), ("ce_result", result))
    return [(name, value.encode()) for name, value in named if value is not None]


@cache
def type_bytes(model: type[Event]) -> bytes:
    return model.ce_type().encode()


@cache
def type_name(model: type[Event]) -> bytes:
    """A type without its version: what all its records share, whichever writer made them."""
    return type_bytes(model).rpartition(b".")[0]


def record_type_name(record: Record) -> bytes | None:
    """The same of a record, without reading anything else of it; None where it is no event."""
    for name, value in record.headers:
        if name == "ce_type":
            return bytes(value).rpartition(b".")[0]
    return None


def to_record(envelope: Envelope, data: Event, source_name: str = "/studio") -> tuple[bytes, list[Header]]:
    """Value and headers of an event's record."""
    headers = command_headers(envelope, source_name)
    headers += event_headers(envelope.id, data, envelope.stream.subject, envelope.version)
    headers += decision_headers(envelope.idempotency_key, envelope.digest, envelope.result)
    return encode(data), headers


def from_record(record: Record, registry: Registry = REGISTRY) -> Recorded:
    """The event in its newest form. Raises BadRecord, UnknownEventType or a ValidationError: never skips."""
    headers = {name: value.decode() for name, value in record.headers}
    try:
        envelope = Envelope(
            id=headers["ce_id"],
            type=headers["ce_type"],
            time=datetime.fromisoformat(headers["ce_time"]),
            stream=StreamRef(record.topic, headers["ce_subject"]),
            version=int(headers["ce_streamversion"]),
            org_id=headers["ce_orgid"],
            actor=headers["ce_actor"],
            command_id=headers["ce_commandid"],
            input=InputPosition.parse(headers["ce_input"]),
            correlation_id=headers["ce_correlationid"],
            causation_id=headers["ce_causationid"],
            idempotency_key=headers.get("ce_idempotencykey"),
            digest=headers.get("ce_digest"),
            result=headers.get("ce_result"),
            traceparent=headers.get("traceparent"),
        )
    except (KeyError, ValueError) as error:
        where = f"{record.topic}/{record.partition}/{record.offset}"
        raise BadRecord(f"{where} is no event: {error!r}") from error
    if record.value is None:
        raise BadRecord(f"{record.topic}/{record.partition}/{record.offset} has no data")
    data = registry.decode(envelope.type, record.value)
    return Recorded(envelope=envelope, data=data, partition=record.partition, offset=record.offset)
