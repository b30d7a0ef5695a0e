"""Everything that the gateway is handed: the log's copies, the read models, the vault, the store of bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pymongo.asynchronous.database import AsyncDatabase
from redis.asyncio import Redis

from commands.ask import Ask
from commands.ports import Rehearse, Storage, Vault, WebhookVerifier
from events.accounts.current import CurrentOrg
from events.canvas.session_events import Medium
from events.catalog.current import CatalogEntry
from events.log.table import CompactedTable
from gateway.access.keyring import Keyring
from gateway.live.hub import Hub
from gateway.live.live_jobs import LiveJobs
from gateway.reads.reading import Reading
from projections.streams import StreamStore

Db = AsyncDatabase[dict[str, Any]]


class Probed(Protocol):
    """What the content of a file says about itself."""

    @property
    def media_type(self) -> str: ...

    @property
    def medium(self) -> Medium: ...

    @property
    def width(self) -> int | None: ...

    @property
    def height(self) -> int | None: ...

    @property
    def duration_s(self) -> float | None: ...


Probe = Callable[[Path], Awaitable[Probed]]
"""Raises ValueError for what must not be taken."""


@dataclass(frozen=True, slots=True)
class Secrets:
    server: bytes
    """Signs addresses of assets and derives ids from idempotency keys."""


@dataclass(frozen=True, slots=True)
class About:
    version: str
    planner: str
    sandbox: bool


@dataclass(frozen=True, slots=True)
class Platform:
    ask: Ask
    vault: Vault
    storage: Storage
    probe: Probe
    db: Db
    redis: Redis
    streams: StreamStore
    reading: Reading
    keyring: Keyring
    orgs: CompactedTable[CurrentOrg]
    catalog: CompactedTable[CatalogEntry]
    live_jobs: LiveJobs
    hub: Hub
    secrets: Secrets
    about: About
    ready: Callable[[], Mapping[str, bool]]
    rehearse: Rehearse
    webhooks: Mapping[str, WebhookVerifier] = field(default_factory=dict)
    """By the provider's name: who checks its webhooks."""
    prompt_models: frozenset[str] = frozenset()
    """Language models that a prompt's variant may have as its own."""
    webhooks_to_private: bool = False
    """Whether customers may name addresses of this machine and its networks."""
