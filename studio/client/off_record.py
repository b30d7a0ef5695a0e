"""A past message planned once more, as far as one of its calls: what a model was asked then, put together again.

The agents' own pipeline runs. It hears the recorded answers, as after a restart, and nothing that it asks of the
decider is sent: so a call far down the way is told what its agent was told, the plan as it was then included.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from commands.ask import Answer
from commands.canvas.commands import AgentCall, CanvasCommand, DraftPlan, RevisePlan
from commands.model import Command, CommandEnvelope
from commands.ports import Storage, Vault
from events.canvas.session_events import AgentCallRecorded, MessagePosted
from events.canvas.session_state import Session
from events.envelope import Recorded
from events.ids import plan_id, step_id
from events.progress import Progress
from events.sealed import Sealed
from processors.agents.asking.call import Call, Said, Stages, call_id_of
from processors.agents.asking.prompting import Prompt
from processors.agents.asking.rooms import Rooms
from processors.agents.catalog import Catalog
from processors.agents.llm import Completion, Delta, LlmFailed, Message, Restarted
from processors.agents.pipeline import Pipeline
from processors.agents.sessions import Sessions

UNHURRIED_S: Final = 3600.0
Answers = Mapping[str, AgentCallRecorded]
"""What was recorded for a message, by call."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a call asks, whichever prompt it is asked with."""

    call: Call
    messages: Callable[[Prompt], Sequence[Message]]


class _Reached(Exception):
    def __init__(self, question: Question) -> None:
        super().__init__("the call is reached")
        self.question = question


class _OffRecord(Stages):
    """The calls of a message that was planned before: answered from the record, up to the one that is looked for."""

    def __init__(
        self, rooms: Rooms, event: Recorded, message: MessagePosted, session: Session, answers: Answers, wanted: str
    ) -> None:
        super().__init__(rooms, event, message, session, UNHURRIED_S)
        self._answers, self._wanted = answers, wanted

    async def ask(self, call: Call, messages: Callable[[Prompt], Sequence[Message]]) -> Said:
        call_id = call_id_of(self._event.envelope.id, call.agent, call.round)
        if call_id == self._wanted:
            raise _Reached(Question(call, messages))
        recorded = self._answers.get(call_id)
        text = None if recorded is None else await self._recorded(recorded)
        if recorded is None or text is None:
            raise LlmFailed("unknown", f"no answer of the {call.agent} is on the record")
        return Said(text, recorded.model, AgentCall(call_id=call_id, attempt=recorded.attempt))

    async def send(self, command: CanvasCommand, purpose: str) -> Answer:  # noqa: ARG002 - nothing is sent
        """As the decider would have answered, as far as the pipeline reads it."""
        match command:
            case DraftPlan():
                before = self.message.after_plan
                number = 1 if before is None else int(before.rsplit(".", 1)[-1]) + 1
                return Answer({"plan_id": plan_id(self.session_id, number)})
            case RevisePlan():
                changed = [step_id(command.plan_id, step.label) for step in command.steps]
                return Answer({"plan_id": command.plan_id, "changed": changed})
            case _:
                return Answer()

    async def seal(self, text: str) -> Sealed:  # noqa: ARG002 - nobody will read it
        return self.message.text


class _Nobody:
    """A language model that is never asked."""

    async def complete(self, *_: Any, **__: Any) -> Completion:
        raise LlmFailed("unknown", "off the record nobody is asked")

    async def stream(self, *_: Any, **__: Any) -> AsyncGenerator[Delta | Restarted | Completion]:
        raise LlmFailed("unknown", "off the record nobody is asked")
        yield


async def _unsent(command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:  # noqa: ARG001
    raise LlmFailed("unknown", "off the record nothing is sent")


async def _untold(progress: Progress) -> None:
    """No page listens."""


def rooms_of(vault: Vault, storage: Storage, sessions: Sessions, catalog: Catalog) -> Rooms:
    """Rooms from which nothing gets out."""
    return Rooms(_unsent, vault, sessions, lambda: catalog, _Nobody(), _untold, "off the record", storage)


async def asked(rooms: Rooms, event: Recorded, session: Session, answers: Answers, wanted: str) -> Question | None:
    """The question of the call of this id; None where the pipeline as it is today does not come to it."""
    message = event.data
    assert isinstance(message, MessagePosted)
    stages = _OffRecord(rooms, event, message, session, answers, wanted)
    try:
        await Pipeline(rooms, event, message, session, stages, rooms.catalog()).run()
    except _Reached as found:
        return found.question
    except LlmFailed:
        return None
    return None
