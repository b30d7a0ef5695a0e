"""Meshy's tasks in the dispatcher's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from adapters.providers.files import first_text, is_address
from adapters.providers.http import refusal, unexplained
from processors.dispatcher.errors import ContractDrift, ProviderError, SlotsTaken
from processors.dispatcher.ports import Call, Failed, Progressed, RemoteFile, Stopped, Succeeded, Update

WHO: Final = "Meshy"
FORMAT: Final = "glb"
_VERSIONS: Final[Mapping[str, str]] = {"text-to-3d": "v2"}
_MODERATED: Final = re.compile(r"moderat|nsfw|policy|sensitive|inappropriate", re.IGNORECASE)
_BUSY: Final = re.compile(r"concurren|too many (?:active )?tasks", re.IGNORECASE)


def route_of(provider_model: str) -> str:
    """Each kind of task has its own version of the API."""
    return f"{_VERSIONS.get(provider_model, 'v1')}/{provider_model}"


def body_of(call: Call) -> dict[str, Any]:
    """Words become a bare object first; a picture's is textured at once."""
    mode = {"mode": "preview"} if call.provider_model == "text-to-3d" else {}
    return {**mode, **call.input}


def update_of(task: Mapping[str, Any]) -> Update:
    """A task that failed costs nothing there. Raises ContractDrift for a status that is not Meshy's."""
    match task.get("status"):
        case "PENDING":
            return Progressed()
        case "IN_PROGRESS":
            percent = task.get("progress")
            return Progressed(min(max(percent / 100, 0.0), 1.0) if isinstance(percent, int | float) else None)
        case "SUCCEEDED":
            models = task.get("model_urls")
            url = str(models.get(FORMAT) or "") if isinstance(models, Mapping) else ""
            if is_address(url):
                return Succeeded((RemoteFile(url),))
            return Failed("contract", f"the task succeeded and has no {FORMAT}", "yes")
        case "FAILED" | "EXPIRED":
            error = task.get("task_error")
            words = first_text(error, "message") if isinstance(error, Mapping) else None
            if words is not None and _MODERATED.search(words):
                return Failed("content_policy", words, "no")
            return unexplained(words, "the task failed without a word", "no")
        case "CANCELED":
            return Stopped()
        case other:
            raise ContractDrift(f"Meshy answered the status {other!r}")


def refused(
    status: int, body: Mapping[str, Any], retry_after_s: float | None, *, creating: bool = False
) -> ProviderError:
    words = first_text(body, "message") or f"Meshy answered {status}"
    if status == 429 and _BUSY.search(words):
        return SlotsTaken(words, retry_after_s=retry_after_s)
    return refusal(status, words, retry_after_s=retry_after_s, creating=creating)
