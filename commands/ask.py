"""`ask(command)`: the one way to send, for the gateway and for every reactor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from commands.model import Command, CommandEnvelope

Position = Mapping[str, int]
"""`topic/partition` → next offset: the events that an answer stands for are before it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The command was accepted and its events, if any, are committed."""

    result: Mapping[str, Any] = field(default_factory=dict)
    position: Position = field(default_factory=dict)


class Unavailable(Exception):
    """No answer in time. The command may still be decided: ask again with the same id."""


class CommandFailed(Exception):
    """The decider could not decide it and set it aside with its reason. Nothing was written; asking again is vain."""


class Ask(Protocol):
    """Sends, awaits the reply, sends again with the same command id until `timeout_s` is over.

    Raises a `Refusal` as the decider decided it, `CommandFailed`, or `Unavailable`.
    """

    async def __call__(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer: ...
