"""Adapters with their far ends, for every test that needs a provider on a real wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.providers.fleet.adapter import Fleet
from adapters.providers.polling import Pace
from adapters.providers.replicate.adapter import Replicate
from adapters.simulators.replicate import Simulator, replicate
from events.ids import new_id
from processors.dispatcher.ports import Call
from tests.contract.providers.cog import Cog, create_app
from tests.contract.providers.serving import served, unused_address

FAST = Pace(first_s=0.02, longest_s=0.05)
NAMES = {"invalid": "validation", "down": "outage", "broken_model": "model_error"}


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


@asynccontextmanager
async def fleet_world() -> AsyncIterator[FleetWorld]:
    cog = Cog()
    async with served(create_app(cog)) as url:
        cog.url = url
        provider = Fleet(KnownWorkers(w1=url), pace=FAST)
        unreachable = Fleet(KnownWorkers(w1=unused_address()), pace=FAST)
        yield FleetWorld(cog, provider, unreachable)
        await provider.aclose()
        await unreachable.aclose()


@dataclass
class ReplicateWorld:
    simulator: Simulator
    provider: Replicate
    unreachable: Replicate

    def call(self, behaviour: str = "ok", model: str = "black-forest-labs/flux-schnell") -> Call:
        values = {"prompt": f"a fox simulate:{NAMES.get(behaviour, behaviour)}"}
        job_id = new_id("job")
        return Call(job_id, 1, "replicate/x", model, values, 60, webhook_url=f"{unused_address()}/{job_id}")

    def executions(self, call: Call) -> int:
        return sum(one.token == call.webhook_url for one in self.simulator.control.accepted)


@asynccontextmanager
async def replicate_world() -> AsyncIterator[ReplicateWorld]:
    far_end = replicate()
    async with served(far_end) as url:
        provider = Replicate("r8_test", base_url=url, pace=FAST)
        unreachable = Replicate("r8_test", base_url=unused_address(), pace=FAST)
        yield ReplicateWorld(far_end.state.simulator, provider, unreachable)
        await provider.aclose()
        await unreachable.aclose()
