"""Brings a prediction's input files onto the disk: data URIs and URLs of allowed hosts, within limits."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from gpu_workers.engines.base import InputRefused, Schema, media_fields

MAX_FILE_BYTES = 200 * 2**20
FETCH_TIMEOUT_S = 120.0
IO_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
AGAIN_FOR_S = 15.0
"""A host that is being restarted is back within that time; giving up at once would cost an attempt."""


class FetchFailed(Exception):
    """The host of an input did not hand it over; another try may succeed."""


def nothing(_sha256: str) -> Path | None:
    """For a worker that keeps no files."""
    return None


@dataclass(frozen=True)
class Fetcher:
    """Turns each media field into a local path. Redirects are not followed: they would leave the allow list.

    Where the caller knows an address's content by its hash, what was made here is copied, and what comes must match.
    """

    allowed_hosts: frozenset[str]
    client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=IO_TIMEOUT, follow_redirects=False, trust_env=False)
    )
    """One for all downloads: making one costs as much as a small engine."""
    again_for_s: float = AGAIN_FOR_S
    made: Callable[[str], Path | None] = nothing
    """The file of a content hash, where it is here already."""

    async def localise(
        self, inputs: dict[str, Any], schema: Schema, folder: Path, hashes: Mapping[str, str]
    ) -> dict[str, Any]:
        local = dict(inputs)
        for name in media_fields(schema):
            value = local.get(name)
            if isinstance(value, list):
                local[name] = [
                    str(await self._bring(item, folder / f"{name}-{index}", hashes)) for index, item in enumerate(value)
                ]
            elif value is not None:
                local[name] = str(await self._bring(value, folder / name, hashes))
        return local

    async def _bring(self, uri: str, path: Path, hashes: Mapping[str, str]) -> Path:
        if uri.startswith("data:"):
            await asyncio.to_thread(path.write_bytes, data_of(uri))
            return path
        host = host_of(uri)
        if host not in self.allowed_hosts:
            raise InputRefused(f"input files are not fetched from {host!r}")
        sha256 = hashes.get(uri)
        if await self._copied(sha256, path):
            return path
        tries = AsyncRetrying(
            retry=retry_if_exception_type(FetchFailed),
            stop=stop_after_delay(self.again_for_s),
            wait=wait_exponential_jitter(initial=0.2, max=2.0, jitter=0.2),
            reraise=True,
        )
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                await tries(self._download, uri, path, sha256)
        except TimeoutError as error:
            raise FetchFailed(f"input did not arrive within {FETCH_TIMEOUT_S:.0f} s") from error
        return path

    async def _copied(self, sha256: str | None, path: Path) -> bool:
        here = self.made(sha256) if sha256 is not None else None
        if here is None:
            return False
        try:
            await asyncio.to_thread(shutil.copyfile, here, path)
        except FileNotFoundError:
            return False  # swept a moment ago
        return True

    async def _download(self, uri: str, path: Path, sha256: str | None) -> None:
        try:
            digest = await self._read(uri, path)
        except httpx.TransportError as error:
            raise FetchFailed(f"input could not be fetched: {type(error).__name__}") from error
        if sha256 not in (None, digest):
            raise FetchFailed("input did not arrive as it was stored")

    async def _read(self, uri: str, path: Path) -> str:
        """Returns the hash of what came."""
        async with self.client.stream("GET", uri) as answer:
            if answer.status_code >= 500:
                raise FetchFailed(f"input could not be fetched: HTTP {answer.status_code}")
            if answer.status_code != 200:
                raise InputRefused(f"input could not be fetched: HTTP {answer.status_code}")
            received, digest = 0, hashlib.sha256()
            with path.open("wb") as file:
                async for chunk in answer.aiter_bytes(1 << 18):
                    received += len(chunk)
                    if received > MAX_FILE_BYTES:
                        raise InputRefused("an input file is larger than 200 MB")
                    digest.update(chunk)
                    file.write(chunk)
            return digest.hexdigest()


def host_of(uri: str) -> str:
    """The host of an http(s) URL that can be fetched at all."""
    try:
        parts = urlsplit(uri)
        usable = parts.scheme in ("http", "https") and parts.port != 0 and httpx.URL(uri).is_absolute_url
    except (ValueError, httpx.InvalidURL) as error:
        raise InputRefused("an input file has an address that is none") from error
    if not usable:
        raise InputRefused("an input file must be an http(s) URL or a data URI")
    return (parts.hostname or "").lower()


def data_of(uri: str) -> bytes:
    """The bytes of a data URI (RFC 2397)."""
    head, comma, body = uri.partition(",")
    if not comma:
        raise InputRefused("a data URI without data")
    if not head.endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise InputRefused("a data URI whose base64 cannot be read") from error
