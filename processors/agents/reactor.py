"""Turns a person's message into a plan that waits for approval, or runs: the agents' reaction to `message_posted`.

Everything is asked of the decider under ids that follow from the message's event, and the planner's answer is on the
log before anything is made of it: a restart, at any place, goes on where it was and asks no model twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from commands.ask import Answer, Ask, CommandFailed, Unavailable
from commands.canvas.commands import (
    AgentCall,
    BeginStage,
    CanvasCommand,
    DraftPlan,
    DraftStep,
    ModelChoice,
    PostAssistantMessage,
    RecordAgentCall,
    RecordPlanValidated,
    SelectModels,
)
from commands.model import CommandEnvelope
from commands.ports import ERASED, Vault
from commands.refusals import Refusal
from events.canvas.session_events import AgentCallRecorded, MessagePosted
from events.envelope import Recorded
from events.ids import caused_id, derived_id, new_id, session_of
from events.ids import step_id as step_id_of
from processors.agents import apologies
from processors.agents.assembly import feasible, fit
from processors.agents.briefing import brief
from processors.agents.catalog import Catalog
from processors.agents.context import messages
from processors.agents.drafting import AGENT, ask_planner
from processors.agents.llm import LanguageModel, LlmFailed
from processors.agents.narrator import Narrator, Send
from processors.agents.parser import parse_plan
from processors.agents.plan import ParsedPlan
from processors.agents.prompting import BuiltIn, Prompts, chance_of
from processors.agents.references import KnownUpload
from processors.agents.sealing import open_answer, seal_answer
from processors.agents.sessions import NoSuchSession, Sessions
from processors.agents.validator import Checked

log = logging.getLogger(__name__)

ACTOR: Final = "agents"
FULL_MODE: Final = "planner_full"
"""What the planner is told beside its prompt where it chooses the models itself."""
MODEL_TIMEOUT_S: Final = 120.0
STAGE_TIMEOUT_S: Final = 150
"""When another process may take a call over: after the model's own time, and what goes with it."""
CALL_TIMEOUT_S: Final = 175.0
"""Of one message, whatever happens."""
ISSUES_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the agents are handed."""

    ask: Ask
    vault: Vault
    sessions: Sessions
    catalog: Callable[[], Catalog]
    model: LanguageModel
    send: Send
    owner: str
    """`<process name>/<start>`: fresh with every start of the process."""
    prompts: Prompts = field(default_factory=BuiltIn)


def key_of(event: Recorded) -> str:
    return session_of(event.stream.subject)


class Agents:
    """The reactor's handler."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def wants(self, event: Recorded) -> bool:
        """Takes note of every event, in the order of the log; only a person's message asks for an answer."""
        self._rooms.sessions.note(event)
        return isinstance(event.data, MessagePosted) and event.data.role == "user"

    async def handle(self, event: Recorded) -> None:
        """Raises `Unavailable` where it should be tried again."""
        message = event.data
        if not isinstance(message, MessagePosted) or message.role != "user":
            return
        work = _Message(self._rooms, event, message)
        try:
            await work.plan()
        except LlmFailed as error:
            await work.say(apologies.no_model(error.category), "no-model")
        except (Refusal, CommandFailed) as error:
            log.warning("a message led to no plan: %s", error, extra={"action": "plan", "event": event.envelope.id})
            await work.say(apologies.REFUSED, "refused")


class _Message:
    """One message on its way to a plan."""

    def __init__(self, rooms: Rooms, event: Recorded, message: MessagePosted) -> None:
        self._rooms, self._event, self._message = rooms, event, message
        self._org_id = event.envelope.org_id
        self._session_id = message.session_id
        self._call_id = derived_id("call", b"agents", event.envelope.id, AGENT)
        self._prompt = rooms.prompts.pick(AGENT, self._org_id, None, chance_of(message.session_id, AGENT))

    async def plan(self) -> None:
        answer = await self._answer()
        if answer is None:
            return
        parsed = parse_plan(answer.text)
        checked = feasible(parsed.steps, self._rooms.catalog(), answer.uploads)
        if not checked.steps:
            await self._record(answer.record)
            await self.say(apologies.no_plan(parsed, checked), "no-plan")
            return
        draft = await self._draft(parsed, checked, answer)
        # Sent in this order to one partition: the plan is refused where its answer was not recorded before it.
        _, drafted = await asyncio.gather(self._record(answer.record), self._ask(draft, f"draft {answer.call.attempt}"))
        plan_id = str(drafted.result["plan_id"])
        validated = await self._validation(plan_id, checked)
        selected = await self._selection(plan_id, checked, answer.uploads)
        # Sent in this order to one partition, so decided in this order, mostly in one transaction.
        await asyncio.gather(self._ask(validated, "validate"), self._ask(selected, "select"))

    # the model's answer, once

    async def _answer(self) -> _Answered | None:
        """None where there is nothing to answer."""
        stage = await self._begin()
        try:
            session = await self._rooms.sessions.session(self._session_id, self._event.version)
        except NoSuchSession:
            log.warning("a message without a session", extra={"action": "plan", "event": self._event.envelope.id})
            return None
        briefing = await brief(self._rooms.vault, session, self._message, self._rooms.sessions.plans(self._session_id))
        if briefing.request == ERASED:
            return None
        if stage.recorded is not None and (text := await self._recorded(stage.recorded)) is not None:
            return _Answered(text, stage.recorded.model, briefing.uploads, self._call(stage))
        frames = Narrator(
            self._rooms.send, self._rooms.vault, self._message.text, org_id=self._org_id, session_id=self._session_id,
            agent=AGENT, call_id=self._call_id,
        )  # fmt: skip
        system = self._prompt.text if briefing.mode == "subagent" else f"{self._prompt.text}\n\n{self._full_mode()}"
        prompt = messages(system, briefing, self._rooms.catalog())
        try:
            async with frames:
                variant = self._prompt.variant
                done = await ask_planner(self._rooms.model, prompt, frames, variant=variant, timeout_s=MODEL_TIMEOUT_S)
        except LlmFailed as error:
            await self._record(self._recording(stage, model="none", ms=0, error=error.category))
            raise
        answer = await seal_answer(self._rooms.vault, self._message.text, done.text)
        record = self._recording(
            stage, model=done.model, ms=done.ms, tokens_in=done.tokens_in, tokens_out=done.tokens_out,
            fallback=done.fallback, answer=answer,
        )  # fmt: skip
        return _Answered(done.text, done.model, briefing.uploads, self._call(stage), record)

    def _full_mode(self) -> str:
        chance = chance_of(self._session_id, FULL_MODE)
        return self._rooms.prompts.pick(FULL_MODE, self._org_id, None, chance).text

    async def _begin(self) -> _Stage:
        """May I call the model? While another process is at it: not now, and it is asked again."""
        command = self._command(
            BeginStage,
            call_id=self._call_id,
            agent=AGENT,
            variant=self._prompt.variant,
            prompt_version=self._prompt.version,
            owner=self._rooms.owner,
            timeout_s=STAGE_TIMEOUT_S,
        )
        answer = (await self._ask(command, new_id("ask"))).result
        if answer.get("busy"):
            raise Unavailable(f"another process plans for {self._message.message_id}")
        if (recorded := answer.get("recorded")) is not None:
            return _Stage(0, AgentCallRecorded.model_validate(recorded))
        return _Stage(int(answer["go"]), None)

    async def _recorded(self, call: AgentCallRecorded) -> str | None:
        if call.error is not None:
            raise LlmFailed(call.error, "no language model answered")
        return await open_answer(self._rooms.vault, call.answer) if call.answer is not None else None

    def _call(self, stage: _Stage) -> AgentCall:
        attempt = stage.attempt if stage.recorded is None else stage.recorded.attempt
        return AgentCall(call_id=self._call_id, attempt=attempt)

    def _recording(self, stage: _Stage, **figures: Any) -> RecordAgentCall | None:
        """None where the call is recorded, though its answer cannot be read any more."""
        if stage.recorded is not None:
            return None
        figures = {"tokens_in": 0, "tokens_out": 0, **figures}
        ids = {"org_id": self._org_id, "session_id": self._session_id, "call_id": self._call_id}
        return RecordAgentCall(**ids, attempt=stage.attempt, agent=AGENT, variant=self._prompt.variant, **figures)

    async def _record(self, command: RecordAgentCall | None) -> None:
        """None: it is on the log already."""
        if command is not None:
            await self._ask(command, f"record {command.attempt}")

    # the plan

    async def _draft(self, parsed: ParsedPlan, checked: Checked, answer: _Answered) -> CanvasCommand:
        title, *texts = await asyncio.gather(
            self._seal(parsed.title or checked.steps[0].title),
            *(self._seal(text) for step in checked.steps for text in (step.title, step.description)),
        )
        inputs = await asyncio.gather(*(self._seal(orjson.dumps(dict(step.input)).decode()) for step in checked.steps))
        steps = tuple(
            DraftStep(
                label=step.id,
                title=texts[2 * number],
                description=texts[2 * number + 1],
                agent_type=step.agent_type,
                depends_on=step.depends_on,
                input=inputs[number] if step.input else None,
            )
            for number, step in enumerate(checked.steps)
        )
        return self._command(
            DraftPlan,
            message_id=self._message.message_id,
            made_from=answer.call,
            title=title,
            steps=steps,
            planner=answer.planner,
        )

    async def _validation(self, plan_id: str, checked: Checked) -> CanvasCommand:
        issues = [str(issue) for issue in checked.issues][:ISSUES_MAX]
        sealed = await asyncio.gather(*(self._seal(issue) for issue in issues))
        return self._command(RecordPlanValidated, plan_id=plan_id, verdict=checked.verdict, issues=tuple(sealed))

    async def _selection(self, plan_id: str, checked: Checked, uploads: Sequence[KnownUpload]) -> CanvasCommand:
        fitted = fit(checked.steps, self._rooms.catalog(), uploads, lambda label: step_id_of(plan_id, label))
        inputs = await asyncio.gather(*(self._seal(orjson.dumps(dict(one.input)).decode()) for one in fitted))
        choices = tuple(
            ModelChoice(
                step_id=step_id_of(plan_id, one.step.id),
                model=one.model,
                input=sealed,
                estimate=one.estimate,
                reason=one.reason[:500],
            )
            for one, sealed in zip(fitted, inputs, strict=True)
        )
        flags = tuple(flag for one in fitted for flag in one.flags)
        return self._command(SelectModels, plan_id=plan_id, choices=choices, flags=flags)

    async def say(self, text: str, purpose: str) -> None:
        """The platform's words in the conversation: never a silent session."""
        command = self._command(
            PostAssistantMessage,
            message_id=derived_id("msg", b"agents", self._event.envelope.id, purpose),
            text=await self._seal(text),
            in_reply_to=self._message.message_id,
        )
        try:
            await self._ask(command, f"say {purpose}")
        except (Refusal, CommandFailed) as error:
            log.warning("an answer was refused: %s", error, extra={"action": "say", "event": self._event.envelope.id})

    # how it is asked

    async def _seal(self, text: str) -> Any:
        return await self._rooms.vault.seal_like(self._message.text, text)

    def _command(self, kind: type[CanvasCommand], **fields: Any) -> CanvasCommand:
        return kind(org_id=self._org_id, session_id=self._session_id, **fields)

    async def _ask(self, command: CanvasCommand, purpose: str) -> Answer:
        """A purpose that is new with each ask makes a question of the command; others are decided once."""
        cause = self._event.envelope
        envelope = CommandEnvelope(
            id=caused_id(cause.id, purpose),
            org_id=self._org_id,
            actor=ACTOR,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            traceparent=cause.traceparent,
        )
        return await self._rooms.ask(command, envelope)


@dataclass(frozen=True, slots=True)
class _Stage:
    """What `BeginStage` answered: attempt n, or what was recorded already."""

    attempt: int
    recorded: AgentCallRecorded | None


@dataclass(frozen=True, slots=True)
class _Answered:
    """The planner's text, who wrote it, the uploads it may speak of, and what is to be recorded of it, if anything."""

    text: str
    planner: str
    uploads: Sequence[KnownUpload]
    call: AgentCall
    record: RecordAgentCall | None = None
