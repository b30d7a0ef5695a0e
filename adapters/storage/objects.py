"""`commands.ports.Storage` over obstore: bytes at `{org}/{sha256}` in a folder, S3, GCS, Azure or memory."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from commands.ask import Unavailable
from commands.ports import StoredBytes

BUFFER_MAX_BYTES = 8 * 2**20
"""What is smaller is read and written at once, hashed in memory; what is larger goes to a temporary key first."""
CHUNK_BYTES = 2**20
PENDING = "_pending"
"""Prefix of uploads that are not finished; no org id begins with an underscore."""

_ORG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class TooLarge(ValueError):
    """More bytes than the caller allows."""


class Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a sweeper needs to know of one object."""

    sha256: str
    size: int
    modified_at: datetime


class ObjectStorage:
    """Writes are atomic: an object is there whole or not at all. The same bytes of an org are kept once."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, org_id: str, chunks: AsyncIterator[bytes] | bytes, *, size_max: int) -> StoredBytes:
        """Stores by content hash; raises TooLarge, a ValueError, beyond `size_max` bytes, and Unavailable."""
        try:
            return await self._put(org_id, chunks, size_max)
        except obstore.exceptions.BaseError as error:
            raise Unavailable(f"the store of files takes nothing: {type(error).__name__}") from error

    async def _put(self, org_id: str, chunks: AsyncIterator[bytes] | bytes, size_max: int) -> StoredBytes:
        if isinstance(chunks, bytes):
            return await self._put_whole(org_id, chunks, size_max)
        head = bytearray()
        async for chunk in chunks:
            head += chunk
            if len(head) > size_max:
                raise TooLarge(f"more than {size_max} bytes")
            if len(head) > BUFFER_MAX_BYTES:
                return await self._put_stream(org_id, bytes(head), chunks, size_max)
        return await self._put_whole(org_id, bytes(head), size_max)

    async def get(self, org_id: str, sha256: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end` (exclusive); raises FileNotFoundError, or Unavailable before the first."""
        key = _key(org_id, sha256)
        if start == 0 and end is None:
            found = await self._found(key)
        else:
            size = await self.size(org_id, sha256)
            stop = size if end is None else min(end, size)
            if start >= stop:
                return
            found = await obstore.get_async(self._store, key, options={"range": (start, stop)})
        if found.range[1] - found.range[0] <= BUFFER_MAX_BYTES:
            yield bytes(await found.bytes_async())
            return
        async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(chunk)

    async def _found(self, key: str) -> obstore.GetResult:
        try:
            return await obstore.get_async(self._store, key)
        except FileNotFoundError:
            raise
        except obstore.exceptions.BaseError as error:
            raise Unavailable(f"the store of files gives nothing: {type(error).__name__}") from error

    async def size(self, org_id: str, sha256: str) -> int:
        return (await obstore.head_async(self._store, _key(org_id, sha256)))["size"]

    async def list(self, org_id: str) -> AsyncIterator[StoredObject]:
        """Every object of an org, for the sweeper of what no event names."""
        async for batch in obstore.list(self._store, prefix=_org(org_id)):
            for meta in batch:
                sha256 = meta["path"].rsplit("/", 1)[-1]
                yield StoredObject(sha256, meta["size"], meta["last_modified"])

    async def delete(self, org_id: str, sha256: str) -> None:
        """Removes the bytes; what is not there is no error."""
        try:
            await obstore.delete_async(self._store, _key(org_id, sha256))
        except FileNotFoundError:
            return

    async def _put_whole(self, org_id: str, body: bytes, size_max: int) -> StoredBytes:
        if len(body) > size_max:
            raise TooLarge(f"more than {size_max} bytes")
        sha256 = hashlib.sha256(body).hexdigest()
        await obstore.put_async(self._store, _key(org_id, sha256), body)
        return StoredBytes(sha256, len(body))

    async def _put_stream(self, org_id: str, head: bytes, rest: AsyncIterator[bytes], size_max: int) -> StoredBytes:
        pending = f"{PENDING}/{_org(org_id)}/{uuid.uuid4().hex}"
        counted = _Counted(head, rest, size_max)
        try:
            await obstore.put_async(self._store, pending, counted.chunks(), chunk_size=BUFFER_MAX_BYTES)
        except obstore.exceptions.BaseError:
            if counted.too_large:
                raise TooLarge(f"more than {size_max} bytes") from None
            raise
        sha256 = counted.digest.hexdigest()
        await obstore.rename_async(self._store, pending, _key(org_id, sha256))
        return StoredBytes(sha256, counted.size)


class _Counted:
    """Hashes and counts what passes; stops at the limit."""

    def __init__(self, head: bytes, rest: AsyncIterator[bytes], size_max: int) -> None:
        self._head = head
        self._rest = rest
        self._size_max = size_max
        self.digest: Hash = hashlib.sha256()
        self.size = 0
        self.too_large = False

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._pass(self._head)
        async for chunk in self._rest:
            yield self._pass(chunk)

    def _pass(self, chunk: bytes) -> bytes:
        self.size += len(chunk)
        if self.size > self._size_max:
            self.too_large = True
            raise TooLarge(f"more than {self._size_max} bytes")
        self.digest.update(chunk)
        return chunk


def _org(org_id: str) -> str:
    if not _ORG.fullmatch(org_id):
        raise ValueError("not an organisation's id")
    return org_id


def _key(org_id: str, sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise ValueError("not a hex SHA-256")
    return f"{_org(org_id)}/{sha256}"


def storage(url: str) -> ObjectStorage:
    """`file:///folder` (made when missing), `memory://`, or a bucket's URL with credentials from the environment."""
    parts = urlsplit(url)
    if parts.scheme == "memory":
        return ObjectStorage(MemoryStore())
    if parts.scheme == "file":
        return ObjectStorage(LocalStore(Path(unquote(parts.path)), mkdir=True))
    return ObjectStorage(from_url(url))
