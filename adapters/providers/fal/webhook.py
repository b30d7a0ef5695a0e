"""fal's webhooks: Ed25519 over ids, time and the body's hash, with any of the keys that fal publishes.

https://docs.fal.ai/model-apis/model-endpoints/webhooks
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import httpx
import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from adapters.providers.fal.wire import WHO, place_by, refused
from adapters.providers.rest import Rest
from commands.ports import BadWebhook, WebhookNews
from processors.dispatcher.errors import ContractDrift

KEYS_URL: Final = "https://rest.fal.ai/.well-known"
AGE_MAX_S: Final = 300
KEYS_KEPT_S: Final = 24 * 3600.0
KEYS_AGAIN_S: Final = 300.0
"""How soon they are fetched again where none fits: fal may have new ones, and anybody may send a forgery."""
KEYS_MAX: Final = 16
_APP = re.compile(r"[A-Za-z0-9][\w.-]{0,79}/[A-Za-z0-9][\w.-]{0,79}")
_REQUEST = re.compile(r"[\w-]{1,80}")


class NoKeyFits(BadWebhook):
    """Signed by none of the keys that we have."""


class FalWebhooks:
    """Fetches the public keys, and again after a day or when none of them fits."""

    def __init__(
        self,
        *,
        keys_url: str = KEYS_URL,
        client: httpx.AsyncClient | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rest = Rest(WHO, keys_url, dict, refused, client)
        self._monotonic = monotonic
        self._keys: tuple[Ed25519PublicKey, ...] = ()
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def aclose(self) -> None:
        await self._rest.aclose()

    async def verify(self, headers: Mapping[str, str], body: bytes, *, now: float, at: str = "") -> WebhookNews:
        """Raises BadWebhook, or a ProviderError where the keys cannot be fetched."""
        try:
            return verified(await self._present_keys(KEYS_KEPT_S), headers, body, now=now, app=at)
        except NoKeyFits:
            return verified(await self._present_keys(KEYS_AGAIN_S), headers, body, now=now, app=at)

    async def _present_keys(self, kept_s: float) -> Sequence[Ed25519PublicKey]:
        async with self._fetching:
            if self._monotonic() - self._fetched_at > kept_s:
                self._keys = keys_of(await self._rest.ask("/jwks.json"))
                self._fetched_at = self._monotonic()
            return self._keys


def keys_of(document: Mapping[str, Any]) -> tuple[Ed25519PublicKey, ...]:
    """The Ed25519 keys of a JWKS (RFC 8037). Raises ContractDrift where there is none."""
    listed = document.get("keys")
    found = []
    for key in (listed if isinstance(listed, list) else [])[:KEYS_MAX]:
        try:
            text = str(key["x"])
            found.append(Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
        except (KeyError, TypeError, ValueError, binascii.Error):
            continue
    if not found:
        raise ContractDrift("fal's keys hold none that can be used")
    return tuple(found)


def signed_text(request_id: str, user_id: str, timestamp: str, body: bytes) -> bytes:
    return "\n".join((request_id, user_id, timestamp, hashlib.sha256(body).hexdigest())).encode()


def verified(
    keys: Sequence[Ed25519PublicKey], headers: Mapping[str, str], body: bytes, *, now: float, app: str
) -> WebhookNews:
    """`app` is `owner/app`, which the body does not say. Raises BadWebhook."""
    named = {name.lower(): value for name, value in headers.items()}
    try:
        request_id, user_id, timestamp, signature = (
            named[f"x-fal-webhook-{name}"] for name in ("request-id", "user-id", "timestamp", "signature")
        )
        age_s, given = abs(now - int(timestamp)), bytes.fromhex(signature)
    except (KeyError, ValueError) as error:
        raise BadWebhook("the signature's headers are missing or malformed") from error
    if age_s > AGE_MAX_S:
        raise BadWebhook("too old")
    text = signed_text(request_id, user_id, timestamp, body)
    if not any(_fits(key, given, text) for key in keys):
        raise NoKeyFits("no key fits")
    try:
        told = orjson.loads(body)
        request, status = str(told["request_id"]), str(told["status"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BadWebhook("the body is no news of a request") from error
    if _APP.fullmatch(app) is None or _REQUEST.fullmatch(request) is None:
        raise BadWebhook("the address does not say of which app")
    return WebhookNews(place_by(app, request), status)


def _fits(key: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text)
    except InvalidSignature:
        return False
    return True
