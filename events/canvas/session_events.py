"""Events of a session's stream: its messages, uploads and what its agents were asked and answered."""

from __future__ import annotations

from typing import ClassVar, Literal

from events.assets import AssetRef
from events.model import Event, Frozen, Money
from events.sealed import Sealed

Approval = Literal["plan", "assist", "auto"]
PlanningMode = Literal["full", "subagent"]
Medium = Literal["image", "video", "audio", "3d", "text", "other"]


class SessionEvent(Event):
    context: ClassVar[str] = "canvas"
    session_id: str


class SessionStarted(SessionEvent):
    name: ClassVar[str] = "session_started"
    org_id: str
    title: Sealed | None = None
    project_id: str | None = None
    user_id: str | None = None


class MessagePosted(SessionEvent):
    """A person's or the assistant's words. `in_reply_to` and `plan_id` tie an assistant's to their cause."""

    name: ClassVar[str] = "message_posted"
    message_id: str
    role: Literal["user", "assistant"]
    text: Sealed
    mode: PlanningMode = "subagent"
    approval: Approval = "assist"
    upload_ids: tuple[str, ...] = ()
    assets: tuple[AssetRef, ...] = ()
    in_reply_to: str | None = None
    plan_id: str | None = None
    after_plan: str | None = None
    """Of a person's: the session's newest plan when it was said, in its state after `after_version` events."""
    after_version: int | None = None


class FileUploaded(SessionEvent):
    """`label` is `image_1`, `image_2`, `video_1`, …: the n-th of its medium in the session."""

    name: ClassVar[str] = "file_uploaded"
    upload_id: str
    asset: AssetRef
    file_name: Sealed
    medium: Medium
    label: str


class PromptBeside(Frozen):
    """A text that goes with an agent's prompt, of its own variants and versions: `planner_full` in full mode."""

    agent: str
    variant: str
    version: int
    owner: str | None = None
    """Absent: the one that is shipped."""


class StageBegun(SessionEvent):
    """An agent may call a model now: attempt n of the call, under this owner. The first pins the prompt."""

    name: ClassVar[str] = "stage_begun"
    call_id: str
    attempt: int
    agent: str
    variant: str
    prompt_version: int
    prompt_owner: str | None = None
    """`platform` or an org id, whose the prompt is; absent: the one that is shipped."""
    owner: str
    timeout_s: int
    beside: PromptBeside | None = None


class AgentCallRecorded(SessionEvent):
    """What the call cost and answered (sealed), so that a restart never asks the model again.

    An answer that is too large for an event is in storage by the hash of its sealed form.
    """

    name: ClassVar[str] = "agent_call_recorded"
    call_id: str
    attempt: int
    agent: str
    variant: str
    model: str
    tokens_in: int
    tokens_out: int
    ms: int
    cost: Money | None = None
    """What the operator pays for it, where the model's price is configured."""
    fallback: str | None = None
    error: str | None = None
    answer: Sealed | None = None
    answer_sha256: str | None = None


class ContextClassified(SessionEvent):
    name: ClassVar[str] = "context_classified"
    call_id: str
    message_id: str
    decision: Literal["SAME", "NEW"]


class SessionCancelled(SessionEvent):
    """Nothing comes of the messages before this any more; the runs that it stopped say so themselves."""

    name: ClassVar[str] = "session_cancelled"
    cancelled_by: str


SESSION_EVENTS: tuple[type[SessionEvent], ...] = (
    SessionStarted,
    MessagePosted,
    FileUploaded,
    StageBegun,
    AgentCallRecorded,
    ContextClassified,
    SessionCancelled,
)
