"""ElevenLabs' calls and refusals in the dispatcher's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from adapters.providers.files import first_text
from adapters.providers.http import refusal
from processors.dispatcher.errors import (
    AccessRefused,
    BillingRefused,
    InputRefused,
    ProviderError,
    RateLimited,
    SlotsTaken,
)
from processors.dispatcher.ports import Call

WHO: Final = "ElevenLabs"
_OF_ADDRESS: Final = frozenset({"voice_id", "output_format"})
_KINDS: Final[Mapping[str, type[ProviderError]]] = {
    "quota_exceeded": BillingRefused,
    "invalid_api_key": AccessRefused,
    "missing_permissions": AccessRefused,
    "detected_unusual_activity": AccessRefused,
    "rate_limit_exceeded": RateLimited,
    "system_busy": RateLimited,
    "concurrent_limit_exceeded": SlotsTaken,
    "too_many_concurrent_requests": SlotsTaken,
    "max_character_limit_exceeded": InputRefused,
    "voice_not_found": InputRefused,
    "invalid_parameters": InputRefused,
}
"""By the code in the body: 401 may mean an empty account, 429 a taken slot."""


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    body: dict[str, Any]
    params: dict[str, str]


def request_of(call: Call) -> Request:
    """Raises InputRefused where no voice is named."""
    body = {name: value for name, value in call.input.items() if name not in _OF_ADDRESS}
    body["model_id"] = call.provider_model
    chosen = call.input.get("output_format")
    params = {"output_format": str(chosen)} if chosen is not None else {}
    if call.provider_model.startswith("music"):
        return Request("/v1/music", body, params)
    if "text_to_sound" in call.provider_model:
        return Request("/v1/sound-generation", body, params)
    voice = call.input.get("voice_id")
    if not isinstance(voice, str) or not voice:
        raise InputRefused("voice_id: a voice has to be named")
    return Request(f"/v1/text-to-speech/{quote(voice, safe='')}", body, params)


def pcm_rate(request: Request) -> int | None:
    """Samples a second where the answer is bare samples."""
    kind, _, rate = request.params.get("output_format", "").partition("_")
    return int(rate) if kind == "pcm" and rate.isdecimal() else None


def refused(
    status: int, body: Mapping[str, Any], retry_after_s: float | None, *, creating: bool = False
) -> ProviderError:
    """Three forms of `detail`: an object with `status` or `code`, a list of fields, a text."""
    detail = body.get("detail")
    if isinstance(detail, list):
        return InputRefused("; ".join(_field(one) for one in detail if isinstance(one, Mapping)))
    told = detail if isinstance(detail, Mapping) else {}
    words = first_text(told, "message") or str(detail or f"ElevenLabs answered {status}")
    code = first_text(told, "code", "status") or ""
    if (param := first_text(told, "param")) is not None:
        words = f"{param}: {words}"
    kind = _KINDS.get(code)
    if kind is not None:
        return kind(words, retry_after_s=retry_after_s)
    return refusal(status, words, retry_after_s=retry_after_s, creating=creating)


def _field(one: Mapping[str, Any]) -> str:
    loc = one.get("loc")
    name = ".".join(str(step) for step in loc if step != "body") if isinstance(loc, list) else "input"
    return f"{name}: {one.get('msg')}"
