"""The fleet's adapter keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from processors.dispatcher.errors import NotSent, WorkerGone
from processors.dispatcher.ports import Call, Handle, NeverArrived, Succeeded
from tests.contract.providers.contract import ProviderContract, all_updates, watched
from tests.contract.providers.worlds import FleetWorld, fleet_world


@pytest.fixture
async def world() -> AsyncIterator[FleetWorld]:
    async with fleet_world() as made:
        yield made


class TestFleet(ProviderContract):
    pass


async def test_a_stream_that_breaks_is_followed_by_questions(world: FleetWorld) -> None:
    end = (await all_updates(world.provider, world.call("cut_stream")))[-1]
    assert isinstance(end, Succeeded)
    assert world.cog.streams_cut == 1


async def test_the_engine_is_named(world: FleetWorld) -> None:
    end = (await all_updates(world.provider, world.call()))[-1]
    assert isinstance(end, Succeeded)
    assert end.engine == "local-cpu/test"


async def test_a_worker_that_died_is_gone_for_watching_and_no_error_for_cancelling(world: FleetWorld) -> None:
    call = world.call()
    with pytest.raises(WorkerGone):
        await watched(world.unreachable, Handle(call.token, "w1"))
    with pytest.raises(WorkerGone):
        await world.provider.submit(Call("job_1", 1, "m", "m", {}, 60, worker="w9"))
    await world.unreachable.cancel(Handle(call.token, "w1"))
    assert issubclass(WorkerGone, NotSent)


async def test_what_never_arrived_is_known_not_to_have(world: FleetWorld) -> None:
    assert await world.provider.reconcile(world.call()) == NeverArrived()
