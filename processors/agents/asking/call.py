"""One agent's call for a message: begun once, heard aloud, recorded once, and after a restart read from the log.

A call's id follows from the message's event, the agent and the round. Its record goes to the decider with whatever is
asked next, before it and to the same partition: nothing is made of an answer that is not on the log.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from commands.ask import Answer, Unavailable
from commands.canvas.commands import AgentCall, BeginStage, CanvasCommand, RecordAgentCall
from commands.model import CommandEnvelope
from events.canvas.session_events import AgentCallRecorded, MessagePosted, PromptBeside
from events.canvas.session_state import Session
from events.envelope import Recorded
from events.ids import caused_id, derived_id, new_id
from events.sealed import Sealed
from processors.agents.asking.hearing import hear
from processors.agents.asking.narrator import Narrator
from processors.agents.asking.prompting import Pinned, Prompt, chance_of, pin
from processors.agents.asking.rooms import Rooms
from processors.agents.asking.sealing import Kept, keep_answer, kept_answer
from processors.agents.llm import LlmFailed, Message, tokens_told

ACTOR: Final = "agents"
TAKE_OVER_AFTER_S: Final = 30
"""Beyond the model's own time: what goes with a call. Then another process may take it over."""
LEAST_S: Final = 1.0
STOPPED: Final = "cancelled"
"""Category of a call that a cancel or a newer message stopped."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked. `stage` is what the page calls it; `round` tells an agent's calls for one message apart."""

    agent: str
    stage: str
    round: str = ""
    timeout_s: float = 60.0
    least_s: float = 0.0
    """With less of the message's time left it is not asked: it has failed, on the log too, so that a restart sees the
    same."""
    small: bool = False
    """A cheaper model will do, where one is configured and the prompt's variant has none of its own."""
    beside: str | None = None
    """Another prompt whose text goes with the agent's own."""
    drafts: bool = False
    """The answer is a plan: its steps are shown while it is written."""


@dataclass(frozen=True, slots=True)
class Said:
    """An agent's answer, who gave it, and the call under which it is recorded."""

    text: str
    model: str
    call: AgentCall


@dataclass(frozen=True, slots=True)
class _Begun:
    """What `BeginStage` answered: attempt n with the prompt to use, or what was recorded already."""

    attempt: int
    prompt: Prompt
    recorded: AgentCallRecorded | None = None


@dataclass(frozen=True, slots=True)
class _Open:
    """A call that a model is being asked: since when (monotonic), and with how many tokens at about."""

    call: Call
    begun: _Begun
    since: float
    told: int

    @property
    def ms(self) -> int:
        return round((time.monotonic() - self.since) * 1000)


class Stages:
    """The calls of one message, and everything else that its event makes the agents ask of the decider."""

    def __init__(
        self, rooms: Rooms, event: Recorded, message: MessagePosted, session: Session, budget_s: float
    ) -> None:
        self._rooms, self._event, self._session = rooms, event, session
        self.message = message
        self.org_id = event.envelope.org_id
        self.session_id = message.session_id
        self.resumed = False
        """Some answer was on the log already: what was made of it may be, too."""
        self._until = time.monotonic() + budget_s
        self._records: list[tuple[CanvasCommand, str]] = []
        """What the next command takes along."""
        self._open: dict[str, _Open] = {}
        """Calls that a model is being asked."""

    @property
    def left_s(self) -> float:
        """Of the time that a message has."""
        return max(0.0, self._until - time.monotonic())

    async def ask(self, call: Call, messages: Callable[[Prompt], Sequence[Message]]) -> Said:
        """Raises LlmFailed, which is on the log too then; `Unavailable` while another process is at it."""
        call_id = call_id_of(self._event.envelope.id, call.agent, call.round)
        begun = await self._begin(call, call_id)
        if begun.recorded is not None and (text := await self._recorded(begun.recorded)) is not None:
            return Said(text, begun.recorded.model, AgentCall(call_id=call_id, attempt=begun.recorded.attempt))
        narrator = Narrator(
            self._rooms.send, self._rooms.vault, self.message.text, org_id=self.org_id, session_id=self.session_id,
            agent=call.agent, call_id=call_id, among=self._rooms.telling,
        )  # fmt: skip
        await self._rooms.planning.turn()
        asked = messages(begun.prompt)
        self._open[call_id] = _Open(call, begun, time.monotonic(), tokens_told(asked))
        try:
            self._in_time(call)
            async with narrator:
                done = await hear(
                    self._rooms.model, call.agent, asked, narrator, stage=call.stage,
                    variant=begun.prompt.variant, timeout_s=self._time_for(call), drafts=call.drafts,
                    org_id=self.org_id, prefer=begun.prompt.model or self._small(call),
                )  # fmt: skip
        except LlmFailed as error:
            self._record(
                call, call_id, begun, model="none", ms=self._open[call_id].ms, tokens_in=error.tokens_in,
                tokens_out=error.tokens_out, cost=error.cost, error=error.category,
            )  # fmt: skip
            await self.flush()
            raise
        kept = await keep_answer(self._rooms.vault, self._rooms.storage, self.org_id, self.message.text, done.text)
        self._record(
            call, call_id, begun, model=done.model, ms=done.ms, tokens_in=done.tokens_in, tokens_out=done.tokens_out,
            cost=done.cost, fallback=done.fallback, **kept._asdict(),
        )  # fmt: skip
        attempt = begun.attempt if begun.recorded is None else begun.recorded.attempt
        await self._rooms.planning.turn()  # for what is made of it
        return Said(done.text, done.model, AgentCall(call_id=call_id, attempt=attempt))

    async def send(self, command: CanvasCommand, purpose: str) -> Answer:
        """A purpose that is new with each ask makes a question of the command; others are decided once."""
        records, self._records = self._records, []
        *_, answer = await asyncio.gather(*(self._send(*one) for one in (*records, (command, purpose))))
        await self._rooms.planning.turn()  # for what follows on it
        return answer

    def along(self, command: CanvasCommand, purpose: str) -> None:
        """Goes with the next command, before it."""
        self._records.append((command, purpose))

    async def flush(self) -> None:
        """Records what nothing was asked after."""
        records, self._records = self._records, []
        await asyncio.gather(*(self._send(*one) for one in records))

    async def give_up(self, category: str) -> None:
        """Records the calls that were stopped. What was used by then no server has told: what was asked counts."""
        for call_id, one in list(self._open.items()):
            figures = {"ms": one.ms, "tokens_in": one.told, "tokens_out": 0}
            self._record(one.call, call_id, one.begun, model="none", error=category, **figures)
        await self.flush()

    def command(self, kind: type[CanvasCommand], **fields: Any) -> CanvasCommand:
        return kind(org_id=self.org_id, session_id=self.session_id, **fields)

    async def seal(self, text: str) -> Sealed:
        """The agents' words belong to the person who asked."""
        return await self._rooms.vault.seal_like(self.message.text, text)

    def prompt(self, agent: str, pinned: Pinned | None = None) -> Prompt:
        """The one that the session has been given, as far as it is known here; BeginStage has the last word."""
        if pinned is None and (used := self._session.prompts.get(agent)) is not None:
            pinned = Pinned(used.variant, used.version, used.owner)
        return self._rooms.prompts.pick(agent, self.org_id, pinned, chance_of(self.session_id, agent))

    def _small(self, call: Call) -> str | None:
        return self._rooms.small_model if call.small else None

    def _in_time(self, call: Call) -> None:
        if self.left_s < call.least_s:
            raise LlmFailed("timeout", f"no time is left to ask the {call.agent}")

    def _time_for(self, call: Call) -> float:
        return max(LEAST_S, min(call.timeout_s, self.left_s))

    async def _begin(self, call: Call, call_id: str) -> _Begun:
        prompt = self._prompts(call)
        answer = await self._ask_to_begin(call, call_id, prompt)
        if answer.get("busy"):
            raise Unavailable(f"another process asks the {call.agent} for {self.message.message_id}")
        if (recorded := answer.get("recorded")) is not None:
            return _Begun(0, prompt, AgentCallRecorded.model_validate(recorded))
        told, beside = _pinned(answer["prompt"]), _pinned(answer.get("beside"))
        if (told, beside) != _pins(prompt):
            prompt = self._prompts(call, told, beside)
        if (told, beside) != _pins(prompt):
            answer = await self._ask_to_begin(call, call_id, prompt, pin_lost=True)
        return _Begun(int(answer["go"]), prompt)

    def _prompts(self, call: Call, pinned: Pinned | None = None, beside: Pinned | None = None) -> Prompt:
        prompt = self.prompt(call.agent, pinned)
        return prompt if call.beside is None else replace(prompt, beside=self.prompt(call.beside, beside))

    async def _ask_to_begin(
        self, call: Call, call_id: str, prompt: Prompt, *, pin_lost: bool = False
    ) -> Mapping[str, Any]:
        command = self.command(
            BeginStage,
            call_id=call_id,
            agent=call.agent,
            variant=prompt.variant,
            prompt_version=prompt.version,
            prompt_owner=prompt.owner,
            beside=_beside(prompt.beside),
            pin_lost=pin_lost,
            owner=self._rooms.owner,
            timeout_s=int(call.timeout_s) + TAKE_OVER_AFTER_S,
        )
        return (await self.send(command, new_id("ask"))).result

    async def _recorded(self, call: AgentCallRecorded) -> str | None:
        """None where the answer was not kept: an earlier release left out what was too large."""
        self.resumed = True
        if call.error is not None:
            raise LlmFailed(call.error, "no language model answered")
        kept = Kept(call.answer, call.answer_sha256)
        return await kept_answer(self._rooms.vault, self._rooms.storage, self.org_id, kept)

    def _record(self, call: Call, call_id: str, begun: _Begun, **figures: Any) -> None:
        """Not where the call is recorded already, though its answer cannot be read any more."""
        self._open.pop(call_id, None)
        if begun.recorded is not None:
            return
        ids = {"call_id": call_id, "attempt": begun.attempt, "agent": call.agent, "variant": begun.prompt.variant}
        command = self.command(RecordAgentCall, **ids, **figures)
        self._records.append((command, f"record {call_id} {begun.attempt}"))

    async def _send(self, command: CanvasCommand, purpose: str) -> Answer:
        cause = self._event.envelope
        envelope = CommandEnvelope(
            id=caused_id(cause.id, purpose),
            org_id=self.org_id,
            actor=ACTOR,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            traceparent=cause.traceparent,
        )
        return await self._rooms.ask(command, envelope)


def call_id_of(event_id: str, agent: str, round_: str = "") -> str:
    """Of a call for the message of this event: the same after every restart."""
    return derived_id("call", b"agents", event_id, agent, *filter(None, [round_]))


def _pinned(told: Mapping[str, Any] | None) -> Pinned | None:
    return None if told is None else Pinned(told["variant"], told["version"], told.get("owner"))


def _pins(prompt: Prompt) -> tuple[Pinned, Pinned | None]:
    return pin(prompt), None if prompt.beside is None else pin(prompt.beside)


def _beside(prompt: Prompt | None) -> PromptBeside | None:
    if prompt is None:
        return None
    return PromptBeside(agent=prompt.agent, variant=prompt.variant, version=prompt.version, owner=prompt.owner)
