"""Kling's tasks in the dispatcher's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import jwt

from adapters.providers.files import addresses, bare_base64, first_text
from adapters.providers.http import refusal, unexplained
from processors.dispatcher.errors import (
    AccessRefused,
    BillingRefused,
    ContentRefused,
    ContractDrift,
    InputRefused,
    NotThere,
    OutcomeUnknown,
    ProviderDown,
    ProviderError,
    RateLimited,
    SlotsTaken,
)
from processors.dispatcher.ports import Call, Failed, Progressed, Succeeded, Update

WHO: Final = "Kling"
TOKEN_LIFE_S: Final = 1800
CLOCKS_APART_S: Final = 5
FILES: Final = ("image", "image_tail", "static_mask")
_ROUTE: Final = re.compile(r"(?:videos|images)/[a-z0-9-]{1,40}")
_MODERATED: Final = re.compile(r"content policy|risk control|sensitive|violat|nsfw", re.IGNORECASE)
_CODES: Final[Mapping[int, type[ProviderError]]] = {
    **dict.fromkeys(range(1000, 1005), AccessRefused),
    **dict.fromkeys(range(1100, 1103), BillingRefused),
    1103: AccessRefused,
    1200: InputRefused,
    1201: InputRefused,
    1202: AccessRefused,
    1203: NotThere,
    1301: ContentRefused,
    1302: RateLimited,
    1303: SlotsTaken,
    1304: AccessRefused,
    **dict.fromkeys(range(5000, 5003), ProviderDown),
}
"""By the code in the body: 429 may mean an empty account, haste, or that too many run at once."""


def token(api_key: str, now: float) -> str:
    """A key `access:secret` signs a token of half an hour; one without a colon is a token itself."""
    access, colon, secret = api_key.partition(":")
    if not colon:
        return api_key
    claims = {"iss": access, "exp": int(now) + TOKEN_LIFE_S, "nbf": int(now) - CLOCKS_APART_S}
    return jwt.encode(claims, secret, algorithm="HS256")


def route_and_model(provider_model: str) -> tuple[str, str]:
    """`videos/image2video:kling-v1-6` is a route and a model. Raises AccessRefused for anything else."""
    route, colon, model = provider_model.partition(":")
    if not colon or not model or _ROUTE.fullmatch(route) is None:
        raise AccessRefused(f"{provider_model} is no route and model of Kling's")
    return route, model


def body_of(call: Call, model: str, webhook_url: str | None) -> dict[str, Any]:
    """Pictures are addresses or bare base64. Our name goes along: by it a lost answer can be looked up."""
    values = {
        name: bare_base64(value) if name in FILES and isinstance(value, str) else value
        for name, value in call.input.items()
    }
    told = {"callback_url": webhook_url} if webhook_url is not None else {}
    return {"model_name": model, **values, "external_task_id": call.token, **told}


def data_of(answer: Mapping[str, Any], *, creating: bool = False) -> Mapping[str, Any]:
    """What an envelope holds; its own code may refuse what its status has accepted. What is no envelope of Kling's
    says nothing of a create."""
    if creating and not isinstance(answer.get("code"), int):
        raise OutcomeUnknown("Kling was not heard: another has answered")
    if answer.get("code") != 0:
        raise refused(200, answer, None)
    data = answer.get("data")
    return data if isinstance(data, Mapping) else {}


def update_of(task: Mapping[str, Any]) -> Update:
    """Raises ContractDrift for a status that is not Kling's."""
    match task.get("task_status"):
        case "submitted" | "processing":
            return Progressed()
        case "succeed":
            files = tuple(addresses(task.get("task_result")))
            return Succeeded(files) if files else Failed("contract", "the task succeeded and has no file", "yes")
        case "failed":
            words = first_text(task, "task_status_msg")
            if words is not None and _MODERATED.search(words):
                return Failed("content_policy", words)
            return unexplained(words, "the task failed without a word")
        case other:
            raise ContractDrift(f"Kling answered the status {other!r}")


def refused(
    status: int, body: Mapping[str, Any], retry_after_s: float | None, *, creating: bool = False
) -> ProviderError:
    """By the code in the body; without one by the status."""
    words = first_text(body, "message") or f"Kling answered {status}"
    code = body.get("code")
    kind = _CODES.get(code) if isinstance(code, int) else None
    if kind is not None:
        return kind(words, retry_after_s=retry_after_s)
    if status < 300:
        return ContractDrift(f"Kling answered the code {code!r}: {words}")
    return refusal(status, words, retry_after_s=retry_after_s, creating=creating)
