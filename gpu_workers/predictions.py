"""A prediction: what was asked of a worker and what has become of it, in Cog's words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

Status = Literal["starting", "processing", "succeeded", "failed", "canceled"]
ID_PATTERN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}")
LOG_MAX_CHARS = 4000
SHOWN_DATA_URI_CHARS = 48


class Output(BaseModel):
    """One finished file, kept under the prediction's folder."""

    name: str
    media_type: str
    sha256: str
    bytes: int
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


class Prediction(BaseModel):
    """The state of one prediction; it is replaced, never changed."""

    id: str
    model: str
    engine: str
    status: Status = "starting"
    input: dict[str, Any]
    outputs: list[Output] = Field(default_factory=list)
    error: str | None = None
    error_category: str | None = None
    logs: str = ""
    progress: float = 0.0
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    engine_started_at: float | None = None
    engine_ended_at: float | None = None

    @property
    def ended(self) -> bool:
        return self.status in ("succeeded", "failed", "canceled")

    def with_log(self, line: str) -> str:
        return f"{self.logs}{line}\n"[-LOG_MAX_CHARS:] if line else self.logs


def utc_now() -> datetime:
    return datetime.now(UTC)


def shown_input(value: Any) -> Any:
    """An input as it is kept and shown: a data URI may weigh megabytes, only its head is kept."""
    if isinstance(value, dict):
        return {key: shown_input(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shown_input(item) for item in value]
    if isinstance(value, str) and value.startswith("data:") and len(value) > SHOWN_DATA_URI_CHARS:
        return f"{value[:SHOWN_DATA_URI_CHARS]}…"
    return value


def started(prediction: Prediction) -> Prediction:
    return prediction.model_copy(update={"status": "processing", "started_at": utc_now()})


def progressed(prediction: Prediction, value: float, note: str) -> Prediction:
    """Progress never goes back, whatever an engine says."""
    value = min(max(value, prediction.progress), 1.0)
    return prediction.model_copy(update={"progress": value, "logs": prediction.with_log(note)})


def succeeded(prediction: Prediction, outputs: list[Output], stamps: tuple[float, float]) -> Prediction:
    return prediction.model_copy(
        update={
            "status": "succeeded",
            "outputs": outputs,
            "progress": 1.0,
            "completed_at": utc_now(),
            "engine_started_at": stamps[0],
            "engine_ended_at": stamps[1],
        }
    )


def failed(prediction: Prediction, category: str, error: str) -> Prediction:
    update = {"status": "failed", "error": error, "error_category": category, "completed_at": utc_now()}
    return prediction.model_copy(update=update)


def canceled(prediction: Prediction) -> Prediction:
    return prediction.model_copy(update={"status": "canceled", "completed_at": utc_now()})


def as_answer(prediction: Prediction, base_url: str) -> dict[str, Any]:
    """The JSON that Cog's clients expect, with our own members beside it; absent, never null, inside files."""
    answer = prediction.model_dump(mode="json", exclude={"outputs"})
    files = []
    for output in prediction.outputs:
        described = output.model_dump(exclude={"name"}, exclude_none=True)
        files.append({"url": f"{base_url}/files/{prediction.id}/{output.name}", **described})
    answer["output"] = files if prediction.status == "succeeded" else None
    answer["metrics"] = {}
    if prediction.engine_started_at is not None and prediction.engine_ended_at is not None:
        answer["metrics"]["predict_time"] = prediction.engine_ended_at - prediction.engine_started_at
    return answer
