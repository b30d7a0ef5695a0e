"""Replicate's webhooks: checked on their raw bytes, with any of several signatures, and not too old."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any, Final

import httpx
import orjson

from adapters.providers.replicate.adapter import BASE_URL, WHO
from adapters.providers.replicate.wire import refused
from adapters.providers.rest import Rest
from commands.ports import BadWebhook, WebhookNews
from commands.signing import webhook_signature
from processors.dispatcher.errors import ContractDrift

AGE_MAX_S: Final = 300
PREFIX: Final = "whsec_"


class ReplicateWebhooks:
    """Fetches the signing secret once and keeps it."""

    def __init__(self, api_key: str, *, base_url: str = BASE_URL, client: httpx.AsyncClient | None = None) -> None:
        self._rest = Rest(WHO, base_url, lambda: {"Authorization": f"Bearer {api_key}"}, refused, client)
        self._secret: bytes | None = None
        self._fetching = asyncio.Lock()

    async def aclose(self) -> None:
        await self._rest.aclose()

    async def verify(self, headers: Mapping[str, str], body: bytes, *, now: float, at: str = "") -> WebhookNews:  # noqa: ARG002 - the port has it
        """Raises BadWebhook, or a ProviderError where the secret cannot be fetched."""
        return verified(await self._key(), headers, body, now=now)

    async def _key(self) -> bytes:
        async with self._fetching:
            if self._secret is None:
                self._secret = secret_of(await self._rest.ask("/webhooks/default/secret"))
            return self._secret


def secret_of(body: Mapping[str, Any]) -> bytes:
    key = str(body.get("key", ""))
    try:
        return base64.b64decode(key.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ContractDrift("Replicate's webhook secret is no base64") from error


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
        raise BadWebhook("no signature fits")
    try:
        prediction = orjson.loads(body)
        return WebhookNews(str(prediction["id"]), str(prediction["status"]))
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BadWebhook("the body is no prediction") from error
