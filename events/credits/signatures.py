"""Signatures of checkpoints and of keys: Ed25519 over canonical JSON, keys and signatures as standard base64. No I/O.

An outsider's verifier has this module too: it needs nothing but `cryptography` and `orjson`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from events.credits.chain import canonical

PLATFORM: Final = "platform"
"""The stream of the signing keys in `events.checkpoints`: they are the platform's, not an organisation's."""

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


def signed_bytes(checkpoint: Mapping[str, Any]) -> bytes:
    """What a checkpoint's signature covers; `checkpoint` is its data, with or without the signature."""
    return canonical({name: value for name, value in checkpoint.items() if name != "signature"})


def verify(checkpoint: Mapping[str, Any], public_key: str) -> bool:
    """Whether this key has signed this checkpoint's data, exactly as it is."""
    signature = checkpoint.get("signature")
    if checkpoint.get("key_id") != key_id_of(public_key) or not isinstance(signature, str):
        return False
    return holds(signed_bytes(checkpoint), signature, public_key)


def endorsed_bytes(public_key: str, replaces: str) -> bytes:
    """What the key `replaces` signs to vouch for its successor."""
    return canonical({"key_id": key_id_of(public_key), "public_key": public_key, "replaces": replaces})


def key_id_of(public_key: str) -> str:
    """`sgk_` and the first 128 bits of the key's SHA-256, in hex. Raises ValueError for what is no key."""
    return f"sgk_{hashlib.sha256(_bytes(public_key, KEY_BYTES)).hexdigest()[:32]}"


def holds(message: bytes, signature: str, public_key: str) -> bool:
    """Whether the signature is this key's over this message. Raises ValueError for what is no key."""
    key = Ed25519PublicKey.from_public_bytes(_bytes(public_key, KEY_BYTES))
    try:
        key.verify(_bytes(signature, SIGNATURE_BYTES), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(text: str, length: int) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error
    if len(raw) != length:
        raise ValueError(f"{len(raw)} bytes instead of {length}")
    return raw
