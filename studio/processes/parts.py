"""The parts that roles of one process share: one bus, one client of each server, one copy of each topic.

Six roles in one event loop that each decode the same replies and the same copies are six times the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from adapters.catalog.copy import CatalogTable
from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from commands.bus import CommandBus
from events.accounts.current import CurrentOrg
from events.canvas.current import CurrentApproval
from events.catalog.current import catalog_entry
from events.jobs.current import CurrentJob
from events.log.admin import ensure_topics
from events.log.progress import ProgressSender
from events.log.table import CompactedTable
from events.topics import CURRENT_APPROVALS, CURRENT_CATALOG, CURRENT_JOBS, CURRENT_ORGS
from processors.dispatcher.claims import Claims
from studio.processes.configured import needed, secret
from studio.processes.process import Process
from studio.settings import Settings

REDIS_WITHIN_S: Final = 3.0

T = TypeVar("T")
Mongo = AsyncMongoClient[dict[str, Any]]


async def log(process: Process, settings: Settings) -> str:
    """The brokers' address; its topics are there."""
    bootstrap = needed(settings.kafka_bootstrap, "KAFKA_BOOTSTRAP")
    return await process.shared.one("topics", lambda: _topics(bootstrap))


async def bus(process: Process, settings: Settings) -> CommandBus:
    bootstrap = await log(process, settings)
    return await process.shared.one("bus", lambda: CommandBus(bootstrap, process.instance))


async def progress(process: Process, settings: Settings) -> ProgressSender:
    bootstrap = await log(process, settings)
    return await process.shared.one("progress", lambda: ProgressSender(bootstrap))


async def mongo(process: Process, settings: Settings) -> Mongo:
    url = needed(settings.mongo_url, "MONGO_URL")
    return await process.shared.one("mongo", lambda: AsyncMongoClient(url))


async def redis(process: Process, settings: Settings) -> Redis:
    url = needed(settings.redis_url, "REDIS_URL")
    return await process.shared.one(
        "redis", lambda: Redis.from_url(url, socket_timeout=REDIS_WITHIN_S, socket_connect_timeout=REDIS_WITHIN_S)
    )


async def vault(process: Process, settings: Settings) -> KeyVault:
    client = await mongo(process, settings)
    return await process.shared.one("vault", lambda: _vault(client, settings))


async def fresh_vaults(process: Process, settings: Settings) -> Callable[[], KeyVault]:
    """Each that is made has no key in its cache."""
    keys, master = MongoKeyStore(await mongo(process, settings)), master_key(secret(settings.master_key, "MASTER_KEY"))
    return lambda: KeyVault(keys, master)


async def catalog(process: Process, settings: Settings) -> CatalogTable:
    """Caught up, as the other copies are."""
    bootstrap = await log(process, settings)
    return await process.shared.one(
        "catalog", lambda: _following(CompactedTable(bootstrap, CURRENT_CATALOG, catalog_entry))
    )


async def jobs(process: Process, settings: Settings) -> CompactedTable[CurrentJob]:
    bootstrap = await log(process, settings)
    return await process.shared.one("jobs", lambda: _following(CompactedTable(bootstrap, CURRENT_JOBS, CurrentJob)))


async def orgs(process: Process, settings: Settings) -> CompactedTable[CurrentOrg]:
    bootstrap = await log(process, settings)
    return await process.shared.one("orgs", lambda: _following(CompactedTable(bootstrap, CURRENT_ORGS, CurrentOrg)))


async def refused(process: Process, settings: Settings) -> Callable[[str], Collection[str]]:
    """By organisation: the models that its limits hold at none, as they are at that moment."""
    return refused_by(await orgs(process, settings))


async def approvals(process: Process, settings: Settings) -> CompactedTable[CurrentApproval]:
    bootstrap = await log(process, settings)
    return await process.shared.one(
        "approvals", lambda: _following(CompactedTable(bootstrap, CURRENT_APPROVALS, CurrentApproval))
    )


async def claims(process: Process) -> Claims:
    """Between this process's scheduler and its dispatcher, where it has both."""
    return await process.shared.one("claims", _claims)


def refused_by(orgs: CompactedTable[CurrentOrg]) -> Callable[[str], Collection[str]]:
    def of(org_id: str) -> Collection[str]:
        return () if (org := orgs.get(org_id)) is None else org.refused

    return of


@asynccontextmanager
async def _claims() -> AsyncIterator[Claims]:
    yield Claims()


@asynccontextmanager
async def _topics(bootstrap: str) -> AsyncIterator[str]:
    await ensure_topics(bootstrap)
    yield bootstrap


@asynccontextmanager
async def _vault(client: Mongo, settings: Settings) -> AsyncIterator[KeyVault]:
    keys = MongoKeyStore(client)
    await keys.prepare()
    yield KeyVault(keys, master_key(secret(settings.master_key, "MASTER_KEY")))


@asynccontextmanager
async def _following(table: CompactedTable[T]) -> AsyncIterator[CompactedTable[T]]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(table.run(stop))
        await table.ready()
        try:
            yield table
        finally:
            stop.set()
