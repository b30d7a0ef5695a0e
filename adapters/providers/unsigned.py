"""Webhooks of providers that sign none: the address, which nobody can guess, is what is believed, and only a hint."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from commands.ports import BadWebhook, WebhookNews

News = Callable[[Mapping[str, Any], str], WebhookNews]
"""Of a body, and of what the adapter has added to the address. Raises KeyError or TypeError for one that is none."""
_NAME: Final = re.compile(r"(?=.{1,200}$)[\w-]+(?:/[\w-]+)*")


class UnsignedWebhooks:
    """The gateway has checked the address's own signature before."""

    def __init__(self, news: News) -> None:
        self._news = news

    async def verify(self, headers: Mapping[str, str], body: bytes, *, now: float, at: str = "") -> WebhookNews:  # noqa: ARG002
        """Raises BadWebhook."""
        try:
            told = orjson.loads(body)
            found = self._news(told, at)
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise BadWebhook("the body names no attempt") from error
        if _NAME.fullmatch(found.provider_job_id) is None:
            raise BadWebhook("the body's name of the attempt is none")
        return found


def luma_news(body: Mapping[str, Any], _at: str) -> WebhookNews:
    return WebhookNews(str(body["id"]), str(body["state"]))


def kling_news(body: Mapping[str, Any], at: str) -> WebhookNews:
    """`at` is the route, without which Kling's ids are not asked about."""
    if not at:
        raise KeyError("at")
    return WebhookNews(f"{at}/{body['task_id']}", str(body["task_status"]))
