"""Signed addresses of assets."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from commands.signing import (
    LIFE_S,
    BadSignature,
    SignedAsset,
    SignedAttempt,
    asset_path,
    sign,
    sign_attempt,
    verify,
    verify_attempt,
)
from events.assets import AssetRef

SECRET = b"secret"
ASSET = SignedAsset("ast_1", "org_1", "a" * 64, "image/png", 123)


def test_a_signed_address_tells_all_that_serving_needs() -> None:
    assert verify(SECRET, "ast_1", 1000, sign(SECRET, ASSET, 1000), now=999) == ASSET


@pytest.mark.parametrize(
    ("asset_id", "exp", "now", "secret"),
    [
        ("ast_2", 1000, 999, SECRET),
        ("ast_1", 1001, 999, SECRET),
        ("ast_1", 1000, 1000, SECRET),
        ("ast_1", 1000, 999, b"other"),
    ],
)
def test_another_asset_expiry_time_or_secret_is_refused(asset_id: str, exp: int, now: int, secret: bytes) -> None:
    sig = sign(SECRET, ASSET, 1000)
    with pytest.raises(BadSignature):
        verify(secret, asset_id, exp, sig, now=now)


@pytest.mark.parametrize("position", range(0, 160, 7))
def test_every_changed_character_is_noticed(position: int) -> None:
    sig = sign(SECRET, ASSET, 1000)
    changed = sig[:position] + ("A" if sig[position] != "A" else "B") + sig[position + 1 :]
    with pytest.raises(BadSignature):
        verify(SECRET, "ast_1", 1000, changed, now=0)


@pytest.mark.parametrize("sig", ["", ".", "x", "é.é", "a.b.c", "." * 100])
def test_nonsense_is_refused(sig: str) -> None:
    with pytest.raises(BadSignature):
        verify(SECRET, "ast_1", 1000, sig, now=0)


def test_the_path_is_that_of_the_gateway_and_the_same_within_an_hour() -> None:
    ref = AssetRef(asset_id="ast_1", sha256="a" * 64, bytes=123, media_type="image/png")
    path = asset_path(SECRET, "org_1", ref, now=7200.5)
    assert path == asset_path(SECRET, "org_1", ref, now=10_799)
    parts = urlsplit(path)
    assert parts.path == "/v1/assets/ast_1"
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert verify(SECRET, "ast_1", int(query["exp"]), query["sig"], now=7200 + LIFE_S) == ASSET


def test_a_webhooks_address_names_its_attempt() -> None:
    attempt = SignedAttempt("luma", "org_1", "job_1", 3)
    assert verify_attempt(SECRET, "luma", sign_attempt(SECRET, attempt)) == attempt


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "é",
        sign_attempt(b"other", SignedAttempt("luma", "org_1", "job_1", 3)),
        sign_attempt(SECRET, SignedAttempt("replicate", "org_1", "job_1", 3)),
    ],
)
def test_an_attempt_that_was_not_signed_here_is_refused(token: str) -> None:
    with pytest.raises(BadSignature):
        verify_attempt(SECRET, "luma", token)
