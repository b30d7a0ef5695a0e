"""What nobody finishes is ended on the real log, once, by two processes of sweepers that do not know of each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pymongo import AsyncMongoClient

from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from commands.bus import CommandBus
from commands.model import Command, CommandEnvelope
from commands.orgs import run_job
from commands.orgs.commands import AddCredits, CancelJob, DispatchJob, OpenOrg, SubmitJob
from events.credits.events import LedgerEntry
from events.ids import new_id
from events.jobs.events import JobCancelled, JobEvent, JobNote, LeaseExpired
from events.jobs.state import STOPPED
from events.log.follower import Follower
from events.topics import EVENTS_CREDITS, EVENTS_JOBS
from processors.sweepers import core, ticking
from tests.integration.roles import running, settings_for
from tests.integration.test_execution import Log
from tests.servers import MASTER_KEY, Servers

pytestmark = pytest.mark.servers


class Stage:
    """An organisation whose jobs are for a provider that nobody schedules or carries out."""

    def __init__(self, bus: CommandBus, vault: KeyVault, log: Log) -> None:
        self.bus, self.vault, self.log = bus, vault, log
        self.org = new_id("org")

    async def ask(self, command: Command) -> None:
        fresh = new_id("cmd")
        envelope = CommandEnvelope(id=fresh, org_id=self.org, actor="test", correlation_id=fresh, causation_id=fresh)
        await self.bus(command, envelope, timeout_s=30)

    async def open(self) -> None:
        await self.ask(OpenOrg(org_id=self.org, title="Test"))
        await self.ask(AddCredits(org_id=self.org, entry_id=new_id("ent"), kind="grant", amount=1_000))

    async def queued(self, **fields: Any) -> str:
        job_id = new_id("job")
        words = await self.vault.seal(self.org, "usr_test", orjson.dumps({"prompt": "a fox"}).decode())
        values = {"model": "nobody/x", "provider": "nobody", "input": words, "reserve": 40, "max_runtime_s": 1}
        await self.ask(SubmitJob(org_id=self.org, job_id=job_id, **{**values, **fields}))
        return job_id

    async def dispatched(self) -> str:
        job_id = await self.queued()
        await self.ask(DispatchJob(org_id=self.org, job_id=job_id, lease=1, provider="nobody", model="nobody/x"))
        return job_id

    async def cancelled(self) -> str:
        job_id = await self.dispatched()
        await self.ask(CancelJob(org_id=self.org, job_id=job_id))
        return job_id

    def of(self, job_id: str, kind: type[JobEvent]) -> list[Any]:
        return [one.data for one in self.log.seen if isinstance(one.data, kind) and one.data.job_id == job_id]

    def moved(self, job_id: str) -> list[str]:
        entries = [one.data for one in self.log.seen if isinstance(one.data, LedgerEntry)]
        return [one.kind for one in entries if one.job_id == job_id]


@pytest.fixture
async def stage(own_servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """Sweepers in a hurry, twice; of others' jobs they would have to end what was left."""
    monkeypatch.setattr(core, "GRACE", timedelta(seconds=1))
    monkeypatch.setattr(core, "STOP_MARGIN", timedelta(seconds=1))
    monkeypatch.setattr(run_job, "ON_ITS_WAY", timedelta(seconds=1))
    monkeypatch.setattr(ticking, "LOOK_EVERY_S", 0.2)
    settings, stop = settings_for(own_servers, tmp_path), asyncio.Event()
    async with AsyncExitStack() as stack:
        process = await stack.enter_async_context(running(settings, "decider", "sweepers"))
        other = settings.model_copy(update={"process_name": "tests-2"})
        await stack.enter_async_context(running(other, "sweepers"))
        bus = await stack.enter_async_context(CommandBus(own_servers.kafka_bootstrap, f"test-{process.instance}"))
        keys = MongoKeyStore(await stack.enter_async_context(AsyncMongoClient[dict[str, Any]](own_servers.mongo_url)))
        await keys.prepare()
        log = Log()
        topics = [EVENTS_JOBS, EVENTS_CREDITS]
        follower = Follower(own_servers.kafka_bootstrap, topics, on_record=log.take, name="test log")
        following = asyncio.create_task(follower.run(stop))
        await follower.ready()
        made = Stage(bus, KeyVault(keys, master_key(MASTER_KEY)), log)
        await made.open()
        yield made
        stop.set()
        await following


async def test_what_nobody_finishes_is_ended_once_by_whoever_comes_first(stage: Stage) -> None:
    unheld, late, unstopped = await stage.dispatched(), await stage.queued(deadline_s=1), await stage.cancelled()
    for job_id, kind in ((unheld, LeaseExpired), (late, JobCancelled), (unstopped, JobNote)):
        await stage.log.first(kind, job_id=job_id)
    # By the time that this one is ended, both have looked at the others again.
    await stage.log.first(JobCancelled, job_id=await stage.queued(deadline_s=2))
    assert [one.lease for one in stage.of(unheld, LeaseExpired)] == [1]
    assert len(stage.of(late, JobCancelled)) == 1
    assert [one.code for one in stage.of(unstopped, JobNote)] == [STOPPED]
    assert [stage.moved(one) for one in (unheld, late, unstopped)] == [["reserve"], *[["reserve", "release"]] * 2]
