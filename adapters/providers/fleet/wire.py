"""A worker's prediction in the dispatcher's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from adapters.providers.files import files_of, first_text
from adapters.providers.http import measured, refusal, unexplained
from events.jobs.events import Category, EngineSpan
from processors.dispatcher.errors import ContractDrift, InputRefused, ProviderError, SlotsTaken
from processors.dispatcher.ports import (
    Ended,
    Failed,
    OutputFile,
    Progressed,
    RemoteFile,
    Stopped,
    Succeeded,
    Update,
    Usage,
)

PASSING: Final = {"outage", "timeout", "unknown"}
"""Categories of a failed prediction that another attempt may not meet."""
RESTARTED: Final = "worker-restarted"
_CATEGORIES: Final = frozenset(get_args(Category))


def update_of(prediction: Mapping[str, Any]) -> Update:
    """Raises ContractDrift for a status that is not Cog's."""
    match prediction.get("status"):
        case "starting" | "processing":
            return Progressed(_fraction(prediction.get("progress")), _last_line(prediction.get("logs")))
        case "succeeded":
            return _succeeded(prediction)
        case "failed":
            return _failed(prediction)
        case "canceled":
            return Stopped("no")
        case other:
            raise ContractDrift(f"the worker answered the status {other!r}")


def ended_of(prediction: Mapping[str, Any]) -> Ended | None:
    update = update_of(prediction)
    return None if isinstance(update, Progressed) else update


def refused(status: int, body: Mapping[str, Any], retry_after_s: float | None) -> ProviderError:
    """A worker that is full says 503 and takes nothing."""
    detail = str(body.get("detail") or f"the worker answered {status}")
    if status == 503:
        return SlotsTaken(detail, retry_after_s=retry_after_s)
    if status == 422:
        return InputRefused(_problems(body.get("detail")))
    return refusal(status, detail, retry_after_s=retry_after_s)


def _succeeded(prediction: Mapping[str, Any]) -> Succeeded:
    """Our worker lists its files and where they lie; a foreign container answers as its model pleases."""
    files = prediction.get("output")
    if isinstance(files, list) and all(isinstance(one, dict) and "url" in one for one in files):
        outputs: tuple[OutputFile, ...] = tuple(
            RemoteFile(str(one["url"]), sha256=_text(one.get("sha256")), own=True) for one in files
        )
    else:
        outputs = files_of(files)
    if not outputs:
        raise ContractDrift("the worker has succeeded, and its output is none")
    span = _span(prediction)
    seconds = span.ended_at - span.started_at if span else None
    return Succeeded(outputs, span, _text(prediction.get("engine")), Usage(seconds=seconds))


def _span(prediction: Mapping[str, Any]) -> EngineSpan | None:
    """What a foreign container says of its engine's time may be anything."""
    started, ended = measured(prediction.get("engine_started_at")), measured(prediction.get("engine_ended_at"))
    if started is None or ended is None or ended < started:
        return None
    return EngineSpan(started_at=started, ended_at=ended)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _failed(prediction: Mapping[str, Any]) -> Failed:
    """Our own machines charge nobody for a failure. A foreign container states no category."""
    stated = str(prediction.get("error_category"))
    words, otherwise = first_text(prediction, "error"), "the engine failed without a word"
    detail = words or otherwise
    if stated == RESTARTED:
        return Failed("outage", detail, "no", retryable=True)
    if prediction.get("error_category") is None:
        return unexplained(words, otherwise, "no")
    category: Category = stated if stated in _CATEGORIES else "unknown"  # type: ignore[assignment]
    return Failed(category, detail, "no", retryable=category in PASSING)


def _fraction(value: Any) -> float | None:
    return min(max(float(value), 0.0), 1.0) if isinstance(value, int | float) else None


def _last_line(logs: Any) -> str | None:
    lines = str(logs or "").rstrip().rsplit("\n", 1)
    return lines[-1] or None


def _problems(detail: Any) -> str:
    if isinstance(detail, list):
        problems = [one for one in detail if isinstance(one, dict)]
        told = [f"{one.get('pointer', '')}: {one.get('detail', one.get('msg', ''))}" for one in problems]
        return "; ".join(told) or "the worker refused the input"
    return str(detail or "the worker refused the input")
