"""Luma's generations in the dispatcher's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from adapters.providers.files import first_text, is_address
from adapters.providers.http import refusal, unexplained
from processors.dispatcher.errors import ContractDrift, ProviderError
from processors.dispatcher.ports import Call, Failed, Progressed, RemoteFile, Succeeded, Update

WHO: Final = "Luma"
_MEDIA: Final = ("video", "image")
_MODERATED: Final = re.compile(r"moderat|content policy|nsfw|not allowed|blacklist|safety", re.IGNORECASE)


def route_of(provider_model: str) -> str:
    return "image" if provider_model.startswith("photon") else "video"


def body_of(call: Call) -> dict[str, Any]:
    told = {"callback_url": call.webhook_url} if call.webhook_url is not None else {}
    return {"model": call.provider_model, **call.input, **told}


def update_of(generation: Mapping[str, Any]) -> Update:
    """All members are optional there. Raises ContractDrift for a state that is not Luma's."""
    match generation.get("state"):
        case "queued" | "dreaming":
            return Progressed()
        case "completed":
            assets = generation.get("assets")
            told = assets if isinstance(assets, Mapping) else {}
            files = tuple(RemoteFile(url) for name in _MEDIA if is_address(url := str(told.get(name) or "")))
            return (
                Succeeded(files) if files else Failed("contract", "the generation is complete and has no file", "yes")
            )
        case "failed":
            words = first_text(generation, "failure_reason")
            if words is not None and _MODERATED.search(words):
                return Failed("content_policy", words)
            return unexplained(words, "the generation failed without a word")
        case other:
            raise ContractDrift(f"Luma answered the state {other!r}")


def refused(
    status: int, body: Mapping[str, Any], retry_after_s: float | None, *, creating: bool = False
) -> ProviderError:
    detail = body.get("detail")
    words = detail if isinstance(detail, str) else f"Luma answered {status}: {detail}" if detail else None
    return refusal(status, words or f"Luma answered {status}", retry_after_s=retry_after_s, creating=creating)
