"""A session folded from its stream: its uploads, last messages and the model calls of its agents."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from events.assets import AssetRef
from events.canvas.session_events import (
    AgentCallRecorded,
    FileUploaded,
    Medium,
    MessagePosted,
    PromptBeside,
    SessionCancelled,
    SessionStarted,
    StageBegun,
)
from events.model import Event
from events.sealed import Sealed

MESSAGES_KEPT = 40
UPLOADS_KEPT = 200
MADE_KEPT = 64
"""Results of runs that later words may point at."""
ANSWERS_KEPT = 32
"""Recorded answers of model calls: enough for whatever a restart may ask again."""


@dataclass(frozen=True, slots=True)
class NoSession:
    """No session was ever started under this id."""


@dataclass(frozen=True, slots=True)
class Upload:
    upload_id: str
    label: str
    medium: Medium
    asset: AssetRef
    file_name: Sealed


@dataclass(frozen=True, slots=True)
class Made:
    """A result that came back as the assistant's words."""

    medium: Medium
    asset: AssetRef
    plan_id: str | None = None


@dataclass(frozen=True, slots=True)
class PromptUsed:
    """Which text an agent was given: a version of a variant of an owner's; without owner, the shipped one."""

    owner: str | None
    variant: str
    version: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A model call: attempt n under an owner, and what was recorded of it."""

    attempt: int
    owner: str
    begun_at: datetime
    timeout_s: int
    prompt: PromptUsed
    recorded: AgentCallRecorded | None = None
    beside: PromptBeside | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """`recent` are the last messages; `media` counts the uploads of each medium."""

    started: SessionStarted
    recent: tuple[MessagePosted, ...] = ()
    uploads: dict[str, Upload] = field(default_factory=dict)
    media: dict[str, int] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    prompts: dict[str, PromptUsed] = field(default_factory=dict)
    """By agent: what its last stage used, and its next will."""
    made: dict[str, Made] = field(default_factory=dict)
    """By label: `made_image_1`, `made_image_2`, `made_video_1`, …, the newest last."""
    stopped: frozenset[str] = frozenset()
    """Those of the last messages of which nothing shall come any more."""

    @property
    def session_id(self) -> str:
        return self.started.session_id

    @property
    def org_id(self) -> str:
        return self.started.org_id

    def message(self, message_id: str) -> MessagePosted | None:
        return next((message for message in self.recent if message.message_id == message_id), None)

    def given_up(self, message_id: str) -> bool:
        """Nothing shall come of the message any more: it was cancelled, or a newer one of the person took its place."""
        newest = next((message for message in reversed(self.recent) if message.role == "user"), None)
        return message_id in self.stopped or (newest is not None and newest.message_id != message_id)


SessionState = NoSession | Session


def evolve_session(state: SessionState, event: Event, at: datetime) -> SessionState:
    """The session after the event; what this state does not need passes by."""
    if isinstance(event, SessionStarted):
        return Session(event)
    if isinstance(state, NoSession):
        return state
    match event:
        case MessagePosted():
            said = replace(state, recent=(*state.recent, event)[-MESSAGES_KEPT:])
            return _with_made(said, event) if event.assets and event.role == "assistant" else said
        case FileUploaded():
            upload = Upload(event.upload_id, event.label, event.medium, event.asset, event.file_name)
            media = {**state.media, event.medium: state.media.get(event.medium, 0) + 1}
            return replace(state, uploads=_last({**state.uploads, event.upload_id: upload}), media=media)
        case StageBegun():
            used = PromptUsed(event.prompt_owner, event.variant, event.prompt_version)
            stage = Stage(event.attempt, event.owner, at, event.timeout_s, used, beside=event.beside)
            prompts = {**state.prompts, event.agent: used}
            if (beside := event.beside) is not None:
                prompts[beside.agent] = PromptUsed(beside.owner, beside.variant, beside.version)
            return replace(state, stages=_bounded({**state.stages, event.call_id: stage}), prompts=prompts)
        case AgentCallRecorded() if event.call_id in state.stages:
            stage = replace(state.stages[event.call_id], recorded=event)
            return replace(state, stages={**state.stages, event.call_id: stage})
        case SessionCancelled():
            return replace(state, stopped=frozenset(message.message_id for message in state.recent))
        case _:
            return state


def _last(uploads: dict[str, Upload]) -> dict[str, Upload]:
    return dict(list(uploads.items())[-UPLOADS_KEPT:])


def _bounded(stages: dict[str, Stage]) -> dict[str, Stage]:
    return dict(list(stages.items())[-ANSWERS_KEPT:])


def _with_made(session: Session, said: MessagePosted) -> Session:
    made, counts = dict(session.made), dict(session.media)
    for asset in said.assets:
        medium = _medium(asset.media_type)
        counts[f"made_{medium}"] = counts.get(f"made_{medium}", 0) + 1
        made[f"made_{medium}_{counts[f'made_{medium}']}"] = Made(medium, asset, said.plan_id)
    return replace(session, made=dict(list(made.items())[-MADE_KEPT:]), media=counts)


def _medium(media_type: str) -> Medium:
    match media_type.partition("/")[0]:
        case "image" | "video" | "audio" | "text" as medium:
            return medium
        case "model":
            return "3d"
        case _:
            return "other"
