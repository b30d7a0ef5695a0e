"""Sync's generations in the dispatcher's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from adapters.providers.files import first_text, is_address
from adapters.providers.http import measured, refusal, unexplained
from processors.dispatcher.errors import (
    BillingRefused,
    ContractDrift,
    OutcomeUnknown,
    ProviderError,
    SlotsTaken,
)
from processors.dispatcher.ports import Call, Failed, Progressed, RemoteFile, Succeeded, Update, Usage

WHO: Final = "Sync"
_BUSY: Final = re.compile(r"concurren", re.IGNORECASE)


def body_of(call: Call) -> dict[str, Any]:
    """Both files as Sync lists them, the rest as its options."""
    values = dict(call.input)
    files = [{"type": kind, "url": values.pop(kind)} for kind in ("video", "audio") if kind in values]
    detects = values.pop("active_speaker", None)
    options = {**values, **({} if detects is None else {"active_speaker_detection": {"auto_detect": detects}})}
    return {"model": call.provider_model, "input": files, "options": options}


def update_of(generation: Mapping[str, Any]) -> Update:
    """Raises ContractDrift for a status that is not Sync's."""
    words, otherwise = first_text(generation, "error"), "the generation failed without a word"
    match generation.get("status"):
        case "PENDING" | "PROCESSING":
            return Progressed()
        case "COMPLETED":
            url, seconds = str(generation.get("outputUrl") or ""), generation.get("outputDuration")
            if not is_address(url):
                return Failed("contract", "the generation is complete and has no file", "yes")
            usage = Usage(seconds=measured(seconds))
            return Succeeded((RemoteFile(url),), usage=usage)
        case "REJECTED":
            return Failed("content_policy", words or otherwise)
        case "FAILED":
            return unexplained(words, otherwise)
        case other:
            raise ContractDrift(f"Sync answered the status {other!r}")


def refused(
    status: int, body: Mapping[str, Any], retry_after_s: float | None, *, creating: bool = False
) -> ProviderError:
    """By the body's code first: 429 may mean haste, or that too many run at once."""
    words = first_text(body, "message", "error") or f"Sync answered {status}"
    code = first_text(body, "errorCode") or ""
    if status == 402:
        return BillingRefused(words)
    if code.upper() == "IDEMPOTENCY_OUTCOME_UNKNOWN":
        return OutcomeUnknown(words)
    if status == 429 and (_BUSY.search(code) or _BUSY.search(words)):
        return SlotsTaken(words, retry_after_s=retry_after_s)
    return refusal(status, words, retry_after_s=retry_after_s, creating=creating)
