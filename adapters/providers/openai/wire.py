"""OpenAI's bodies in the dispatcher's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from adapters.providers.files import first_text, form_file, is_address, unpacked
from adapters.providers.http import refusal, unexplained
from processors.dispatcher.errors import (
    AccessRefused,
    BillingRefused,
    ContentRefused,
    ContractDrift,
    InputRefused,
    ProviderError,
    RateLimited,
)
from processors.dispatcher.ports import (
    Call,
    Ended,
    Failed,
    OutputFile,
    Progressed,
    RemoteFile,
    Succeeded,
    Update,
    Usage,
)

WHO: Final = "OpenAI"
PCM_RATE: Final = 24_000
FILES: Final = ("image", "mask", "input_reference")

Kind = Literal["image", "speech", "video"]
FormFile = tuple[str, tuple[str, bytes, str]]

_BILLING: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_MODERATED: Final = frozenset({"moderation_blocked", "content_policy_violation"})
_PASSING: Final = frozenset({"server_error", "internal_error"})


def kind_of(provider_model: str) -> Kind:
    if provider_model.startswith("sora"):
        return "video"
    return "speech" if "tts" in provider_model else "image"


def fields(call: Call) -> dict[str, Any]:
    """The body without its files."""
    values = {name: value for name, value in call.input.items() if name not in FILES}
    return {"model": call.provider_model, **values}


def form(call: Call) -> dict[str, str]:
    """The same as a form has it."""
    return {name: str(value) for name, value in fields(call).items()}


def form_files(call: Call) -> list[FormFile]:
    """Raises InputRefused for a file that is an address."""
    found: list[FormFile] = []
    pictures = call.input.get("image")
    if isinstance(pictures, list):
        found += [("image[]", form_file(value, f"image/{number}")) for number, value in enumerate(pictures)]
    for name in ("mask", "input_reference"):
        if (value := call.input.get(name)) is not None:
            found.append((name, form_file(value, name)))
    return found


def pictures(answer: Mapping[str, Any]) -> Ended:
    """Base64 from present models, addresses from older ones."""
    data = answer.get("data")
    found: list[OutputFile] = []
    for one in data if isinstance(data, list) else []:
        if isinstance(one, Mapping) and isinstance(packed := one.get("b64_json"), str):
            found.append(unpacked(packed, WHO))
        elif isinstance(one, Mapping) and is_address(url := str(one.get("url") or "")):
            found.append(RemoteFile(url))
    if not found:
        return Failed("contract", "OpenAI answered no picture", "yes")
    usage = answer.get("usage")
    tokens = usage.get("total_tokens") if isinstance(usage, Mapping) else None
    return Succeeded(tuple(found), usage=Usage(tokens=tokens if isinstance(tokens, int) else None))


def video_update(video: Mapping[str, Any], content: RemoteFile) -> Update:
    """`content` is where the film lies once it is done. Raises ContractDrift."""
    match video.get("status"):
        case "queued":
            return Progressed()
        case "in_progress":
            percent = video.get("progress")
            return Progressed(min(max(percent / 100, 0.0), 1.0) if isinstance(percent, int | float) else None)
        case "completed":
            seconds = str(video.get("seconds") or "")
            return Succeeded((content,), usage=Usage(seconds=float(seconds) if seconds.isdecimal() else None))
        case "failed":
            return _failed(video.get("error"))
        case other:
            raise ContractDrift(f"OpenAI answered the status {other!r}")


def refused(
    status: int, body: Mapping[str, Any], retry_after_s: float | None, *, creating: bool = False
) -> ProviderError:
    """The body's own code first: 429 and 400 may mean that our account is empty."""
    error = body.get("error")
    told = error if isinstance(error, Mapping) else {}
    code, words = str(told.get("code") or ""), first_text(told, "message") or f"OpenAI answered {status}"
    if code in _BILLING:
        return BillingRefused(words)
    if code in _MODERATED:
        return ContentRefused(words)
    if code == "rate_limit_exceeded":
        return RateLimited(words, retry_after_s=retry_after_s)
    if code == "invalid_api_key":
        return AccessRefused(words)
    if status == 400 and isinstance(told.get("param"), str):
        return InputRefused(f"{told['param']}: {words}")
    return refusal(status, words, retry_after_s=retry_after_s, creating=creating)


def _failed(error: Any) -> Failed:
    told = error if isinstance(error, Mapping) else {}
    code, words, otherwise = str(told.get("code") or ""), first_text(told, "message"), "the video failed without a word"
    if code in _MODERATED:
        return Failed("content_policy", words or otherwise)
    if code in _PASSING:
        return Failed("outage", words or otherwise, retryable=True)
    return unexplained(words, otherwise)
