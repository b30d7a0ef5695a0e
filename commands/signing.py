"""Signed addresses: of assets, which whoever holds one may read until it expires, and of providers' webhooks; and
what our own webhooks are signed with.

`/v1/assets/{id}?exp=&sig=`. `sig` is a token that carries what serving the bytes needs (org, content hash, media
type), so that no look-up stands between the address and the bytes: `<claims>.<mac>`, both URL-safe base64 without
padding. The HMAC-SHA256 covers the asset's id, the expiry and the claims.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson

from events.assets import AssetRef

LIFE_S = 24 * 3600
_LABEL = b"asset-address\x00"
_ATTEMPT_LABEL = b"attempt\x00"
_WEBHOOK_LABEL = b"webhooks\x00"
_ATTEMPT_CLAIMS = 4


class BadSignature(ValueError):
    """Not signed here, changed since, or expired."""


@dataclass(frozen=True, slots=True)
class SignedAsset:
    """What a valid address stands for."""

    asset_id: str
    org_id: str
    sha256: str
    media_type: str
    size: int


def sign(secret: bytes, asset: SignedAsset, exp: int) -> str:
    """The value of `sig` for an address that is valid before the Unix time `exp`."""
    claims = _encode(orjson.dumps([asset.org_id, asset.sha256, asset.media_type, asset.size]))
    return f"{claims}.{_encode(_mac(secret, asset.asset_id, exp, claims))}"


def verify(secret: bytes, asset_id: str, exp: int, sig: str, *, now: float) -> SignedAsset:
    """What the address stands for. Raises BadSignature."""
    claims, _, mac = sig.partition(".")
    try:
        given = _decode(mac)
    except (binascii.Error, ValueError) as error:
        raise BadSignature("malformed signature") from error
    if not hmac.compare_digest(given, _mac(secret, asset_id, exp, claims)):
        raise BadSignature("wrong signature")
    if now >= exp:
        raise BadSignature("expired")
    org_id, sha256, media_type, size = orjson.loads(_decode(claims))
    return SignedAsset(asset_id, org_id, sha256, media_type, size)


def asset_path(secret: bytes, org_id: str, asset: AssetRef, *, now: float, life_s: int = LIFE_S) -> str:
    """The signed path of a stored asset, `/v1/assets/…`; whole hours, so that a page's addresses stay cacheable."""
    exp = (int(now) // 3600 + 1) * 3600 + life_s
    signed = SignedAsset(asset.asset_id, org_id, asset.sha256, asset.media_type, asset.bytes)
    query = urlencode({"exp": exp, "sig": sign(secret, signed, exp)})
    return f"/v1/assets/{asset.asset_id}?{query}"


@dataclass(frozen=True, slots=True)
class SignedAttempt:
    """The attempt that a webhook's address names (`?t=`), and who was told that address."""

    provider: str
    org_id: str
    job_id: str
    lease: int


def sign_attempt(secret: bytes, attempt: SignedAttempt) -> str:
    """`t` of `/v1/webhooks/{provider}?t=`: only we can have made it."""
    claims = _encode(orjson.dumps([attempt.provider, attempt.org_id, attempt.job_id, attempt.lease]))
    return f"{claims}.{_encode(_attempt_mac(secret, claims))}"


def verify_attempt(secret: bytes, provider: str, token: str) -> SignedAttempt:
    """Raises BadSignature, also where another provider was told that address."""
    claims, _, mac = token.partition(".")
    try:
        given = _decode(mac)
    except (binascii.Error, ValueError) as error:
        raise BadSignature("malformed signature") from error
    if not hmac.compare_digest(given, _attempt_mac(secret, claims)):
        raise BadSignature("wrong signature")
    said = orjson.loads(_decode(claims))
    if said[0] != provider or len(said) != _ATTEMPT_CLAIMS:
        raise BadSignature("another provider's address, or one from before they said whose they are")
    return SignedAttempt(*said)


def webhook_key(secret: bytes, org_id: str) -> bytes:
    """What an organisation's webhooks are signed with: it is given to them, and to nobody else."""
    return hmac.digest(secret, _WEBHOOK_LABEL + org_id.encode(), "sha256")


def webhook_signature(key: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    """As Standard Webhooks has it, without the `v1,` before it. https://www.standardwebhooks.com"""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def _attempt_mac(secret: bytes, claims: str) -> bytes:
    return hmac.digest(secret, _ATTEMPT_LABEL + claims.encode(), "sha256")


def _mac(secret: bytes, asset_id: str, exp: int, claims: str) -> bytes:
    return hmac.digest(secret, _LABEL + f"{asset_id}\x1f{exp}\x1f{claims}".encode(), "sha256")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
