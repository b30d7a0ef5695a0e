"""Stability's calls and answers in the dispatcher's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from adapters.providers.files import first_text, form_file, unpacked
from adapters.providers.http import refusal
from adapters.providers.rest import is_words
from processors.dispatcher.errors import BillingRefused, ContentRefused, InputRefused, ProviderError
from processors.dispatcher.ports import Call, Ended, Failed, InlineFile, Succeeded

WHO: Final = "Stability"
FILTERED: Final = "CONTENT_FILTERED"
LATER: Final = frozenset({"stable-image/upscale/creative"})
"""What answers with an id instead of the picture."""
PACKED: Final = ("image", "audio", "video", "result")
FILES: Final = frozenset({"image", "mask", "audio"})

Part = tuple[str | None, str | bytes] | tuple[str | None, str | bytes, str]


def path_of(provider_model: str) -> str:
    """A model is an address of its own, but for Stable Diffusion 3, whose models share one."""
    return f"/{provider_model}" if "/" in provider_model else "/stable-image/generate/sd3"


def accepts(provider_model: str) -> str:
    """Which medium the answer's body shall be: otherwise it would be base64 in JSON."""
    if provider_model.startswith("audio/"):
        return "audio/*"
    return "*/*" if provider_model.startswith("3d/") else "image/*"


def form_of(call: Call) -> list[tuple[str, Part]]:
    """Every field as a part: Stability takes no other form. Raises InputRefused for a file that is an address."""
    parts: list[tuple[str, Part]] = []
    for name, value in call.input.items():
        parts.append((name, form_file(value, name) if name in FILES else (None, _text(value))))
    if "/" not in call.provider_model:
        parts.append(("model", (None, call.provider_model)))
    return parts


def ended(headers: Mapping[str, str], body: bytes) -> Ended:
    """A blurred picture comes with 200: it is a refusal, and it is charged. Raises BadResult.

    The medium that was asked for, or JSON that holds it: both say why it ended.
    """
    told = _told(body) if is_words(headers) else {}
    reason = first_text(headers, "finish-reason") or first_text(told, "finish_reason") or ""
    if reason.upper() == FILTERED:
        return Failed("content_policy", "Stability has blurred what it made: its content policy", "yes")
    if is_words(headers):
        packed = first_text(told, *PACKED)
        file = unpacked(packed, WHO) if packed is not None else InlineFile(b"")
    else:
        file = InlineFile(body)
    return Succeeded((file,)) if file.body else Failed("contract", "Stability answered nothing", "yes")


def refused(
    status: int, body: Mapping[str, Any], retry_after_s: float | None, *, creating: bool = False
) -> ProviderError:
    """By the body's `name` first, then by the status."""
    told = body.get("errors")
    words = "; ".join(map(str, told)) if isinstance(told, list) and told else f"Stability answered {status}"
    match first_text(body, "name"):
        case "payment_required":
            return BillingRefused(words)
        case "content_moderation":
            return ContentRefused(words, charged="no")
        case "bad_request" | "invalid_language":
            return InputRefused(words)
    return refusal(status, words, retry_after_s=retry_after_s, creating=creating)


def _told(body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
