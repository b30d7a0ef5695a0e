"""Every remote provider's adapter keeps the contract, against the simulator of its wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
import pytest_asyncio

from processors.dispatcher.errors import OutcomeUnknown
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


async def test_a_result_that_drips_is_cut_off_when_its_call_has_taken_as_long_as_it_may() -> None:
    """All at once: no call may take less than a second."""
    async with AsyncExitStack() as stack:
        worlds = [await stack.enter_async_context(remote_world(remote)) for remote in AT_ONCE.values()]
        calls = [replace(world.call("drip"), max_runtime_s=1) for world in worlds]
        ends = await asyncio.gather(
            *(world.provider.submit(call) for world, call in zip(worlds, calls, strict=True)), return_exceptions=True
        )
    assert {name: type(end) for name, end in zip(AT_ONCE, ends, strict=True)} == dict.fromkeys(AT_ONCE, OutcomeUnknown)
