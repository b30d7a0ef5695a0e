"""The fleet's adapter keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from adapters.providers.fleet.adapter import Fleet
from adapters.providers.polling import Pace
from events.ids import new_id
from processors.dispatcher.errors import NotSent, WorkerGone
from processors.dispatcher.ports import Call, Handle, NeverArrived, Succeeded
from tests.contract.providers.cog import Cog, create_app
from tests.contract.providers.contract import ProviderContract, all_updates, watched
from tests.contract.providers.serving import served, unused_address

FAST = Pace(first_s=0.02, longest_s=0.05)


class KnownWorkers:
    def __init__(self, **urls: str) -> None:
        self._urls = urls

    async def url(self, worker: str) -> str | None:
        return self._urls.get(worker)


@dataclass
class FleetWorld:
    cog: Cog
    provider: Fleet
    unreachable: Fleet

    def call(self, behaviour: str = "ok") -> Call:
        values = {"prompt": "a fox", "simulate": behaviour}
        return Call(new_id("job"), 1, "local/picture", "local/picture", values, 60, worker="w1")

    def executions(self, call: Call) -> int:
        return self.cog.accepted[call.token]


@pytest.fixture
async def world() -> AsyncIterator[FleetWorld]:
    cog = Cog()
    async with served(create_app(cog)) as url:
        cog.url = url
        provider = Fleet(KnownWorkers(w1=url), pace=FAST)
        unreachable = Fleet(KnownWorkers(w1=unused_address()), pace=FAST)
        yield FleetWorld(cog, provider, unreachable)
        await provider.aclose()
        await unreachable.aclose()


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
