"""What a decider remembers of its log: streams, commands, and how far it has read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from commands.model import Stream


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream as the log leaves it; digest and result in `view` are those of its first event."""

    view: Stream[Any]
    correlation: str
    """Of the request that began it."""


def advanced(
    row: StreamRow | None, state: Any, *, digest: str | None, result: str | None, correlation: str
) -> StreamRow:
    """The row after one more event; what the first event told of its request stays for ever."""
    if row is None:
        return StreamRow(Stream(state, 1, digest, result), correlation)
    return StreamRow(Stream(state, row.view.version + 1, row.view.digest, row.view.result), row.correlation)


@dataclass(slots=True)
class CommandRow:
    """An accepted command and what it led to. `position` grows with its events, until they are committed."""

    correlation: str
    digest: str | None
    result: str | None
    time_ms: int
    position: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The last event of a topic that a store contains; by its id the store knows its own log again."""

    offset: int
    id: str


@dataclass(slots=True)
class Mark:
    """How far along the log something is."""

    last_events: dict[str, LastEvent] = field(default_factory=dict)
    """By topic."""
    highest_input: int = -1
    """Highest offset of a command that an event names as its input."""
    last_ms: int = 0
    """Time of the latest event, in Unix milliseconds."""

    def copy(self) -> Mark:
        return Mark(dict(self.last_events), self.highest_input, self.last_ms)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch, or a stretch of the log, changes."""

    streams: Mapping[tuple[str, str], StreamRow]
    """By topic and subject."""
    commands: Mapping[str, CommandRow]
