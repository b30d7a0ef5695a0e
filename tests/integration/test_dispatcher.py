"""The dispatcher's process on the real log: workers and Replicate on their wires, leases in Redis, a restart."""

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
from redis.asyncio import Redis

from adapters.simulators.replicate import Simulator, replicate
from adapters.storage.objects import storage
from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from commands.bus import CommandBus
from commands.catalog.commands import ListModel
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import AddCredits, CancelJob, DispatchJob, OpenOrg, SubmitJob
from events.catalog.events import ModelSpec, Price
from events.ids import new_id
from events.jobs.events import Cause, JobNote, JobRunning, JobSucceeded
from events.log.follower import Follower
from events.progress import Progress
from events.topics import EVENTS_JOBS, PROGRESS
from studio.settings import Settings
from tests.contract.providers.cog import Cog, create_app
from tests.integration.roles import running, settings_for
from tests.integration.test_execution import Log
from tests.servers import Servers
from tests.serving import served

pytestmark = pytest.mark.servers
WITHIN_S = 45.0
ENTRY_MS = 120_000


@dataclass
class Stage:
    """An organisation with credit and two models; the test plays the scheduler."""

    settings: Settings
    bus: CommandBus
    vault: KeyVault
    redis: Redis
    log: Log
    cog: Cog
    simulator: Simulator
    frames: list[Progress] = field(default_factory=list)
    org: str = field(default_factory=lambda: new_id("org"))

    async def ask(self, command: Command) -> Any:
        fresh = new_id("cmd")
        envelope = CommandEnvelope(id=fresh, org_id=self.org, actor="test", correlation_id=fresh, causation_id=fresh)
        return (await self.bus(command, envelope, timeout_s=30)).result

    def model(self, provider: str) -> str:
        return f"{provider}/test-{self.org}"

    async def open(self) -> None:
        await self.ask(OpenOrg(org_id=self.org, title="Test"))
        await self.ask(AddCredits(org_id=self.org, entry_id=new_id("ent"), kind="grant", amount=100_000))
        for provider in ("fleet", "replicate"):
            spec = ModelSpec(
                id=self.model(provider), title="Test", media_out=("image",), agent_type="image", input_schema={},
                price=Price(unit="image", amount=40), provider=provider, provider_model="owner/flux",
            )  # fmt: skip
            await self.ask(ListModel(model=spec, source_hash="1"))

    async def dispatched(self, provider: str, values: dict[str, Any]) -> str:
        job_id = new_id("job")
        sealed = await self.vault.seal(self.org, "usr_test", orjson.dumps(values).decode())
        model, session = self.model(provider), f"ses_{self.org}"
        cause = Cause(session_id=session, run_id="run_X.1.1", step_id="stp_X.1.s1")
        await self.ask(
            SubmitJob(
                org_id=self.org,
                job_id=job_id,
                model=model,
                provider=provider,
                input=sealed,
                reserve=500,
                max_runtime_s=60,
                cause=cause,
            )
        )
        worker = f"w-{self.org}" if provider == "fleet" else None
        command = DispatchJob(org_id=self.org, job_id=job_id, lease=1, provider=provider, model=model, worker=worker)
        await self.ask(command)
        return job_id

    async def until(self, happened: Any) -> None:
        """Waits for what a far end, which tells nobody, has seen."""
        async with asyncio.timeout(WITHIN_S):
            while not await happened():  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@asynccontextmanager
async def stage(servers: Servers, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """The decider, a worker and a simulator of Replicate; a test starts the dispatcher itself."""
    settings = settings_for(servers, data_dir)
    assert settings.master_key is not None
    cog, far_end, stop = Cog(), replicate(), asyncio.Event()
    async with AsyncExitStack() as stack:
        cog.url = await stack.enter_async_context(served(create_app(cog)))
        address = await stack.enter_async_context(served(far_end))
        monkeypatch.setenv("STUDIO_PROVIDER_REPLICATE_BASE_URL", address)
        monkeypatch.setenv("STUDIO_PROVIDER_REPLICATE_API_KEY", "r8_test")
        process = await stack.enter_async_context(running(settings, "decider"))
        bus = await stack.enter_async_context(CommandBus(servers.kafka_bootstrap, f"test-{process.instance}"))
        mongo = await stack.enter_async_context(AsyncMongoClient[dict[str, Any]](servers.mongo_url))
        redis = await stack.enter_async_context(Redis.from_url(servers.redis_url))
        keys = MongoKeyStore(mongo)
        await keys.prepare()
        vault = KeyVault(keys, master_key(settings.master_key.get_secret_value()))
        made = Stage(settings, bus, vault, redis, Log(), cog, far_end.state.simulator)
        log = Follower(servers.kafka_bootstrap, [EVENTS_JOBS], on_record=made.log.take, name="test log")

        async def frame(record: Any) -> None:
            made.frames.append(Progress.model_validate_json(record.value))

        live = Follower(servers.kafka_bootstrap, [PROGRESS], on_record=frame, name="test progress")
        following = [asyncio.create_task(one.run(stop)) for one in (log, live)]
        await asyncio.wait_for(asyncio.gather(log.ready(), live.ready()), WITHIN_S)
        entry = orjson.dumps({"worker_id": f"w-{made.org}", "url": cog.url})
        await redis.set(f"fleet:worker:w-{made.org}", entry, px=ENTRY_MS)
        await made.open()
        try:
            yield made
        finally:
            stop.set()
            await asyncio.gather(*following)


async def test_jobs_run_at_their_providers_and_their_files_are_stored(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(servers, tmp_path, monkeypatch) as it, running(it.settings, "dispatcher"):
        local = await it.dispatched("fleet", {"prompt": "a fox"})
        remote = await it.dispatched("replicate", {"prompt": "a fox"})
        for job_id, engine in ((local, "local-cpu/test"), (remote, None)):
            end = (await it.log.first(JobSucceeded, job_id=job_id)).data
            assert isinstance(end, JobSucceeded)
            assert (end.captured, end.outputs[0].media_type, end.outputs[0].engine) == (40, "image/png", engine)
            assert await storage(it.settings.storage).size(it.org, end.outputs[0].sha256) == end.outputs[0].bytes
        running_event = (await it.log.first(JobRunning, job_id=remote)).data
        assert isinstance(running_event, JobRunning)
        assert [running_event.provider_job_id] == [one.id for one in it.simulator.control.accepted]

        async def shown() -> bool:
            return any(frame.session_id == f"ses_{it.org}" for frame in it.frames)

        await it.until(shown)


async def test_a_cancel_passes_the_call_that_it_stops(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(servers, tmp_path, monkeypatch) as it, running(it.settings, "dispatcher"):
        job_id = await it.dispatched("fleet", {"simulate": "never"})

        async def held() -> bool:
            return bool(await it.redis.get(f"lease:{job_id}") == b"1") and it.cog.accepted[f"{job_id}.1"] == 1

        await it.until(held)
        await it.ask(CancelJob(org_id=it.org, job_id=job_id))
        note = (await it.log.first(JobNote, job_id=job_id)).data
        assert isinstance(note, JobNote)
        assert note.code == "stopped"
        assert it.cog.predictions[f"{job_id}.1"]["status"] == "canceled"


async def test_a_restarted_dispatcher_goes_on_with_what_runs(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.runners.reactor.GRACE_S", 0.1)
    async with stage(servers, tmp_path, monkeypatch) as it:
        async with running(it.settings, "dispatcher"):
            remote = await it.dispatched("replicate", {"prompt": "simulate:slow=3"})
            local = await it.dispatched("fleet", {"simulate": "slow"})
            await it.log.first(JobRunning, job_id=remote)
        async with running(it.settings, "dispatcher"):
            await it.log.first(JobSucceeded, job_id=remote)
            await it.log.first(JobSucceeded, job_id=local)
        assert len(it.simulator.control.accepted) == 1
        assert it.cog.accepted.total() == 1
