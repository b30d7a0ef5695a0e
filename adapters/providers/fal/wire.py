"""fal's bodies in the dispatcher's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from adapters.providers.files import addresses, first_text
from adapters.providers.http import refusal, unexplained
from processors.dispatcher.errors import (
    BillingRefused,
    ContentRefused,
    ContractDrift,
    InputRefused,
    OutcomeUnknown,
    ProviderError,
    SlotsTaken,
)
from processors.dispatcher.ports import Ended, Failed, Progressed, Stopped, Succeeded, Update

WHO: Final = "fal"
MODERATED: Final = "content_policy_violation"
STOPPED: Final = "client_cancelled"
_PLACE = re.compile(r"[A-Za-z0-9][\w.-]{0,79}/[A-Za-z0-9][\w.-]{0,79}/requests/[\w-]{1,80}")
_BROKE = re.compile(r"exhausted balance|user is locked|top up", re.IGNORECASE)
_BUSY = re.compile(r"concurren", re.IGNORECASE)
_PERCENT = re.compile(r"(\d{1,3})%\|")
_LATE: Final = frozenset({"request_timeout", "startup_timeout", "generation_timeout"})
_PASSING: Final = frozenset({"internal_server_error", "downstream_service_unavailable", "downstream_service_error"})


def place_of(created: Mapping[str, Any], base_url: str) -> str:
    """`owner/app/requests/id`: where fal says that it is asked. A model's subpath belongs to its create alone.

    Raises OutcomeUnknown: something has begun, and cannot be asked about.
    """
    path = urlsplit(str(created.get("status_url") or "")).path
    place = path.removeprefix(urlsplit(base_url).path).strip("/").removesuffix("/status")
    if _PLACE.fullmatch(place) is None:
        raise OutcomeUnknown("fal took the call and did not say where it can be asked about")
    return place


def place_by(provider_model: str, request_id: str) -> str:
    """The same from a webhook, which names the request alone."""
    return f"{'/'.join(provider_model.split('/')[:2])}/requests/{request_id}"


def update_of(status: Mapping[str, Any]) -> Update | None:
    """None: it has succeeded, and its result lies where it is asked for. Raises ContractDrift."""
    match status.get("status"):
        case "IN_QUEUE":
            place = status.get("queue_position")
            return Progressed(message=f"number {place + 1} in the provider's queue" if isinstance(place, int) else None)
        case "IN_PROGRESS":
            return Progressed(_fraction(status.get("logs")))
        case "COMPLETED":
            return _ended(status) if status.get("error") or status.get("error_type") else None
        case other:
            raise ContractDrift(f"fal answered the status {other!r}")


def succeeded(result: Mapping[str, Any]) -> Ended:
    outputs = tuple(addresses(result))
    if not outputs:
        return Failed("contract", "the request succeeded and has no file", "yes")
    return Succeeded(outputs)


def failed(status: int, body: Mapping[str, Any], retryable: str | None) -> Ended | None:
    """The request's own failure, as its result tells it; None where the answer is about the question instead."""
    if isinstance(body.get("detail"), list):
        return _model_error(status, body["detail"], retryable)
    if body.get("error_type"):
        return _ended(body)
    return None


def refused(
    status: int, body: Mapping[str, Any], retry_after_s: float | None, *, creating: bool = False
) -> ProviderError:
    """The body's own words first, then the status."""
    detail = body.get("detail")
    if isinstance(detail, list):
        told = _fields(detail)
        return ContentRefused(told) if MODERATED in _types(detail) else InputRefused(told)
    words = str(detail or f"fal answered {status}")
    if status == 403 and _BROKE.search(words):
        return BillingRefused(words)
    if status == 429 and _BUSY.search(words):
        return SlotsTaken(words, retry_after_s=retry_after_s)
    return refusal(status, words, retry_after_s=retry_after_s, creating=creating)


def _ended(body: Mapping[str, Any]) -> Ended:
    """The platform's own failures, by `error_type`; fal bills nothing for them."""
    kind = str(body.get("error_type") or "")
    told = first_text(body, "error", "detail") or kind
    if kind == STOPPED:
        return Stopped("no")
    if kind in _LATE:
        return Failed("timeout", told, "no", retryable=True)
    if kind.startswith(("runner_", "internal_")):
        return Failed("outage", told, "no", retryable=True)
    if kind == MODERATED:
        return Failed("content_policy", told)
    return unexplained(told or None, "the request failed without a word")


def _model_error(status: int, detail: list[Any], retryable: str | None) -> Failed:
    """The model's own failures, by `type`, never by their words; the header says whether it is worth a try."""
    types, told = _types(detail), _fields(detail)
    again = retryable == "true"
    if MODERATED in types:
        return Failed("content_policy", told)
    if types & _LATE:
        return Failed("timeout", told, "no", retryable=retryable != "false")
    if types & _PASSING or status >= 500:
        return Failed("outage", told, "no", retryable=retryable != "false")
    if status == 422:
        return Failed("input_validation", told, retryable=again)
    return unexplained(told, told, retryable=again)


def _types(detail: list[Any]) -> frozenset[str]:
    return frozenset(str(one.get("type")) for one in detail if isinstance(one, Mapping))


def _fields(detail: list[Any]) -> str:
    """`prompt: too long; image_url: …`."""
    found = [one for one in detail if isinstance(one, Mapping)]
    return "; ".join(f"{_field(one.get('loc'))}: {one.get('msg')}" for one in found) or "the input does not fit"


def _field(loc: Any) -> str:
    return ".".join(str(step) for step in loc if step != "body") if isinstance(loc, list) else "input"


def _fraction(logs: Any) -> float | None:
    """Many models print a progress bar; its last percentage counts."""
    if not isinstance(logs, list):
        return None
    lines = [str(one.get("message", "")) for one in logs[-20:] if isinstance(one, Mapping)]
    found = _PERCENT.findall("\n".join(lines))
    return min(int(found[-1]) / 100, 1.0) if found else None
