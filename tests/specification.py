"""given events, when a command, then events, nothing, or a refusal: how the rules of a decider are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest

from commands.model import Command, CommandEnvelope, Context, Decider, Decision, Stream
from commands.refusals import IllegalState, Refusal
from events.envelope import StreamRef
from events.model import Event

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASKED = CommandEnvelope(id="cmd", org_id="org_A", actor="key_A", correlation_id="cor", causation_id="cor")
Append = tuple[StreamRef, Event]


@dataclass
class World:
    """A decider's streams in memory: folded by its own evolve, one event at a time."""

    decider: Decider
    streams: dict[StreamRef, Stream[Any]] = field(default_factory=dict)
    log: list[Append] = field(default_factory=list)
    at: datetime = NOON

    def __call__(self, ref: StreamRef) -> Stream[Any]:
        fold = self.decider.folds[ref.topic]
        return self.streams.get(ref) or Stream(fold.initial(ref.subject), 0)

    def append(self, ref: StreamRef, event: Event) -> None:
        before = self(ref)
        state = self.decider.folds[ref.topic].evolve(before.state, event, self.at)
        self.streams[ref] = Stream(state, before.version + 1)
        self.log.append((ref, event))

    def decide(self, command: Command) -> Decision:
        """As the runner does it: what begins a stream that is there already is refused before it is decided."""
        if command.creates is not None and self(command.creates).version > 0:
            raise IllegalState(f"{command.creates.subject} exists", allowed=[])
        return self.decider.decide(command, self, Context(self.at, ASKED))

    def handle(self, command: Command) -> Decision:
        """Decides and appends; raises a Refusal and then appends nothing."""
        decision = self.decide(command)
        for ref, event in decision.events:
            self.append(ref, event)
        return decision

    def pass_time(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def events(self, subject: str) -> list[Event]:
        return [event for ref, event in self.log if ref.subject == subject]


class Given:
    """`given(*commands).when(command).then(...)`: the past is told as the commands that led to it."""

    def __init__(self, decider: Decider, past: Sequence[Command | float]) -> None:
        self.world = World(decider)
        for step in past:
            if isinstance(step, Command):
                self.world.handle(step)
            else:
                self.world.pass_time(step)

    def when(self, command: Command) -> Self:
        self.command = command
        return self

    def then(self, *expected: type[Event] | Event) -> Decision:
        """These events in this order: a whole event, or its type where the fields do not matter."""
        decision = self.world.decide(self.command)
        got = [event for _, event in decision.events]
        assert [type(e) for e in got] == [e if isinstance(e, type) else type(e) for e in expected]
        for event, wanted in zip(got, expected, strict=True):
            if not isinstance(wanted, type):
                assert event == wanted
        return decision

    def then_nothing(self) -> Decision:
        decision = self.world.decide(self.command)
        assert decision.events == ()
        return decision

    def then_refused(self, kind: type[Refusal]) -> Refusal:
        with pytest.raises(Refusal) as caught:
            self.world.decide(self.command)
        assert type(caught.value) is kind, f"refused as {caught.value.slug}: {caught.value.detail}"
        return caught.value
