"""The gateway: HTTP, server-sent events and the page."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from importlib.metadata import version
from socket import socket
from typing import Any, Final

import uvicorn
from pydantic import SecretStr
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from adapters.media.probe import probe
from adapters.providers.configured import webhook_verifiers
from adapters.storage.objects import storage
from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from commands.bus import CommandBus
from events.accounts.current import CurrentOrg
from events.catalog.current import CatalogEntry, catalog_entry
from events.jobs.current import CurrentJob
from events.log.admin import ensure_topics
from events.log.follower import Follower
from events.log.table import CompactedTable
from events.topics import CURRENT_CATALOG, CURRENT_JOBS, CURRENT_ORGS
from gateway.access.keyring import Keyring
from gateway.app import create_app
from gateway.live.credits_feed import CreditsFeed
from gateway.live.hub import TOPICS, Hub
from gateway.live.live_jobs import LiveJobs
from gateway.platform import About, Platform, Secrets
from gateway.reads.reading import Reading
from processors.executor.rehearsal import unwirable_plan
from processors.runners.together import once, together
from projections.stores import DATABASE
from projections.streams import StreamStore
from studio.processes.configured import access_of, secret, simulators_url
from studio.processes.health import HealthServer
from studio.processes.process import Process
from studio.processes.projector_mongo import NAME as PROJECTOR
from studio.settings import PROJECT_ROOT, Settings

BACK: Final = 500
"""How many offsets of each partition are followed from before the start: what a resume meets first."""
MONGO_WITHIN_MS: Final = 3000
REDIS_WITHIN_S: Final = 3.0
DRAIN_S: Final = 3


class Copies:
    """What the gateway follows of the log: three tables, and the newest events for its streams."""

    def __init__(self, bootstrap: str, admin_key: SecretStr | None) -> None:
        self.keyring = Keyring(admin_key.get_secret_value() if admin_key else None)
        self.orgs = CompactedTable(bootstrap, CURRENT_ORGS, CurrentOrg, on_change=self.keyring.changed)
        self.catalog: CompactedTable[CatalogEntry] = CompactedTable(bootstrap, CURRENT_CATALOG, catalog_entry)
        self.live_jobs = LiveJobs()
        jobs = CompactedTable(bootstrap, CURRENT_JOBS, CurrentJob, on_change=self.live_jobs.changed)
        self.hub = Hub()
        self.follower = Follower(bootstrap, TOPICS, on_record=self.hub.on_record, start="end", back=BACK, name="hub")
        self.parts = (self.orgs, self.catalog, jobs, self.follower)

    async def ready(self) -> None:
        await asyncio.gather(*(part.ready() for part in self.parts))


async def run(settings: Settings, process: Process) -> None:
    """Answers until the process is to stop."""
    bootstrap, mongo_url, redis_url = settings.kafka_bootstrap, settings.mongo_url, settings.redis_url
    if bootstrap is None or mongo_url is None or redis_url is None:
        raise ValueError("STUDIO_KAFKA_BOOTSTRAP, STUDIO_MONGO_URL and STUDIO_REDIS_URL are needed")
    await ensure_topics(bootstrap)
    async with AsyncExitStack() as stack:
        client: AsyncMongoClient[dict[str, Any]] = await stack.enter_async_context(
            AsyncMongoClient(mongo_url, serverSelectionTimeoutMS=MONGO_WITHIN_MS, timeoutMS=MONGO_WITHIN_MS)
        )
        redis: Redis = await stack.enter_async_context(
            Redis.from_url(redis_url, socket_timeout=REDIS_WITHIN_S, socket_connect_timeout=REDIS_WITHIN_S)
        )
        bus = await stack.enter_async_context(CommandBus(bootstrap, process.instance))
        copies = Copies(bootstrap, settings.admin_key)
        platform = await platform_of(settings, process, bus, client, redis, copies)
        feed = CreditsFeed(copies.hub, platform.reading, platform.db)
        server = http_server(settings, platform, feed)

        async def ready() -> None:
            await copies.ready()
            await server.listening.wait()
            process.ready("gateway")

        async def answer(stop: asyncio.Event) -> None:
            """Not before the copies are there: until then a key that is valid looks like none."""
            await copies.ready()
            await serve(server, copies.hub, stop)

        followers = (part.run for part in copies.parts)
        await together(process.stop, answer, *followers, feed.run, once(ready))


async def platform_of(
    settings: Settings,
    process: Process,
    bus: CommandBus,
    client: AsyncMongoClient[dict[str, Any]],
    redis: Redis,
    copies: Copies,
) -> Platform:
    """What the routes are handed."""
    keys = MongoKeyStore(client)
    await keys.prepare()
    return Platform(
        ask=bus,
        vault=KeyVault(keys, master_key(secret(settings.master_key, "MASTER_KEY"))),
        storage=storage(settings.storage),
        probe=probe,
        db=client[DATABASE],
        redis=redis,
        streams=StreamStore(client[DATABASE]),
        reading=Reading(client[DATABASE], PROJECTOR),
        keyring=copies.keyring,
        orgs=copies.orgs,
        catalog=copies.catalog,
        live_jobs=copies.live_jobs,
        hub=copies.hub,
        secrets=Secrets(secret(settings.server_secret, "SERVER_SECRET").encode()),
        about=About(version("ai-studio"), settings.planner, settings.sandbox),
        ready=lambda: {"started": not process.pending, "serving": not process.stop.is_set()},
        rehearse=unwirable_plan,
        webhooks=webhook_verifiers(access_of(settings), simulators_url=simulators_url(settings)),
        prompt_models=settings.prompt_models,
        webhooks_to_private=settings.webhooks_to_private,
    )


async def serve(server: GatewayServer, hub: Hub, stop: asyncio.Event) -> None:
    """Answers until it is to stop; then streams are told to end, so that connections do."""
    serving = asyncio.ensure_future(server.serve())
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.should_exit = True
    hub.close()
    await serving


class GatewayServer(HealthServer):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


def http_server(settings: Settings, platform: Platform, feed: CreditsFeed) -> GatewayServer:
    """uvicorn with its fast parts, in this event loop, without handlers of signals."""
    config = uvicorn.Config(
        create_app(platform, feed, PROJECT_ROOT / "gateway" / "ui" / "dist"),
        host=settings.http_host,
        port=settings.http_port or 0,
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_S,
    )
    return GatewayServer(config)
