"""A simulated prediction: its state is a function of the clock, so that nothing has to run in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from adapters.simulators.behaviour import FOREVER_S, Behaviour
from adapters.simulators.kinds import kind_of
from adapters.simulators.media import sample

START_S: Final = 0.02
ENDINGS: Final = {
    "content_policy": ("failed", "NSFW content detected. Try running it again, or try a different prompt."),
    "model_error": ("failed", "Something in the model went wrong."),
    "passing_error": ("failed", "CUDA out of memory."),
    "aborted": ("aborted", None),
    "deadline": ("canceled", None),
    "drift": ("paused", None),
}


@dataclass(frozen=True, slots=True)
class State:
    status: str
    started_at: float | None = None
    completed_at: float | None = None
    fraction: float = 0.0
    error: str | None = None

    @property
    def ended(self) -> bool:
        return self.completed_at is not None


@dataclass(frozen=True, slots=True)
class Prediction:
    id: str
    model: str
    input: dict[str, Any]
    behaviour: Behaviour
    created_at: float
    base_url: str
    webhook: str | None = None
    cancelled_at: float | None = None

    @property
    def token(self) -> str | None:
        return self.webhook

    @property
    def starts_at(self) -> float:
        return self.created_at + START_S

    @property
    def ends_at(self) -> float:
        return self.starts_at + (FOREVER_S if self.behaviour.name == "never" else self.behaviour.seconds)

    def state(self, now: float) -> State:
        if self.cancelled_at is not None:
            started = self.starts_at if self.cancelled_at > self.starts_at else None
            return State("canceled", started, self.cancelled_at)
        if now < self.starts_at:
            return State("starting")
        if now < self.ends_at:
            return State(
                "processing", self.starts_at, fraction=(now - self.starts_at) / (self.ends_at - self.starts_at)
            )
        status, error = ENDINGS.get(self.behaviour.name, ("succeeded", None))
        started = None if status == "aborted" else self.starts_at
        return State(status, started, self.ends_at, 1.0, error)


def body_of(prediction: Prediction, now: float) -> dict[str, Any]:
    """The prediction as Replicate spells it."""
    state = prediction.state(now)
    own = f"{prediction.base_url}/predictions/{prediction.id}"
    ran = state.started_at is not None and state.completed_at is not None
    return {
        "id": prediction.id,
        "model": prediction.model,
        "version": "hidden",
        "input": prediction.input,
        "output": _output(prediction) if state.status == "succeeded" else None,
        "logs": f"{round(state.fraction * 100):>3}%|###| simulated\n" if state.started_at is not None else "",
        "error": state.error,
        "status": state.status,
        "created_at": _time(prediction.created_at),
        "started_at": _time(state.started_at),
        "completed_at": _time(state.completed_at),
        "data_removed": False,
        "metrics": {"predict_time": prediction.ends_at - prediction.starts_at} if ran else {},
        "urls": {"get": own, "cancel": f"{own}/cancel"},
    }


def _output(prediction: Prediction) -> Any:
    kind = kind_of(prediction.model)
    made = sample(kind)
    address = f"{prediction.base_url}/files/{prediction.id}/output.{made.extension}"
    match prediction.behaviour.name:
        case "no_output":
            return None
        case "list":
            return [address, address]
        case "object":
            return {"file": address, "score": 0.9}
        case _ if kind == "text":
            return [piece + " " for piece in made.body.decode().split()]
        case _:
            return address


def _time(moment: float | None) -> str | None:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z") if moment is not None else None
