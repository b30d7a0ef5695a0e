"""Which organisation a key belongs to: an index over the copy of `current.orgs`, by the key's hash."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from events.accounts.current import CurrentOrg
from events.accounts.events import Limits, Role

UNKNOWN_WAIT_S: Final = 1.0
"""A key may be used before this gateway's copy has heard of it."""
WAITING_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    org_id: str
    key_id: str
    role: Role
    hash: str
    project_id: str | None = None
    user_id: str | None = None
    rate_per_min: int = Limits().rate_per_min

    @property
    def person(self) -> str:
        """Whose personal key seals this caller's words."""
        return self.user_id or self.key_id


@dataclass(frozen=True, slots=True)
class Operator:
    """The platform's own key; `user` is whom it acts for."""

    user: str | None = None

    @property
    def actor(self) -> str:
        return f"platform:{self.user}" if self.user else "platform"


class Keyring:
    """Fed by the table's changes; asked with every request."""

    def __init__(self, admin_key: str | None) -> None:
        self._admin_hash = None if admin_key is None else digest(admin_key)
        self._callers: dict[str, Caller] = {}
        self._hashes: dict[str, tuple[str, ...]] = {}
        self._changed = asyncio.Event()
        self._waiting = 0
        self._watching: dict[str, set[Callable[[], None]]] = {}

    def changed(self, org_id: str, org: CurrentOrg | None) -> None:
        """Takes an organisation's keys as they are now."""
        before = self._hashes.pop(org_id, ())
        for known in before:
            self._callers.pop(known, None)
        if org is not None:
            for key in org.keys:
                rate = org.limits.rate_per_min
                caller = Caller(org_id, key.key_id, key.role, key.hash, key.project_id, key.user_id, rate)
                self._callers[key.hash] = caller
            self._hashes[org_id] = tuple(key.hash for key in org.keys)
        for known in before:
            if known not in self._callers:
                for gone in tuple(self._watching.get(known, ())):
                    gone()
        self._changed.set()
        self._changed = asyncio.Event()

    def is_operator(self, key: str) -> bool:
        return self._admin_hash is not None and hmac.compare_digest(digest(key), self._admin_hash)

    @contextmanager
    def watching(self, caller: Caller, gone: Callable[[], None]) -> Iterator[None]:
        """Calls back as soon as this gateway knows that the caller's key has been revoked, be it at once."""
        callbacks = self._watching.setdefault(caller.hash, set())
        callbacks.add(gone)
        try:
            if caller.hash not in self._callers:
                gone()
            yield
        finally:
            callbacks.discard(gone)
            if not callbacks:
                self._watching.pop(caller.hash, None)

    async def caller(self, key: str) -> Caller | None:
        """Whose key it is; an unknown one waits a moment for the copy, as long as few others do."""
        hashed = digest(key)
        if (found := self._callers.get(hashed)) is not None or self._waiting >= WAITING_MAX:
            return found
        self._waiting += 1
        try:
            async with asyncio.timeout(UNKNOWN_WAIT_S):
                while hashed not in self._callers:
                    await self._changed.wait()
        except TimeoutError:
            return None
        finally:
            self._waiting -= 1
        return self._callers.get(hashed)


def digest(key: str) -> str:
    """A key as the log knows it."""
    return hashlib.sha256(key.encode()).hexdigest()
