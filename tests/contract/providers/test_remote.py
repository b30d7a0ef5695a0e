"""Every remote provider's adapter keeps the contract, against the simulator of its wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.contract.providers.contract import AtOnceContract, RemoteContract
from tests.contract.providers.worlds import AT_ONCE, REMOTE, RemoteWorld, remote_world


@pytest.mark.asyncio(loop_scope="class")
@pytest.mark.parametrize("remote", REMOTE, scope="class")
class TestAsked(RemoteContract):
    @pytest_asyncio.fixture(scope="class", loop_scope="class")
    async def world(self, remote: str) -> AsyncIterator[RemoteWorld]:
        async with remote_world(REMOTE[remote]) as made:
            yield made


@pytest.mark.asyncio(loop_scope="class")
@pytest.mark.parametrize("remote", AT_ONCE, scope="class")
class TestAtOnce(AtOnceContract):
    @pytest_asyncio.fixture(scope="class", loop_scope="class")
    async def world(self, remote: str) -> AsyncIterator[RemoteWorld]:
        async with remote_world(AT_ONCE[remote]) as made:
            yield made
