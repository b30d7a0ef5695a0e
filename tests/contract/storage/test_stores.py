"""Bytes in memory and in a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.storage.objects import BUFFER_MAX_BYTES, ObjectStorage, storage
from commands.ask import Unavailable
from tests.contract.storage.contract import StorageContract


class TestMemory(StorageContract):
    @pytest.fixture
    def storage(self) -> ObjectStorage:
        return storage("memory://")


class TestFolder(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> ObjectStorage:
        return storage((tmp_path / "with space").as_uri())


@pytest.mark.parametrize("size", [3, BUFFER_MAX_BYTES + 1])
async def test_a_folder_that_takes_nothing_is_asked_again(tmp_path: Path, size: int) -> None:
    (tmp_path / "org_1").write_text("in the way")

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * size

    with pytest.raises(Unavailable):
        await storage(tmp_path.as_uri()).put("org_1", chunks(), size_max=2 * size)
