"""A notifier that dies between its call and its word on the log tells again, under the same id, and then no more."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.bus import CommandBus
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import AddCredits, BeginWebhook, CancelJob, OpenOrg, ResendWebhook, SubmitJob
from commands.refusals import IllegalState
from events.ids import new_id
from events.jobs.events import WebhookDelivered, WebhookGivenUp
from events.log.crashpoints import CRASHED
from events.log.follower import Follower
from events.topics import EVENTS_JOBS
from studio.local.addresses import environment
from studio.settings import Settings
from tests.given import sealed
from tests.integration.roles import running, settings_for
from tests.integration.test_execution import Log
from tests.servers import Servers
from tests.serving import served

pytestmark = pytest.mark.servers
WITHIN_S = 60.0


async def notifier(settings: Settings, **more: str) -> asyncio.subprocess.Process:
    told = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "studio.processes", "notifier", env={**told, **environment(settings), **more},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


class House:
    """A job whose customer listens at `url`, and is answered as `status` says; no notifier yet."""

    def __init__(self, settings: Settings, url: str, bus: CommandBus, log: Log) -> None:
        self.settings, self.log, self.status = settings, log, 204
        self.received: list[str] = []
        self.org, self.job = new_id("org"), new_id("job")
        self._url, self._bus = url, bus

    async def ask(self, command: Command) -> dict[str, object]:
        fresh = new_id("cmd")
        envelope = CommandEnvelope(id=fresh, org_id=self.org, actor="test", correlation_id=fresh, causation_id=fresh)
        return dict((await self._bus(command, envelope, timeout_s=30)).result)

    async def job_ended(self) -> None:
        await self.ask(OpenOrg(org_id=self.org, title="Test"))
        await self.ask(AddCredits(org_id=self.org, entry_id=new_id("ent"), kind="grant", amount=1_000))
        submitted = SubmitJob(
            org_id=self.org, job_id=self.job, model="m", provider="nobody", input=sealed(), reserve=500,
            webhook_url=self._url,
        )  # fmt: skip
        await self.ask(submitted)
        await self.ask(CancelJob(org_id=self.org, job_id=self.job))

    async def may_be_told(self) -> bool:
        return bool((await self.ask(BeginWebhook(org_id=self.org, job_id=self.job)))["go"])

    @asynccontextmanager
    async def notified(self) -> AsyncIterator[None]:
        living = await notifier(self.settings)
        try:
            yield
        finally:
            living.terminate()
            await asyncio.wait_for(living.wait(), WITHIN_S)


@pytest.fixture
async def house(own_servers: Servers, tmp_path: Path) -> AsyncIterator[House]:
    settings = settings_for(own_servers, tmp_path).model_copy(update={"webhooks_to_private": True})
    stop, log, houses = asyncio.Event(), Log(), list[House]()

    async def hooks(request: Request) -> Response:
        houses[0].received.append(request.headers["webhook-id"])
        return Response(status_code=houses[0].status)

    receiver = Starlette(routes=[Route("/", hooks, methods=["POST"])])
    async with (
        served(receiver) as url,
        running(settings, "decider"),
        CommandBus(own_servers.kafka_bootstrap, "test") as bus,
    ):
        follower = Follower(own_servers.kafka_bootstrap, [EVENTS_JOBS], on_record=log.take, name="test log")
        following = asyncio.create_task(follower.run(stop))
        await asyncio.wait_for(follower.ready(), WITHIN_S)
        houses.append(House(settings, url, bus, log))
        yield houses[0]
        stop.set()
        await following


async def test_it_is_told_again_and_then_no_more(house: House) -> None:
    await house.job_ended()
    dying = await notifier(house.settings, CRASH_AT="notifier.posted")
    assert await asyncio.wait_for(dying.wait(), WITHIN_S) == CRASHED
    assert len(house.received) == 1
    assert await house.may_be_told()

    async with house.notified():
        delivered = await house.log.first(WebhookDelivered, job_id=house.job)
    assert delivered.envelope.org_id == house.org
    assert (len(house.received), len(set(house.received))) == (2, 1)
    assert not await house.may_be_told()


async def test_what_was_given_up_is_told_again_when_somebody_asks_for_it(house: House) -> None:
    """The receiver, which said that it was gone and came back, knows the message by its id."""
    house.status = 410
    await house.job_ended()
    async with house.notified():
        given_up = await house.log.first(WebhookGivenUp, job_id=house.job)
        house.status = 204
        await house.ask(ResendWebhook(org_id=house.org, job_id=house.job))
        await house.log.first(WebhookDelivered, job_id=house.job)
    assert isinstance(given_up.data, WebhookGivenUp)
    assert house.received == [given_up.data.message_id] * 2
    with pytest.raises(IllegalState):
        await house.ask(ResendWebhook(org_id=house.org, job_id=house.job))
