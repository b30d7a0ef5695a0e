"""A plan runs to its end on the real log: executor, scheduler and catalog between the real deciders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from commands.bus import CommandBus
from commands.canvas.commands import (
    CancelRun,
    CancelSession,
    DraftPlan,
    DraftStep,
    ModelChoice,
    PostMessage,
    RerunPlan,
    SelectModels,
    StartSession,
)
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import AddCredits, ConfirmStopped, OpenOrg, RecordJobSucceeded
from events.assets import AssetRef
from events.canvas.plan_events import PlanRejected, RunCompleted, StepStarted, StepSucceeded
from events.canvas.session_events import MessagePosted
from events.envelope import Recorded
from events.ids import new_id, plan_id, step_id
from events.jobs.events import JobCancelled, JobDispatched, JobQueued, LeaseExpired
from events.log.codec import from_record
from events.log.follower import Follower
from events.topics import EVENTS_CANVAS, EVENTS_JOBS
from events.types import REGISTRY
from tests.catalog import shipped
from tests.integration.roles import running, settings_for
from tests.servers import Servers

pytestmark = [pytest.mark.servers, pytest.mark.slow]

ROLES = ("decider", "catalog", "executor", "scheduler", "sweepers", "projector_mongo")
WITHIN_S = 45.0
MEDIA = {"local/picture": "image/png", "local/motion": "video/mp4"}


class Log:
    """What has come to stand on the log since the test began."""

    def __init__(self) -> None:
        self.seen: list[Recorded] = []
        self._more = asyncio.Condition()

    async def take(self, record: Any) -> None:
        async with self._more:
            self.seen.append(from_record(record, REGISTRY))
            self._more.notify_all()

    async def first(self, kind: type, **fields: object) -> Recorded:
        """The first event of a type with these fields; waits for it."""

        def find() -> Recorded | None:
            for recorded in self.seen:
                data = recorded.data
                if isinstance(data, kind) and all(getattr(data, name) == value for name, value in fields.items()):
                    return recorded
            return None

        async with asyncio.timeout(WITHIN_S), self._more:
            await self._more.wait_for(lambda: find() is not None)
        found = find()
        assert found is not None
        return found


class Stage:
    """An organisation with credit, a session, and hands that play worker and dispatcher."""

    def __init__(self, bus: CommandBus, vault: KeyVault, log: Log, redis: Redis) -> None:
        self.bus, self.vault, self.log, self.redis = bus, vault, log, redis
        self.org, self.session = new_id("org"), new_id("ses")
        self.plan = plan_id(self.session, 1)

    async def ask(self, command: Command) -> Any:
        fresh = new_id("cmd")
        envelope = CommandEnvelope(id=fresh, org_id=self.org, actor="test", correlation_id=fresh, causation_id=fresh)
        return (await self.bus(command, envelope)).result

    async def sealed(self, text: str) -> Any:
        return await self.vault.seal(self.org, "usr_test", text)

    async def open(self) -> None:
        await self.ask(OpenOrg(org_id=self.org, title="Test"))
        await self.ask(AddCredits(org_id=self.org, entry_id=new_id("ent"), kind="grant", amount=1_000_000))
        await self.ask(StartSession(org_id=self.org, session_id=self.session))

    async def start_plan(self, *steps: tuple[str, str, tuple[str, ...], str], approval: Any = "auto") -> None:
        """(label, model, labels it depends on, agent type): a message whose plan runs at once."""
        where = {"org_id": self.org, "session_id": self.session}
        words = await self.sealed("A bottle in warm light")
        message = new_id("msg")
        await self.ask(PostMessage(**where, message_id=message, text=words, approval=approval))
        drafts = tuple(
            DraftStep.model_validate(
                {"label": s, "title": words, "description": words, "agent_type": kind, "depends_on": after}
            )
            for s, _, after, kind in steps
        )
        await self.ask(DraftPlan(**where, message_id=message, title=words, steps=drafts))
        choices = tuple(
            ModelChoice(step_id=step_id(self.plan, s), model=model, estimate=500, reason="test")
            for s, model, _, _ in steps
        )
        await self.ask(SelectModels(**where, plan_id=self.plan, choices=choices))

    async def register(self, worker: str, models: list[str], capacity: int = 2) -> None:
        entry = {"worker_id": worker, "url": "http://127.0.0.1:1", "models": models, "capacity": capacity}
        seconds, _ = await self.redis.time()
        await self.redis.set(f"fleet:worker:{worker}", orjson.dumps(entry), px=60_000)
        await self.redis.zadd("fleet:workers", {worker: (seconds + 60) * 1000})

    async def dispatched(self, label: str, lease: int = 1) -> JobDispatched:
        """Once the job of this step is dispatched."""
        async with asyncio.timeout(WITHIN_S):
            started = await self.log.first(StepStarted, step_id=step_id(self.plan, label))
        job_id = started.data.job_id  # type: ignore[attr-defined]
        found = await self.log.first(JobDispatched, job_id=job_id, lease=lease)
        assert isinstance(found.data, JobDispatched)
        return found.data

    async def succeed(self, job: JobDispatched) -> None:
        output = AssetRef(asset_id=new_id("ast"), sha256="0" * 64, bytes=1, media_type=MEDIA[job.model])
        await self.ask(
            RecordJobSucceeded(org_id=self.org, job_id=job.job_id, lease=job.lease, outputs=(output,), cost=100)
        )


@asynccontextmanager
async def stage(servers: Servers, data_dir: Path) -> AsyncIterator[Stage]:
    settings = settings_for(servers, data_dir)
    assert settings.master_key is not None
    stop = asyncio.Event()
    async with (
        running(settings, *ROLES) as process,
        CommandBus(servers.kafka_bootstrap, f"test-{process.instance}") as bus,
        AsyncMongoClient[dict[str, Any]](servers.mongo_url) as mongo,
        Redis.from_url(servers.redis_url) as redis,
    ):
        log = Log()
        follower = Follower(servers.kafka_bootstrap, [EVENTS_CANVAS, EVENTS_JOBS], on_record=log.take, name="test")
        following = asyncio.create_task(follower.run(stop))
        await asyncio.wait_for(follower.ready(), WITHIN_S)
        vault = KeyVault(MongoKeyStore(mongo), master_key(settings.master_key.get_secret_value()))
        try:
            yield Stage(bus, vault, log, redis)
        finally:
            stop.set()
            await following


async def test_a_plan_runs_on_the_fleet_and_its_files_come_back(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers, tmp_path) as it:
        await it.open()
        await it.start_plan(("s1", "local/picture", (), "image"), ("s2", "local/motion", ("s1",), "video"))
        await it.log.first(JobQueued, org_id=it.org)
        await it.register(f"w-{it.org}", [entry.spec.id for entry in shipped()])

        picture = await it.dispatched("s1")
        assert picture.worker == f"w-{it.org}"
        assert picture.considered
        await it.succeed(picture)
        motion = await it.dispatched("s2")
        wired = orjson.loads(await it.vault.open(motion.input))
        assert wired["image"]["$asset"]["media_type"] == "image/png"
        await it.succeed(motion)

        completed = await it.log.first(RunCompleted, plan_id=it.plan)
        assert (completed.data.status, completed.data.cost) == ("succeeded", 200)  # type: ignore[attr-defined]
        told = await it.log.first(MessagePosted, session_id=it.session, role="assistant")
        assert isinstance(told.data, MessagePosted)
        assert "1 image, 1 video" in await it.vault.open(told.data.text)
        assert len(told.data.assets) == 2


async def test_a_cancelled_run_cancels_what_is_dispatched(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers, tmp_path) as it:
        await it.open()
        await it.register(f"w-{it.org}", ["local/picture"])
        await it.start_plan(("s1", "local/picture", (), "image"))
        job = await it.dispatched("s1")
        await it.ask(CancelRun(org_id=it.org, session_id=it.session, plan_id=it.plan))
        cancelled = await it.log.first(JobCancelled, job_id=job.job_id)
        assert isinstance(cancelled.data, JobCancelled)
        assert (cancelled.data.lease, cancelled.data.worker) == (1, job.worker)


async def test_an_attempt_that_nobody_holds_is_dispatched_anew(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.sweepers.core.GRACE", timedelta(seconds=3))
    async with stage(servers, tmp_path) as it:
        await it.open()
        await it.register(f"w-{it.org}", ["local/picture"])
        await it.start_plan(("s1", "local/picture", (), "image"))
        first = await it.dispatched("s1")
        await it.log.first(LeaseExpired, job_id=first.job_id, lease=1)
        await it.ask(ConfirmStopped(org_id=it.org, job_id=first.job_id, lease=1))
        second = await it.dispatched("s1", lease=2)
        await it.succeed(second)
        await it.log.first(RunCompleted, plan_id=it.plan, status="succeeded")


async def test_a_rerun_that_may_reuse_takes_the_results_for_nothing(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers, tmp_path) as it:
        await it.open()
        await it.register(f"w-{it.org}", ["local/picture", "local/motion"])
        await it.start_plan(("s1", "local/picture", (), "image"), ("s2", "local/motion", ("s1",), "video"))
        await it.succeed(await it.dispatched("s1"))
        await it.succeed(await it.dispatched("s2"))
        await it.log.first(RunCompleted, plan_id=it.plan, cost=200)
        where = {"org_id": it.org, "session_id": it.session, "plan_id": it.plan}
        again = (await it.ask(RerunPlan(**where, reuse=True)))["run_id"]
        completed = await it.log.first(RunCompleted, run_id=again)
        assert (completed.data.status, completed.data.cost) == ("succeeded", 0)  # type: ignore[attr-defined]
        for label in ("s1", "s2"):
            done = await it.log.first(StepSucceeded, run_id=again, step_id=step_id(it.plan, label))
            before = await it.log.first(StepSucceeded, step_id=step_id(it.plan, label))
            assert isinstance(done.data, StepSucceeded)
            assert isinstance(before.data, StepSucceeded)
            assert (done.data.outputs, done.data.reused_from) == (before.data.outputs, before.data.job_id)


async def test_a_cancelled_session_stops_its_jobs_and_gives_the_money_back(servers: Servers, tmp_path: Path) -> None:
    async with stage(servers, tmp_path) as it:
        await it.open()
        await it.register(f"w-{it.org}", ["local/picture"])
        await it.start_plan(("s1", "local/picture", (), "image"))
        job = await it.dispatched("s1")
        await it.ask(CancelSession(org_id=it.org, session_id=it.session))
        await it.log.first(JobCancelled, job_id=job.job_id)


async def test_a_yes_that_nobody_gives_is_a_no(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.sweepers.approvals.PLAN_WAITS", timedelta(seconds=1))
    monkeypatch.setattr("studio.processes.sweepers.APPROVALS_EVERY_S", 0.2)
    async with stage(servers, tmp_path) as it:
        await it.open()
        await it.start_plan(("s1", "local/picture", (), "image"), approval="assist")
        rejected = await it.log.first(PlanRejected, plan_id=it.plan)
        assert rejected.data.rejected_by == "timeout"  # type: ignore[attr-defined]
