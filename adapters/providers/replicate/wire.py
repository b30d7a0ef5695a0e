"""Replicate's bodies in the dispatcher's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.providers.files import files_of
from adapters.providers.http import measured, refusal, stated_wait, unexplained
from events.jobs.events import EngineSpan
from processors.dispatcher.errors import ContractDrift, InputRefused, ProviderError
from processors.dispatcher.ports import (
    Call,
    Ended,
    Failed,
    Progressed,
    Stopped,
    Succeeded,
    Update,
    Usage,
)

_MODERATED = re.compile(
    r"nsfw|sensitive|flagged|safety|moderat|content policy|inappropriate|prohibited|violat", re.IGNORECASE
)
_PASSING = re.compile(
    r"cuda|out of memory|interrupted|unavailable|try again|timed? ?out|connection|\bE\d{4}\b", re.IGNORECASE
)
_INVALID = re.compile(r"validat|invalid|must be|unsupported|too (?:long|large|short)|not a valid", re.IGNORECASE)
_PERCENT = re.compile(r"(\d{1,3})%\|")


def create_path(provider_model: str) -> str:
    """Official models have an address of their own; versions share one."""
    return "/predictions" if ":" in provider_model else f"/models/{provider_model}/predictions"


def create_body(call: Call) -> dict[str, Any]:
    """`version` only where the address does not say the model: Replicate refuses both."""
    body: dict[str, Any] = {"input": dict(call.input)}
    if ":" in call.provider_model:
        body["version"] = call.provider_model.split(":", 1)[1]
    if call.webhook_url is not None:
        body["webhook"] = call.webhook_url
        body["webhook_events_filter"] = ["start", "completed"]
    return body


def update_of(prediction: Mapping[str, Any]) -> Update:
    """Raises ContractDrift for a status that is not Replicate's."""
    match prediction.get("status"):
        case "starting":
            return Progressed()
        case "processing":
            return Progressed(_fraction(prediction.get("logs")))
        case "succeeded":
            return _succeeded(prediction)
        case "failed":
            return _failed(str(prediction.get("error") or ""))
        case "canceled":
            return Stopped("yes" if prediction.get("started_at") else "no")
        case "aborted":
            return Failed("timeout", "the deadline passed before the model began", "no", retryable=True)
        case other:
            raise ContractDrift(f"Replicate answered the status {other!r}")


def ended_of(prediction: Mapping[str, Any]) -> Ended | None:
    update = update_of(prediction)
    return None if isinstance(update, Progressed) else update


def refused(
    status: int, body: Mapping[str, Any], retry_after_s: float | None, *, creating: bool = False
) -> ProviderError:
    """The body's own words first, then the status."""
    detail = str(body.get("detail") or body.get("title") or f"Replicate answered {status}")
    if "insufficient credit" in str(body.get("title", "")).lower():
        status = 402
    if status == 422 and isinstance(body.get("invalid_fields"), list):
        fields = [one for one in body["invalid_fields"] if isinstance(one, dict)]
        return InputRefused("; ".join(f"{one.get('field')}: {one.get('description')}" for one in fields) or detail)
    stated = stated_wait(body.get("retry_after"))
    wait_s = retry_after_s if stated is None else stated
    return refusal(status, detail, retry_after_s=wait_s, creating=creating)


def _succeeded(prediction: Mapping[str, Any]) -> Ended:
    outputs = files_of(prediction.get("output"))
    if not outputs:
        return Failed("contract", "the prediction succeeded and has no output, or no longer", "yes")
    metrics = prediction.get("metrics")
    seconds = measured(metrics.get("predict_time")) if isinstance(metrics, Mapping) else None
    return Succeeded(outputs, _span(prediction, seconds), usage=Usage(seconds=seconds))


def _failed(error: str) -> Failed:
    """Replicate has no codes for a failed model: only its text."""
    if _MODERATED.search(error):
        return Failed("content_policy", error, "unknown")
    if _PASSING.search(error):
        return Failed("outage", error, "unknown", retryable=True)
    if _INVALID.search(error):
        return Failed("input_validation", error, "unknown")
    return unexplained(error or None, "the model failed without a word")


def _span(prediction: Mapping[str, Any], seconds: float | None) -> EngineSpan | None:
    started, ended = _moment(prediction.get("started_at")), _moment(prediction.get("completed_at"))
    if started is None or ended is None:
        return None
    begun = max(started, ended - seconds) if seconds is not None else started
    return EngineSpan(started_at=begun, ended_at=max(begun, ended))


def _moment(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp() if text else None
    except (ValueError, OverflowError):
        return None


def _fraction(logs: Any) -> float | None:
    """Many models print a progress bar; its last percentage counts."""
    found = _PERCENT.findall(str(logs or "")[-2000:])
    return min(int(found[-1]) / 100, 1.0) if found else None
