"""A small decider for the runner's tests: accounts that hold an amount, keyed by owner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from commands.model import Command, Context, CurrentRecord, Decider, Decision, Fold, Streams
from commands.refusals import IllegalState, NotFound
from events.envelope import StreamRef
from events.model import Event, Frozen
from events.registry import Registry
from events.topics import Topic


class ToyEvent(Event):
    context: ClassVar[str] = "toy"
    account: str


class Opened(ToyEvent):
    name: ClassVar[str] = "opened"


class Added(ToyEvent):
    name: ClassVar[str] = "added"
    amount: int


class Noted(ToyEvent):
    name: ClassVar[str] = "noted"
    text: str = ""


REGISTRY = Registry((Opened, Added, Noted), {})


class ToyCommand(Command):
    context: ClassVar[str] = "toy"
    owner: str
    account: str

    @property
    def route(self) -> str:
        return self.owner


class Open(ToyCommand):
    topic: str
    """Where accounts stand in this test."""

    @property
    def creates(self) -> StreamRef | None:
        return StreamRef(self.topic, self.account)


class Add(ToyCommand):
    amount: int


class Look(ToyCommand):
    """Answered from state, without an event."""


class Say(ToyCommand):
    """Answered with its own words."""

    text: str


class Explode(ToyCommand):
    """Makes `decide` raise something unexpected."""


class Unfold(ToyCommand):
    """Leads to an event that does not fold."""


@dataclass(frozen=True)
class Account:
    subject: str
    amount: int = 0
    entries: int = 0
    last: datetime | None = None


class CurrentAccount(Frozen):
    amount: int


@dataclass(frozen=True)
class Names:
    """Topics and names of one toy, so that tests on one broker do not meet."""

    tag: str = ""

    @property
    def commands(self) -> str:
        return "commands.toy" + self.tag

    @property
    def accounts(self) -> str:
        return "toy.accounts" + self.tag

    @property
    def notes(self) -> str:
        return "toy.notes" + self.tag

    @property
    def current(self) -> str:
        return "toy.current" + self.tag

    def topics(self, partitions: int) -> tuple[Topic, ...]:
        append_time = {"message.timestamp.type": "LogAppendTime"}
        return (
            Topic(self.commands, partitions, append_time),
            Topic(self.accounts, partitions),
            Topic(self.notes, partitions),
            Topic(self.current, partitions, {"cleanup.policy": "compact"}),
        )


def evolve(state: Account, event: Event, at: datetime) -> Account:
    assert state.last is None or state.last <= at
    match event:
        case Added(amount=amount):
            return replace(state, amount=state.amount + amount, entries=state.entries + 1, last=at)
        case Noted(text="unfoldable"):
            raise ArithmeticError("this does not fold")
        case _:
            return replace(state, last=at)


class Toy:
    """Decides for the accounts of one set of names."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def decide(self, command: Command, streams: Streams, _context: Context) -> Decision:
        assert isinstance(command, ToyCommand)
        account = StreamRef(self.names.accounts, command.account)
        notes = StreamRef(self.names.notes, command.account)
        if isinstance(command, Explode):
            raise ZeroDivisionError("unexpected")
        if isinstance(command, Say):
            return Decision(result={"text": command.text})
        if isinstance(command, Open):
            events = ((account, Opened(account=command.account)), (notes, Noted(account=command.account)))
            return Decision(events, {"account_id": command.account})
        seen = streams(account)
        if seen.version == 0:
            raise NotFound(f"no account {command.account}")
        match command:
            case Unfold():
                return Decision(((notes, Noted(account=command.account, text="unfoldable")),))
            case Add(amount=amount):
                if seen.state.amount + amount < 0:
                    raise IllegalState("not enough", allowed=[])
                result = {"amount": seen.state.amount + amount, "version": seen.version + 1}
                return Decision(((account, Added(account=command.account, amount=amount)),), result)
        return Decision((), {"amount": seen.state.amount})

    def summarize(self, ref: StreamRef, state: Any) -> CurrentRecord | None:
        if ref.topic != self.names.accounts:
            return None
        value = CurrentAccount(amount=state.amount) if state.amount else None
        return CurrentRecord(self.names.current, ref.subject, value)

    @property
    def decider(self) -> Decider:
        return Decider(
            name="toy" + self.names.tag,
            command_topic=self.names.commands,
            commands={kind.type_name(): kind for kind in (Open, Add, Look, Say, Explode, Unfold)},
            folds={topic: Fold(Account, evolve) for topic in (self.names.accounts, self.names.notes)},
            decide=self.decide,
            summarize=self.summarize,
        )
