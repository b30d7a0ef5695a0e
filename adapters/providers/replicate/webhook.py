"""Replicate's webhooks: checked on their raw bytes, with any of several signatures, and not too old."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
import orjson

from adapters.providers.replicate.adapter import BASE_URL, WHO
from adapters.providers.replicate.wire import refused
from adapters.providers.rest import NAME, Rest
from commands.ports import BadWebhook, WebhookNews
from commands.signing import webhook_signature
from processors.dispatcher.errors import ContractDrift

AGE_MAX_S: Final = 300
PREFIX: Final = "whsec_"
SECRET_BYTES_MIN: Final = 16
KEPT_S: Final = 24 * 3600.0
AGAIN_S: Final = 300.0
"""How soon it is fetched again where it fits nothing: it may be another now, and anybody may send a forgery."""


class NoSignatureFits(BadWebhook):
    """None was made with the secret that we have."""


class ReplicateWebhooks:
    """Fetches the signing secret, and again after a day or when it fits nothing: it may have been changed."""

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = BASE_URL,
        client: httpx.AsyncClient | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rest = Rest(WHO, base_url, lambda: {"Authorization": f"Bearer {api_key}"}, refused, client)
        self._monotonic = monotonic
        self._secret = b""
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def aclose(self) -> None:
        await self._rest.aclose()

    async def verify(self, headers: Mapping[str, str], body: bytes, *, now: float, at: str = "") -> WebhookNews:  # noqa: ARG002 - the port has it
        """Raises BadWebhook, or a ProviderError where the secret cannot be fetched."""
        try:
            return verified(await self._key(KEPT_S), headers, body, now=now)
        except NoSignatureFits:
            return verified(await self._key(AGAIN_S), headers, body, now=now)

    async def _key(self, kept_s: float) -> bytes:
        async with self._fetching:
            if self._monotonic() - self._fetched_at > kept_s:
                self._secret = secret_of(await self._rest.ask("/webhooks/default/secret"))
                self._fetched_at = self._monotonic()
            return self._secret


def secret_of(body: Mapping[str, Any]) -> bytes:
    """Raises ContractDrift: with an empty key anybody could sign."""
    key = body.get("key")
    try:
        found = base64.b64decode(str(key).removeprefix(PREFIX), validate=True) if isinstance(key, str) else b""
    except binascii.Error as error:
        raise ContractDrift("Replicate's webhook secret is no base64") from error
    if len(found) < SECRET_BYTES_MIN:
        raise ContractDrift("Replicate's webhook secret is none")
    return found


def verified(secret: bytes, headers: Mapping[str, str], body: bytes, *, now: float) -> WebhookNews:
    """Raises BadWebhook."""
    named = {name.lower(): value for name, value in headers.items()}
    try:
        webhook_id, timestamp = named["webhook-id"], named["webhook-timestamp"]
        given = named["webhook-signature"].split()
        age_s = abs(now - int(timestamp))
    except (KeyError, ValueError) as error:
        raise BadWebhook("the signature's headers are missing or malformed") from error
    if age_s > AGE_MAX_S:
        raise BadWebhook("too old")
    expected = f"v1,{webhook_signature(secret, webhook_id, timestamp, body)}".encode()
    if not any(hmac.compare_digest(one.encode(), expected) for one in given):
        raise NoSignatureFits("no signature fits")
    try:
        prediction = orjson.loads(body)
        news = WebhookNews(str(prediction["id"]), str(prediction["status"]))
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BadWebhook("the body is no prediction") from error
    if NAME.fullmatch(news.provider_job_id) is None:
        raise BadWebhook("the body's name of the prediction is none")
    return news
