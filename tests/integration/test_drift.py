"""Documents of jobs are broken in the real MongoDB: they are made anew from the log, as they were."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from events.ids import new_id
from events.jobs.current import CurrentJob
from events.topics import CURRENT_JOBS
from projections.drift import GRACE
from projections.drift_ticking import DRIFTED, DriftTicks
from projections.mending import Mending
from projections.stores import DATABASE
from projections.stores.mongo import MongoStore
from tests.platform import START_S, Core, post
from tests.servers import MASTER_KEY

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]
START = datetime(2026, 1, 1, tzinfo=UTC)
Jobs = AsyncCollection[dict[str, Any]]


@dataclass
class Stage:
    """One job that waits, one that was cancelled, and their documents as the projector has written them."""

    core: Core
    mongo: AsyncMongoClient[dict[str, Any]]
    org_id: str
    waits: str
    ended: str
    right: dict[str, dict[str, Any]]

    @property
    def jobs(self) -> Jobs:
        return self.mongo[DATABASE]["jobs"]

    async def documents(self) -> dict[str, dict[str, Any]]:
        return {one["_id"]: one async for one in self.jobs.find({"org_id": self.org_id})}

    def ticks(self) -> DriftTicks:
        keys = MongoKeyStore(self.mongo)
        store = MongoStore(self.mongo, keys.kids)
        mending = Mending(self.core.servers.kafka_bootstrap, store, lambda: KeyVault(keys, master_key(MASTER_KEY)))
        found = DriftTicks(self.mongo[DATABASE], mending)
        found.on_current(CURRENT_JOBS, self.waits, live(self.right[self.waits]), START)
        found.ready(START)
        return found

    async def sweep(self) -> None:
        """A sweeper that has seen it for long enough; only these jobs are looked at, others share the database."""
        ticks = self.ticks()
        for now in (START, START + GRACE):
            await ticks.read()
            assert ticks._shown is not None
            ticks._shown = {job_id: one for job_id, one in ticks._shown.items() if one.org_id == self.org_id}
            for mend in ticks.tick(now):
                await ticks.perform(mend)


def live(document: dict[str, Any]) -> CurrentJob:
    return CurrentJob(
        job_id=document["_id"], org_id=document["org_id"], phase="queued", lease=0, priority="NORMAL",
        model=document["model"], provider=document["provider"], reserved=1, max_runtime_s=1,
        accepted_at=document["accepted_at"], deadline_at=document["deadline_at"],
    )  # fmt: skip


@pytest.fixture
async def stage(core: Core) -> AsyncIterator[Stage]:
    org = await core.new_org()
    async with core.client(org.member) as client, AsyncMongoClient[dict[str, Any]](core.servers.mongo_url) as mongo:
        body = {"model": "test/echo", "input": {"prompt": "a fox"}}
        waits, ended = [
            (await post(client, "/v1/jobs", body, Idempotency_Key=new_id("req")))["job_id"] for _ in range(2)
        ]
        await post(client, f"/v1/jobs/{ended}/cancel")
        made = Stage(core, mongo, org.org_id, waits, ended, {})
        async for attempt in AsyncRetrying(stop=stop_after_delay(START_S), wait=wait_fixed(0.05), reraise=True):
            with attempt:
                made.right = await made.documents()
                assert {made.right[waits]["status"], made.right[ended]["status"]} == {"queued", "cancelled"}
        yield made
        await post(client, f"/v1/jobs/{waits}/cancel")


async def show_an_ended_job_as_running(stage: Stage) -> None:
    await stage.jobs.update_one({"_id": stage.ended}, {"$set": {"status": "running"}, "$unset": {"ended_at": ""}})


async def lose_a_live_job(stage: Stage) -> None:
    await stage.jobs.delete_one({"_id": stage.waits})


async def show_a_live_job_as_ended(stage: Stage) -> None:
    await stage.jobs.update_one({"_id": stage.waits}, {"$set": {"status": "succeeded", "captured": 7}})


async def pretend_to_have_seen_the_future(stage: Stage) -> None:
    """So that no projector would ever change it again."""
    await stage.jobs.update_one({"_id": stage.waits}, {"$set": {"status": "dispatched", "_v": 99}})


async def lose_almost_all(stage: Stage) -> None:
    await stage.jobs.replace_one({"_id": stage.waits}, {"org_id": stage.org_id, "status": "failed"})


@pytest.mark.parametrize(
    "break_it",
    [
        show_an_ended_job_as_running,
        lose_a_live_job,
        show_a_live_job_as_ended,
        pretend_to_have_seen_the_future,
        lose_almost_all,
    ],
)
async def test_a_broken_document_is_made_anew(stage: Stage, break_it: Callable[[Stage], Awaitable[None]]) -> None:
    await break_it(stage)
    assert await stage.documents() != stage.right
    before = DRIFTED.labels("mended")._value.get()
    await stage.sweep()
    assert await stage.documents() == stage.right
    assert DRIFTED.labels("mended")._value.get() == before + 1
    await stage.sweep()
    assert await stage.documents() == stage.right


async def test_what_changes_meanwhile_is_left_alone(stage: Stage) -> None:
    await show_a_live_job_as_ended(stage)
    store = MongoStore(stage.mongo, MongoKeyStore(stage.mongo).kids)
    broken = (await stage.documents())[stage.waits]
    await stage.jobs.update_one({"_id": stage.waits}, {"$set": {"captured": 8}})
    assert not await store.replace("jobs", stage.waits, broken, ())
    assert (await stage.documents())[stage.waits] == broken | {"captured": 8}


async def test_a_document_of_which_the_log_knows_nothing_is_left_and_counted(stage: Stage) -> None:
    ghost: dict[str, Any] = {"_id": "job_ghost", "org_id": stage.org_id, "status": "running", "accepted_at": "?"}
    await stage.jobs.insert_one(ghost)
    before = DRIFTED.labels("left")._value.get()
    await stage.sweep()
    assert DRIFTED.labels("left")._value.get() == before + 1
    found: Sequence[Any] = await stage.jobs.find({"_id": "job_ghost"}).to_list()
    assert found == [ghost]
    await stage.jobs.delete_one({"_id": "job_ghost"})
