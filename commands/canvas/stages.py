"""Model calls of the agents: begun once under an owner, recorded once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from commands.canvas.commands import BeginStage, RecordAgentCall, RecordContext
from commands.canvas.streams import ref, session_stream
from commands.model import Context, Decision, Streams
from commands.refusals import IllegalState, InvalidInput
from events.canvas.session_events import AgentCallRecorded, ContextClassified, PromptBeside, StageBegun
from events.canvas.session_state import PromptUsed, Session, Stage


def begin_stage(command: BeginStage, streams: Streams, context: Context) -> Decision:
    """`go(n)` with the versions that the asker must have read, `recorded(result)`, or `busy`."""
    session, version = session_stream(streams, command.org_id, command.session_id)
    versions = {command.session_id: version}
    if command.plan_id is not None:
        versions[command.plan_id] = streams(ref(command.plan_id)).version
    stage = session.stages.get(command.call_id)
    if stage is not None and stage.recorded is not None:
        return Decision(result={"recorded": _recorded(stage.recorded), "versions": versions})
    prompt, beside = _prompt(session, command), _beside(session, command)
    told = {"versions": versions, "prompt": _told(prompt)} | ({} if beside is None else {"beside": _told(beside)})
    if stage is not None and (stage.owner, stage.prompt, stage.beside) == (command.owner, prompt, beside):
        return Decision(result={"go": stage.attempt, **told})
    if stage is not None and stage.owner != command.owner and not _may_take_over(stage, command.owner, context):
        return Decision(result={"busy": True})
    attempt = stage.attempt + 1 if stage is not None else 1
    event = StageBegun(
        session_id=command.session_id,
        call_id=command.call_id,
        attempt=attempt,
        agent=command.agent,
        variant=prompt.variant,
        prompt_version=prompt.version,
        prompt_owner=prompt.owner,
        owner=command.owner,
        timeout_s=command.timeout_s,
        beside=beside,
    )
    versions[command.session_id] = version + 1
    return Decision(((ref(command.session_id), event),), {"go": attempt, **told})


def _prompt(session: Session, command: BeginStage) -> PromptUsed:
    """The one that the session is pinned to; its first stage pins it."""
    asked = PromptUsed(command.prompt_owner, command.variant, command.prompt_version)
    return asked if command.pin_lost else session.prompts.get(command.agent, asked)


def _beside(session: Session, command: BeginStage) -> PromptBeside | None:
    """The same of what goes with it."""
    asked = command.beside
    if asked is None or command.pin_lost or (used := session.prompts.get(asked.agent)) is None:
        return asked
    return PromptBeside(agent=asked.agent, variant=used.variant, version=used.version, owner=used.owner)


def _told(prompt: PromptUsed | PromptBeside) -> dict[str, Any]:
    owner = {} if prompt.owner is None else {"owner": prompt.owner}
    return {"variant": prompt.variant, "version": prompt.version, **owner}


def record_agent_call(command: RecordAgentCall, streams: Streams, _context: Context) -> Decision:
    """Under the attempt that `BeginStage` gave: an older attempt comes too late."""
    session, _ = session_stream(streams, command.org_id, command.session_id)
    stage = session.stages.get(command.call_id)
    if stage is None or stage.attempt != command.attempt:
        raise IllegalState("another attempt of this call has begun", allowed=[stage.attempt] if stage else [])
    if stage.recorded is not None:
        return Decision(result={})
    fields = command.model_dump(exclude={"org_id", "answer"})
    event = AgentCallRecorded(**fields, answer=command.answer)
    return Decision(((ref(command.session_id), event),), {})


def record_context(command: RecordContext, streams: Streams, _context: Context) -> Decision:
    session, _ = session_stream(streams, command.org_id, command.session_id)
    if session.message(command.message_id) is None:
        raise InvalidInput.at("/message_id", "no such message in this session")
    event = ContextClassified(
        session_id=command.session_id,
        call_id=command.call_id,
        message_id=command.message_id,
        decision=command.decision,
    )
    return Decision(((ref(command.session_id), event),), {})


def _may_take_over(stage: Stage, owner: str, context: Context) -> bool:
    """The old owner's time is over, or it is this very instance before its restart."""
    same_instance = stage.owner.split("/", 1)[0] == owner.split("/", 1)[0]
    return same_instance or context.at >= stage.begun_at + timedelta(seconds=stage.timeout_s)


def _recorded(call: AgentCallRecorded) -> dict[str, Any]:
    return call.model_dump(mode="json", by_alias=True, exclude_none=True)
