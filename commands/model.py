"""The shape of a command, and of everything that a decision needs beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from events.envelope import StreamRef
from events.model import Event, Frozen

S = TypeVar("S")


class Command(Frozen):
    """An order. A subclass sets `context` and `name` (the class's name) and says which key routes it."""

    context: ClassVar[str]

    @property
    def route(self) -> str:
        """The partition key: session, org, or catalog id."""
        raise NotImplementedError

    @property
    def creates(self) -> StreamRef | None:
        """The stream that this command begins, where it begins one: its first event keeps key and digest for ever."""
        return None

    @classmethod
    def type_name(cls) -> str:
        return f"{cls.context}.{cls.__name__}"


class ProjectCommand(Command):
    """An order about something that may be a project's."""

    within_project: str | None = None
    """The asker's key is of this project only: what is not this project's is not found."""


@dataclass(frozen=True, slots=True)
class CommandEnvelope:
    """Everything about a command but its data; the names are those of the record's headers."""

    id: str
    org_id: str
    actor: str
    """Key, user or process that asks."""
    correlation_id: str
    """The request that began it all; a sender's repeats of one request share it."""
    causation_id: str
    idempotency_key: str | None = None
    digest: str | None = None
    """HMAC over the RFC 8785 form of the client's body, where a key was given."""
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Stream(Generic[S]):
    """A stream as a decision sees it: its folded state, how many events it has, and its first event's digest."""

    state: S
    version: int
    digest: str | None = None
    result: str | None = None


class Streams(Protocol):
    """Read-only view of this decider's streams: what is not there yet has version 0 and the initial state."""

    def __call__(self, ref: StreamRef) -> Stream[Any]: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may know of the world: the time (never running back in a partition) and who asks."""

    at: datetime
    command: CommandEnvelope


@dataclass(frozen=True, slots=True)
class Decision:
    """What happened, in order, and what the asker is told. No events: nothing had to be done."""

    events: tuple[tuple[StreamRef, Event], ...] = ()
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """How the streams of one topic are folded. `initial` and `evolve` are pure; `evolve` never refuses."""

    initial: Callable[[str], Any]
    """Of the stream's subject."""
    evolve: Callable[[Any, Event, datetime], Any]
    """(state, event, its time) → state."""


@dataclass(frozen=True, slots=True)
class CurrentRecord:
    """A compacted record of `current.*`: None is a tombstone."""

    topic: str
    key: str
    value: Frozen | None


@dataclass(frozen=True, slots=True)
class Decider:
    """One decider: which commands it takes from where, which topics it alone writes, and how it decides."""

    name: str
    command_topic: str
    commands: Mapping[str, type[Command]]
    folds: Mapping[str, Fold]
    """By event topic."""
    decide: Callable[[Command, Streams, Context], Decision]
    """Raises a Refusal."""
    summarize: Callable[[StreamRef, Any], CurrentRecord | None]
    """What `current.*` holds of a stream after the decision; None where nothing is kept of it."""
