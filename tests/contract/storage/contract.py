"""What every store of bytes must keep."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import pytest

from adapters.storage.objects import BUFFER_MAX_BYTES, ObjectStorage, TooLarge

ORG = "org_1"
MISSING = "0" * 64


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def body(storage: ObjectStorage, sha256: str, **span: int) -> bytes:
    return b"".join([chunk async for chunk in storage.get(ORG, sha256, **span)])


class StorageContract:
    """A subclass gives the fixture `storage`."""

    async def test_bytes_come_back_by_their_hash(self, storage: ObjectStorage) -> None:
        stored = await storage.put(ORG, b"hello", size_max=5)
        assert (stored.sha256, stored.size) == (hashlib.sha256(b"hello").hexdigest(), 5)
        assert await body(storage, stored.sha256) == b"hello"
        assert await storage.size(ORG, stored.sha256) == 5

    async def test_a_stream_is_stored_as_its_bytes(self, storage: ObjectStorage) -> None:
        stored = await storage.put(ORG, pieces(b"he", b"", b"llo"), size_max=5)
        assert stored.sha256 == hashlib.sha256(b"hello").hexdigest()

    async def test_a_large_stream_is_stored_under_its_hash_and_leaves_nothing_else(
        self, storage: ObjectStorage
    ) -> None:
        half = bytes(range(256)) * (BUFFER_MAX_BYTES // 256)
        stored = await storage.put(ORG, pieces(half, half, b"end"), size_max=3 * BUFFER_MAX_BYTES)
        assert stored.sha256 == hashlib.sha256(half + half + b"end").hexdigest()
        assert await body(storage, stored.sha256, start=2 * len(half) - 1) == half[-1:] + b"end"
        assert [one.sha256 async for one in storage.list(ORG)] == [stored.sha256]

    async def test_too_many_bytes_are_refused_and_not_kept(self, storage: ObjectStorage) -> None:
        with pytest.raises(TooLarge):
            await storage.put(ORG, b"123456", size_max=5)
        with pytest.raises(TooLarge):
            await storage.put(ORG, pieces(b"123", b"456"), size_max=5)
        large = bytes(BUFFER_MAX_BYTES)
        with pytest.raises(TooLarge):
            await storage.put(ORG, pieces(large, b"1", large), size_max=len(large) + 5)
        assert [one async for one in storage.list(ORG)] == []

    async def test_a_source_that_breaks_leaves_nothing(self, storage: ObjectStorage) -> None:
        async def breaking() -> AsyncIterator[bytes]:
            yield bytes(BUFFER_MAX_BYTES + 1)
            raise ConnectionError

        with pytest.raises(Exception):  # noqa: B017
            await storage.put(ORG, breaking(), size_max=10 * BUFFER_MAX_BYTES)
        assert [one async for one in storage.list(ORG)] == []

    async def test_a_range_is_a_part(self, storage: ObjectStorage) -> None:
        stored = await storage.put(ORG, b"0123456789", size_max=10)
        assert await body(storage, stored.sha256, start=2, end=5) == b"234"
        assert await body(storage, stored.sha256, start=8, end=99) == b"89"
        assert await body(storage, stored.sha256, start=10) == b""

    async def test_nothing_is_shared_between_orgs(self, storage: ObjectStorage) -> None:
        stored = await storage.put("org_2", b"secret", size_max=10)
        with pytest.raises(FileNotFoundError):
            await body(storage, stored.sha256)

    async def test_what_is_not_there_is_not_found(self, storage: ObjectStorage) -> None:
        with pytest.raises(FileNotFoundError):
            await body(storage, MISSING)
        with pytest.raises(FileNotFoundError):
            await storage.size(ORG, MISSING)

    async def test_the_same_bytes_twice_are_kept_once_and_deleted_once(self, storage: ObjectStorage) -> None:
        first = await storage.put(ORG, b"x", size_max=1)
        assert await storage.put(ORG, b"x", size_max=1) == first
        assert [one.size async for one in storage.list(ORG)] == [1]
        await storage.delete(ORG, first.sha256)
        await storage.delete(ORG, first.sha256)
        assert [one async for one in storage.list(ORG)] == []

    @pytest.mark.parametrize(
        ("org", "sha256"), [("../other", MISSING), ("_pending", MISSING), ("", MISSING), (ORG, "../../x"), (ORG, "")]
    )
    async def test_a_path_out_of_the_org_is_refused(self, storage: ObjectStorage, org: str, sha256: str) -> None:
        with pytest.raises(ValueError):
            await storage.size(org, sha256)

    async def test_an_empty_file_is_a_file(self, storage: ObjectStorage) -> None:
        stored = await storage.put(ORG, pieces(), size_max=5)
        assert stored.size == 0
        assert await body(storage, stored.sha256) == b""
