"""What is known of a run from its frames: a plain state that frames change, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from studio.client.api import Frame
from studio.client.notes import Note, told
from studio.client.timing import Span

THOUGHT_MAX: Final = 400
ENDED: Final = frozenset({"succeeded", "failed", "blocked", "cancelled"})


@dataclass
class StepView:
    step_id: str
    title: str = ""
    agent_type: str = ""
    model: str = ""
    status: str = "planned"
    progress: float | None = None
    error: str = ""
    depends_on: list[str] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.step_id.rsplit(".", 1)[-1]


@dataclass
class Progress:
    """`status` is set when it is over: a run's status, `no_plan`, `rejected` or `awaiting_approval`."""

    message_id: str | None = None
    stops_for_approval: bool = False
    plan_id: str | None = None
    run_id: str | None = None
    title: str = ""
    thought: str = ""
    agent: str = ""
    words: str = ""
    status: str | None = None
    cost: int = 0
    available: int | None = None
    reserved: int = 0
    steps: dict[str, StepView] = field(default_factory=dict)
    drafts: dict[str, StepView] = field(default_factory=dict)
    models: list[Span] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """What is not quite as it was asked for."""
        return told(self.notes, {step.name: step.title or step.name for step in self.steps.values()})

    @property
    def made(self) -> list[dict[str, Any]]:
        """The plan's steps in order with what has come of them, as far as the frames have told."""
        return [{"step_id": one.step_id, "title": one.title, "outputs": one.outputs} for one in self.steps.values()]

    def take(self, frame: Frame, now: float) -> None:
        handler = _HANDLERS.get(frame.event)
        if handler is not None:
            handler(self, frame.data, now)
        elif frame.event.startswith("step."):
            self._step_changed(frame.event.removeprefix("step."), frame.data)

    def _step_changed(self, what: str, data: dict[str, Any]) -> None:
        step = self.steps.get(data.get("step_id", ""))
        if step is None or (what == "progress" and step.status in ENDED):
            return
        step.status = {"started": "running", "progress": "running"}.get(what, what)
        if isinstance(data.get("progress"), int | float):
            step.progress = float(data["progress"])
        step.outputs = data.get("outputs", step.outputs)
        error = data.get("error")
        if isinstance(error, dict):
            step.error = str(error.get("detail") or error.get("category", ""))


def _started(view: Progress, data: dict[str, Any], _now: float) -> None:
    view.agent, view.thought = data.get("agent", ""), ""
    view.drafts = {}


def _thinking(view: Progress, data: dict[str, Any], _now: float) -> None:
    text = data.get("text")
    view.thought = (text if isinstance(text, str) else view.thought + data.get("delta", ""))[-THOUGHT_MAX:]


def _finished(view: Progress, data: dict[str, Any], now: float) -> None:
    ended = datetime.fromisoformat(data["at"]).timestamp() if "at" in data else now
    view.models.append((ended - data.get("ms", 0) / 1000, ended))
    view.agent, view.thought = "", ""


def _drafting(view: Progress, data: dict[str, Any], _now: float) -> None:
    step = data.get("step") or {}
    name = str(step.get("step_id") or step.get("id") or "")
    if name:
        view.drafts[name] = StepView(name, str(step.get("title", "")), str(step.get("agent_type", "")))


def _plan_drafted(view: Progress, data: dict[str, Any], _now: float) -> None:
    if data.get("message_id") in (view.message_id, None):
        view.plan_id, view.title = data["plan_id"], data.get("title", "")
        view.steps, view.drafts = {}, {}


def _step_drafted(view: Progress, data: dict[str, Any], _now: float) -> None:
    if data.get("plan_id") == view.plan_id:
        step = data["step"]
        view.steps[step["step_id"]] = StepView(
            step["step_id"],
            step.get("title", ""),
            step.get("agent_type", ""),
            step.get("model", ""),
            depends_on=list(step.get("depends_on", [])),
        )


def _revised(view: Progress, data: dict[str, Any], _now: float) -> None:
    step = view.steps.get(data.get("step_id", ""))
    if step is not None:
        step.model = data.get("step", {}).get("model", step.model)


def _validated(view: Progress, data: dict[str, Any], _now: float) -> None:
    """What was said of an earlier version does not count any more."""
    if data.get("plan_id") == view.plan_id:
        view.notes = list(data.get("notes", []))


def _awaiting(view: Progress, data: dict[str, Any], _now: float) -> None:
    if data.get("plan_id") == view.plan_id:
        view.notes = [*view.notes, *data.get("notes", [])]
    if view.stops_for_approval and data.get("plan_id") == view.plan_id:
        view.status = "awaiting_approval"


def _rejected(view: Progress, data: dict[str, Any], _now: float) -> None:
    if data.get("plan_id") == view.plan_id:
        view.status = "rejected"


def _run_started(view: Progress, data: dict[str, Any], _now: float) -> None:
    if data.get("plan_id") == view.plan_id:
        view.run_id = data["run_id"]


def _completed(view: Progress, data: dict[str, Any], _now: float) -> None:
    if data.get("plan_id") == view.plan_id:
        view.run_id, view.status, view.cost = data["run_id"], data["status"], data.get("cost", 0)


def _message(view: Progress, data: dict[str, Any], _now: float) -> None:
    if data.get("role") == "assistant":
        view.words = data.get("text", "")
        if data.get("in_reply_to") == view.message_id and "plan_id" not in data and view.plan_id is None:
            view.status = "no_plan"


def _credits(view: Progress, data: dict[str, Any], _now: float) -> None:
    view.available, view.reserved = data["available"], data["reserved"]


_HANDLERS: Final[dict[str, Callable[[Progress, dict[str, Any], float], None]]] = {
    "agent.started": _started,
    "agent.reasoning": _thinking,
    "agent.content": _thinking,
    "agent.finished": _finished,
    "step.drafting": _drafting,
    "plan.drafted": _plan_drafted,
    "step.drafted": _step_drafted,
    "plan.revised": _revised,
    "plan.validated": _validated,
    "plan.awaiting_approval": _awaiting,
    "plan.rejected": _rejected,
    "run.started": _run_started,
    "run.completed": _completed,
    "message.posted": _message,
    "credits.changed": _credits,
}
