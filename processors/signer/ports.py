"""What the signer works with: the key that signs now, and the books as they can be read again after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol

from events.credits.checkpoint_state import Head


class SigningKey(Protocol):
    """An Ed25519 key, with the signature of the key that it has replaced."""

    @property
    def key_id(self) -> str: ...

    @property
    def public_key(self) -> str: ...

    @property
    def endorsement(self) -> str | None: ...

    def sign(self, message: bytes) -> str: ...


PresentKey = Callable[[], SigningKey]
"""The key as it is now: it may be replaced while we run. Raises ValueError where there is none."""


class Books(Protocol):
    """Read models of the ledger and its checkpoints; they may be a little behind the log."""

    def unsigned(self) -> AsyncIterator[tuple[str, int]]:
        """Organisations without a checkpoint of their newest entry, and its number."""
        ...

    async def signed(self, org_id: str) -> Head:
        """The newest checkpoint; number 0 where there is none."""
        ...

    def entries(self, org_id: str, after: int, upto: int) -> AsyncIterator[Mapping[str, Any]]:
        """The entries' data as on the log, in order, as far as they are there."""
        ...
