"""A Redis of a test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.redis import OwnRedis


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    (tmp_path / "redis").mkdir()
    with OwnRedis(tmp_path / "redis") as server:
        yield server
