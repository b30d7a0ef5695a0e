"""The fleet's adapter keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.providers.fleet.adapter import Fleet
from processors.dispatcher.errors import NotSent, OutcomeUnknown, WorkerGone
from processors.dispatcher.ports import Call, Handle, NeverArrived, Succeeded
from tests.contract.providers.contract import ProviderContract, all_updates, watched
from tests.contract.providers.worlds import FAST, FleetWorld, fleet_world


class Forgetful:
    """A directory that knows its worker once, then has lost the entry or cannot be read."""

    def __init__(self, url: str, *, readable: bool) -> None:
        self._answers = [url]
        self._readable = readable

    async def url(self, worker: str) -> str | None:
        if self._answers:
            return self._answers.pop()
        if self._readable:
            return None
        raise NotSent("the directory of workers cannot be read")


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


@pytest.mark.parametrize("readable", [True, False])
async def test_what_runs_is_watched_and_stopped_though_the_directory_has_lost_its_worker(
    world: FleetWorld, readable: bool
) -> None:
    provider = Fleet(Forgetful(world.cog.url, readable=readable), pace=FAST)
    call = world.call()
    taken = await provider.submit(call)
    assert isinstance(taken, Handle)
    assert isinstance((await watched(provider, taken))[-1], Succeeded)
    await provider.aclose()

    stopping = Fleet(Forgetful(world.cog.url, readable=readable), pace=FAST)
    call = world.call("never")
    taken = await stopping.submit(call)
    assert isinstance(taken, Handle)
    await stopping.cancel(taken)
    assert world.cog.predictions[call.token]["status"] == "canceled"
    await stopping.aclose()


async def test_a_worker_that_is_not_listed_gets_nothing_new(world: FleetWorld) -> None:
    provider = Fleet(Forgetful(world.cog.url, readable=True), pace=FAST)
    await provider.submit(world.call())
    with pytest.raises(WorkerGone):
        await provider.submit(world.call())
    await provider.aclose()


async def test_having_no_connection_left_is_not_a_dead_worker(world: FleetWorld) -> None:
    limits, timeout = httpx.Limits(max_connections=1), httpx.Timeout(5.0, pool=0.01)
    client = httpx.AsyncClient(limits=limits, timeout=timeout)
    provider = Fleet(Forgetful(world.cog.url, readable=True), pace=FAST, client=client)
    taken = await provider.submit(world.call("never"))
    assert isinstance(taken, Handle)
    updates = provider.watch(taken)
    await anext(updates)
    with pytest.raises(NotSent) as caught:
        await provider.cancel(taken)
    assert caught.type is NotSent
    with pytest.raises(OutcomeUnknown):
        await watched(provider, taken)
    await updates.aclose()
    await provider.aclose()
