"""Runway's tasks in the dispatcher's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from adapters.providers.files import first_text, is_address
from adapters.providers.http import refusal, unexplained
from events.jobs.events import Category, ProviderCharged
from processors.dispatcher.errors import BillingRefused, ContractDrift, ProviderError
from processors.dispatcher.ports import Call, Failed, Progressed, RemoteFile, Stopped, Succeeded, Update

WHO: Final = "Runway"
_ROUTES: Final[Mapping[str, str]] = {
    "gen4_aleph": "video_to_video",
    "gen4_image": "text_to_image",
    "gen4_image_turbo": "text_to_image",
    "upscale_v1": "video_upscale",
    "act_two": "character_performance",
}
_BROKE: Final = re.compile(r"not have enough credits", re.IGNORECASE)
_FAILURES: Final[tuple[tuple[str, Category, ProviderCharged, bool], ...]] = (
    ("SAFETY.INPUT", "content_policy", "yes", False),
    ("SAFETY.OUTPUT", "content_policy", "no", False),
    ("INPUT_PREPROCESSING.SAFETY", "content_policy", "no", False),
    ("INPUT_PREPROCESSING", "outage", "no", True),
    ("ASSET.INVALID", "input_validation", "no", False),
    ("THIRD_PARTY", "outage", "no", True),
    ("INTERNAL", "outage", "no", True),
)
"""How `failureCode` begins, and what follows: input that was moderated is charged, output is not."""


def route_of(call: Call) -> str:
    """What the task makes is part of its address; films begin with a picture or with words."""
    known = _ROUTES.get(call.provider_model)
    if known is not None:
        return known
    return "image_to_video" if call.input.get("promptImage") else "text_to_video"


def body_of(call: Call) -> dict[str, Any]:
    return {"model": call.provider_model, **call.input}


def update_of(task: Mapping[str, Any]) -> Update:
    """Raises ContractDrift for a status that is not Runway's."""
    match task.get("status"):
        case "PENDING" | "THROTTLED":
            return Progressed()
        case "RUNNING":
            fraction = task.get("progress")
            return Progressed(min(max(fraction, 0.0), 1.0) if isinstance(fraction, int | float) else None)
        case "SUCCEEDED":
            output = task.get("output")
            listed = output if isinstance(output, list) else []
            files = tuple(RemoteFile(url) for url in listed if isinstance(url, str) and is_address(url))
            return Succeeded(files) if files else Failed("contract", "the task succeeded and has no output", "yes")
        case "FAILED":
            return _failed(task)
        case "CANCELLED":
            return Stopped()
        case other:
            raise ContractDrift(f"Runway answered the status {other!r}")


def refused(
    status: int, body: Mapping[str, Any], retry_after_s: float | None, *, creating: bool = False
) -> ProviderError:
    """An empty account is a 400 here."""
    words = first_text(body, "error", "message") or f"Runway answered {status}"
    if status == 400 and _BROKE.search(words):
        return BillingRefused(words)
    return refusal(status, words, retry_after_s=retry_after_s, creating=creating)


def _failed(task: Mapping[str, Any]) -> Failed:
    code, words = str(task.get("failureCode") or ""), first_text(task, "failure")
    otherwise = "the task failed without a word"
    for prefix, category, charged, retryable in _FAILURES:
        if code.startswith(prefix):
            return Failed(category, words or otherwise, charged, retryable)
    return unexplained(words, otherwise)
