"""Two organisations with jobs for one provider, whose simulator tells what ran at a time, on a Redis of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from pymongo import AsyncMongoClient

from adapters.simulators.replicate import Simulator, replicate
from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from commands.bus import CommandBus
from commands.catalog.commands import ChangeProvider, ListModel
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import AddCredits, OpenOrg, SetLimits, SubmitJob
from events.accounts.events import Limits
from events.catalog.events import ModelSpec, Price
from events.ids import new_id
from events.jobs.events import JobEvent, JobSucceeded
from events.log.follower import Follower
from events.topics import EVENTS_JOBS
from studio.settings import Settings
from tests.integration.roles import running, settings_for
from tests.integration.test_execution import Log
from tests.redis import OwnRedis
from tests.servers import Servers
from tests.serving import served

JOBS = 200
AT_PROVIDER, AT_API, OF_ORG, OF_ORG_AT_API = 12, 8, 7, 5
ENDS_WITHIN_S = 150.0


@dataclass
class Stage:
    """Two organisations with jobs for two models of one provider, all four caps in force."""

    settings: Settings
    bus: CommandBus
    vault: KeyVault
    simulator: Simulator
    log: Log
    orgs: tuple[str, str] = field(default_factory=lambda: (new_id("org"), new_id("org")))

    def models(self) -> tuple[str, str]:
        return f"replicate/x-{self.orgs[0]}", f"replicate/y-{self.orgs[0]}"

    async def ask(self, org: str, command: Command) -> None:
        fresh = new_id("cmd")
        envelope = CommandEnvelope(id=fresh, org_id=org, actor="test", correlation_id=fresh, causation_id=fresh)
        await self.bus(command, envelope, timeout_s=30)

    async def open(self) -> None:
        models = self.models()
        for model in models:
            spec = ModelSpec(
                id=model, title="Test", media_out=("image",), agent_type="image", input_schema={},
                price=Price(unit="image", amount=40), provider="replicate", provider_model="owner/flux",
            )  # fmt: skip
            await self.ask(self.orgs[0], ListModel(model=spec, source_hash="1"))
        limited = ChangeProvider(provider="replicate", concurrent=AT_PROVIDER, per_api={models[0]: AT_API})
        await self.ask(self.orgs[0], limited)
        for org in self.orgs:
            await self.ask(org, OpenOrg(org_id=org, title="Test"))
            await self.ask(org, AddCredits(org_id=org, entry_id=new_id("ent"), kind="grant", amount=1_000_000))
            limits = Limits(concurrent=OF_ORG, per_api={models[1]: OF_ORG_AT_API})
            await self.ask(org, SetLimits(org_id=org, limits=limits))

    async def submit(self, n: int, *, slow_s: float = 0.5) -> str:
        org, model, job_id = self.orgs[n % 2], self.models()[n // 2 % 2], new_id("job")
        words = {"prompt": f"of={org} at={model} simulate:slow={slow_s}"}
        sealed = await self.vault.seal(org, "usr_test", orjson.dumps(words).decode())
        job = SubmitJob(
            org_id=org, job_id=job_id, model=model, provider="replicate", input=sealed, reserve=40, max_runtime_s=60
        )
        await self.ask(org, job)
        return job_id

    def most(self, *words: str) -> int:
        """The most that ran at the provider at one time, of those with these words in their prompt."""
        spans = [
            (one.created_at, one.ends_at if one.cancelled_at is None else one.cancelled_at)
            for one in self.simulator.all()
            if all(word in one.input["prompt"] for word in words)
        ]
        moves = sorted([(end, -1) for _, end in spans] + [(begin, 1) for begin, _ in spans])
        most = now = 0
        for _, move in moves:
            now += move
            most = max(most, now)
        return most

    def assert_within_the_caps(self) -> None:
        x, y = self.models()
        assert self.most() <= AT_PROVIDER
        assert self.most(f"at={x}") <= AT_API
        for org in self.orgs:
            assert self.most(f"of={org}") <= OF_ORG
            assert self.most(f"of={org}", f"at={y}") <= OF_ORG_AT_API

    def of_ours(self, kind: type[JobEvent]) -> list[Any]:
        return [one.data for one in self.log.seen if isinstance(one.data, kind) and one.data.org_id in self.orgs]

    async def until(self, ended: int) -> None:
        async with asyncio.timeout(ENDS_WITHIN_S):
            while len(self.of_ours(JobSucceeded)) < ended:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@asynccontextmanager
async def stage(
    servers: Servers, own_redis: OwnRedis, data_dir: Path, monkeypatch: pytest.MonkeyPatch, *roles: str
) -> AsyncIterator[Stage]:
    settings = settings_for(servers, data_dir).model_copy(update={"redis_url": own_redis.url})
    assert settings.master_key is not None
    far_end, stop = replicate(), asyncio.Event()
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(served(far_end))
        monkeypatch.setenv("STUDIO_PROVIDER_REPLICATE_BASE_URL", address)
        monkeypatch.setenv("STUDIO_PROVIDER_REPLICATE_API_KEY", "r8_test")
        process = await stack.enter_async_context(running(settings, *roles))
        bus = await stack.enter_async_context(CommandBus(servers.kafka_bootstrap, f"test-{process.instance}"))
        keys = MongoKeyStore(await stack.enter_async_context(AsyncMongoClient[dict[str, Any]](servers.mongo_url)))
        await keys.prepare()
        vault = KeyVault(keys, master_key(settings.master_key.get_secret_value()))
        made = Stage(settings, bus, vault, far_end.state.simulator, Log())
        log = Follower(servers.kafka_bootstrap, [EVENTS_JOBS], on_record=made.log.take, name="test log")
        following = asyncio.create_task(log.run(stop))
        await log.ready()
        await made.open()
        yield made
        stop.set()
        await following
