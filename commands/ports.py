"""What several rooms ask of the outside: the keeper of persons' keys and the store of bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from events.catalog.events import ModelSpec
from events.sealed import Sealed

ERASED = "[erased]"
"""What a sealed text shows as once its person is forgotten."""


class Vault(Protocol):
    """Seals personal text under one data key per (org, person) and opens it while that key lives."""

    async def seal(self, org_id: str, person: str, text: str) -> Sealed: ...

    async def seal_like(self, other: Sealed, text: str) -> Sealed:
        """Under the key that `other` is sealed with: an agent's words belong to the person who asked."""
        ...

    async def open(self, sealed: Sealed) -> str:
        """The text, or `[erased]`."""
        ...

    async def fingerprint(self, like: Sealed, text: str) -> str:
        """Hex HMAC-SHA256 of the text under that person's key: equality without reading."""
        ...

    async def forget(self, org_id: str, person: str) -> None:
        """Destroys the person's keys, for ever."""
        ...


@dataclass(frozen=True, slots=True)
class StoredBytes:
    sha256: str
    size: int


class Storage(Protocol):
    """Bytes at `{org}/{sha256}`, local folder or object store."""

    async def put(self, org_id: str, chunks: AsyncIterator[bytes] | bytes, *, size_max: int) -> StoredBytes:
        """Stores by content hash; raises ValueError beyond `size_max` bytes, Unavailable where nothing is taken now."""
        ...

    def get(self, org_id: str, sha256: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end` (exclusive); raises FileNotFoundError."""
        ...

    async def size(self, org_id: str, sha256: str) -> int: ...


Medium = Literal["image", "video", "audio", "3d", "text", "other"]


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file is and measures, by its content."""

    media_type: str
    medium: Medium
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


Prober = Callable[[bytes | Path], Awaitable[Probe]]
"""Raises ValueError for what is damaged, or larger when decoded than anything that may enter."""


class BadWebhook(Exception):
    """Not signed by the provider, changed, or too old: not to be believed."""


@dataclass(frozen=True, slots=True)
class WebhookNews:
    """A verified webhook: a hint that this job has changed. The truth is asked from the provider."""

    provider_job_id: str
    status: str


class WebhookVerifier(Protocol):
    """Checks a webhook of one provider on its raw bytes."""

    async def verify(self, headers: Mapping[str, str], body: bytes, *, now: float, at: str = "") -> WebhookNews:
        """`at` is what the adapter has added to the address, where a body does not say all that names the attempt.

        Raises BadWebhook; any other error means that it could not be checked now.
        """
        ...


@dataclass(frozen=True, slots=True)
class StepToWire:
    """A step in clear, with all that says what its job's input will be made of."""

    step_id: str
    agent_type: str
    title: str
    description: str
    model: ModelSpec | None
    input: Mapping[str, Any]
    depends_on: tuple[str, ...]


class Rehearse(Protocol):
    def __call__(self, steps: Sequence[StepToWire], uploads: Mapping[str, Medium]) -> tuple[str, ...]:
        """What the models of a plan's steps will not get when it runs, as `<step>:unwirable:<field>: <why>`, and which
        steps have no use for one that they wait for, as `<step>:unused:<step before it>: <why>`.

        `uploads` are the session's files: label → medium.
        """
        ...
