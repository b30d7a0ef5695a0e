"""Sealed text: personal words as they stand on the log, readable only while the person's key lives."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from events.model import Frozen

Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$", max_length=262_144)]


class SealedBox(Frozen):
    """AES-256-GCM: `kid` names the person's data key, `nonce` is 96 bits, `ct` ciphertext and tag."""

    kid: str = Field(max_length=128)
    nonce: Base64
    ct: Base64


class Sealed(Frozen):
    """`{"$sealed": {"kid", "nonce", "ct"}}`: a string that deciders pass through and never read."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    box: SealedBox = Field(alias="$sealed")

    @property
    def kid(self) -> str:
        return self.box.kid
