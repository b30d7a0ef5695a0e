"""The Ed25519 key that signs checkpoints: read from a file or a setting, made once, replaced by one it vouches for.

As text a key is one line: its 32 secret bytes as URL-safe base64 and, where it has replaced another, that one's
signature of it after a dot.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from events.credits.signatures import endorsed_bytes, key_id_of

SEED_BYTES: Final = 32


class BadSigningKey(ValueError):
    """What was given as a key is none; the message never holds any of it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the endorsement by the one before it."""

    private: Ed25519PrivateKey
    endorsement: str | None = None

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Raises BadSigningKey."""
        seed, _, endorsement = text.strip().partition(".")
        try:
            raw = base64.b64decode(seed, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise BadSigningKey("the signing key is not base64") from None
        if len(raw) != SEED_BYTES:
            raise BadSigningKey(f"the signing key has {len(raw)} bytes instead of {SEED_BYTES}")
        return cls(Ed25519PrivateKey.from_private_bytes(raw), endorsement or None)

    @classmethod
    def new(cls, before: SigningKey | None = None) -> SigningKey:
        """A fresh key; the one before vouches for it."""
        fresh = cls(Ed25519PrivateKey.generate())
        if before is None:
            return fresh
        return cls(fresh.private, before.sign(endorsed_bytes(fresh.public_key, before.key_id)))

    @property
    def text(self) -> str:
        seed = base64.urlsafe_b64encode(self.private.private_bytes_raw()).decode()
        return seed if self.endorsement is None else f"{seed}.{self.endorsement}"

    @property
    def public_key(self) -> str:
        return base64.b64encode(self.private.public_key().public_bytes_raw()).decode()

    @property
    def key_id(self) -> str:
        return key_id_of(self.public_key)

    def sign(self, message: bytes) -> str:
        return base64.b64encode(self.private.sign(message)).decode()

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id})"


class KeyFile:
    """The key in a file that only its owner can read; called, it answers the key that is there now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int], SigningKey] | None = None

    def __call__(self) -> SigningKey:
        """Raises BadSigningKey, also for a file that is missing or that others can read."""
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
            if self._read is None or self._read[0] != stamp:
                if stat.st_mode & 0o077:
                    raise BadSigningKey(f"{self._path} can be read by others: chmod 600 it")
                self._read = (stamp, SigningKey.parse(self._path.read_text()))
        except OSError as error:
            raise BadSigningKey(f"{self._path} cannot be read: {error.strerror}") from error
        return self._read[1]

    def make(self) -> None:
        """A first key, unless there is one."""
        if not self._path.exists():
            self.write(SigningKey.new())

    def rotate(self) -> SigningKey:
        """Replaces the key by a new one. The old private key is in the file no more, and nobody needs it again."""
        fresh = SigningKey.new(before=self())
        self.write(fresh)
        return fresh

    def write(self, key: SigningKey) -> None:
        """In one step; only its owner can read it."""
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(key.text + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
