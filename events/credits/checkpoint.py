"""Checkpoints: the signed head of an organisation's chain, and the keys that sign, each vouched for by the one before.

How they are signed is in `signatures`. A key's id is made from the key itself, so who has noted the id of one has noted
the key.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from events.model import Event

HashText = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Checkpoint(Event):
    """`signature` is over the canonical JSON of everything else."""

    context: ClassVar[str] = "credits"
    name: ClassVar[str] = "checkpoint"

    org_id: str
    seq: int = Field(ge=1)
    hash: HashText
    at: str
    """When it was signed, by the signer's clock."""
    key_id: str
    signature: str


class CheckpointRequested(Event):
    """Somebody asks for a checkpoint of the head as it is now: this head may be signed whatever comes after it."""

    context: ClassVar[str] = "credits"
    name: ClassVar[str] = "checkpoint_requested"

    org_id: str
    seq: int = Field(ge=1)
    hash: HashText


class SigningKeyIntroduced(Event):
    """From here on this key signs, and the one that it replaces no longer.

    `endorsement` is the signature of the replaced key; without it the key was put there by hand, and an auditor asks.
    """

    context: ClassVar[str] = "credits"
    name: ClassVar[str] = "signing_key_introduced"

    key_id: str
    algorithm: Literal["Ed25519"] = "Ed25519"
    public_key: str
    replaces: str | None = None
    endorsement: str | None = None


CHECKPOINT_EVENTS: Final[tuple[type[Event], ...]] = (Checkpoint, CheckpointRequested, SigningKeyIntroduced)
