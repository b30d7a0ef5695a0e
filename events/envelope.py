"""The envelope of an event: CloudEvents attributes beside the event's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from events.model import Event

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True, order=True)
class InputPosition:
    """Where on the log the command stood that led to an event (`ce_input`)."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, text: str) -> InputPosition:
        topic, partition, offset = text.rsplit("/", 2)
        return cls(topic, int(partition), int(offset))


@dataclass(frozen=True, slots=True)
class StreamRef:
    """A stream: all events of one thing, (topic, subject)."""

    topic: str
    subject: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything about an event but its data; the names are those of the record's headers."""

    id: str
    type: str
    """`com.aistudio.<context>.<name>.v<n>`"""
    time: datetime
    stream: StreamRef
    version: int
    """Position in the stream, from 1, without a gap."""
    org_id: str
    actor: str
    """Key, user or process that asked for it."""
    command_id: str
    input: InputPosition
    correlation_id: str
    causation_id: str
    idempotency_key: str | None = None
    digest: str | None = None
    result: str | None = None
    """On a decision's first event: what the command was answered, as JSON."""
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands on the log."""

    envelope: Envelope
    data: Event
    partition: int
    offset: int

    @property
    def stream(self) -> StreamRef:
        return self.envelope.stream

    @property
    def version(self) -> int:
        return self.envelope.version
