"""Bytes in memory and in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.storage.objects import ObjectStorage, storage
from tests.contract.storage.contract import StorageContract


class TestMemory(StorageContract):
    @pytest.fixture
    def storage(self) -> ObjectStorage:
        return storage("memory://")


class TestFolder(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> ObjectStorage:
        return storage((tmp_path / "with space").as_uri())
