"""A notifier that dies between its call and its word on the log tells again, under the same id, and then no more."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.bus import CommandBus
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import AddCredits, BeginWebhook, CancelJob, OpenOrg, SubmitJob
from events.ids import new_id
from events.jobs.events import WebhookDelivered
from events.log.crashpoints import CRASHED
from events.log.follower import Follower
from events.topics import EVENTS_JOBS
from studio.local.addresses import environment
from studio.settings import Settings
from tests.contract.providers.serving import served
from tests.given import sealed
from tests.integration.roles import running, settings_for
from tests.integration.test_execution import Log
from tests.servers import Servers

pytestmark = pytest.mark.servers
WITHIN_S = 60.0


async def notifier(settings: Settings, **more: str) -> asyncio.subprocess.Process:
    told = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "studio.processes", "notifier", env={**told, **environment(settings), **more},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def test_it_is_told_again_and_then_no_more(servers: Servers, tmp_path: Path) -> None:
    settings = settings_for(servers, tmp_path).model_copy(update={"webhooks_to_private": True})
    org, job, received, stop, log = new_id("org"), new_id("job"), list[str](), asyncio.Event(), Log()

    async def hooks(request: Request) -> Response:
        received.append(request.headers["webhook-id"])
        return Response(status_code=204)

    receiver = Starlette(routes=[Route("/", hooks, methods=["POST"])])
    async with (
        served(receiver) as url,
        running(settings, "decider"),
        CommandBus(servers.kafka_bootstrap, "test") as bus,
    ):

        async def ask(command: Command) -> dict[str, object]:
            fresh = new_id("cmd")
            envelope = CommandEnvelope(id=fresh, org_id=org, actor="test", correlation_id=fresh, causation_id=fresh)
            return dict((await bus(command, envelope, timeout_s=30)).result)

        follower = Follower(servers.kafka_bootstrap, [EVENTS_JOBS], on_record=log.take, name="test log")
        following = asyncio.create_task(follower.run(stop))
        await asyncio.wait_for(follower.ready(), WITHIN_S)
        await ask(OpenOrg(org_id=org, title="Test"))
        await ask(AddCredits(org_id=org, entry_id=new_id("ent"), kind="grant", amount=1_000))
        await ask(
            SubmitJob(
                org_id=org, job_id=job, model="m", provider="nobody", input=sealed(), reserve=500, webhook_url=url
            )
        )
        await ask(CancelJob(org_id=org, job_id=job))

        dying = await notifier(settings, CRASH_AT="notifier.posted")
        assert await asyncio.wait_for(dying.wait(), WITHIN_S) == CRASHED
        assert len(received) == 1
        assert (await ask(BeginWebhook(org_id=org, job_id=job)))["go"]

        living = await notifier(settings)
        try:
            delivered = await log.first(WebhookDelivered, job_id=job)
        finally:
            living.terminate()
            await asyncio.wait_for(living.wait(), WITHIN_S)
        assert delivered.envelope.org_id == org
        assert (len(received), len(set(received))) == (2, 1)
        assert not (await ask(BeginWebhook(org_id=org, job_id=job)))["go"]
        stop.set()
        await following
