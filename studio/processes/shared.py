"""What the roles of one process have in common: one bus, one client of each server, one copy of each topic.

Each part is made when the first role asks for it and lives until the last role has ended. A role for itself would
keep its own; six roles in one event loop that each decode the same replies and the same copies are six times the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Final, TypeVar

from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from adapters.catalog.copy import CatalogTable, entry
from adapters.llm.client import LlmClient
from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from commands.bus import CommandBus
from events.accounts.current import CurrentOrg
from events.jobs.current import CurrentJob
from events.log.admin import ensure_topics
from events.log.progress import ProgressSender
from events.log.table import CompactedTable
from events.topics import CURRENT_CATALOG, CURRENT_JOBS, CURRENT_ORGS
from studio.processes.configured import language_model, needed, secret
from studio.settings import Settings

REDIS_WITHIN_S: Final = 3.0
END_WITHIN_S: Final = 10.0

T = TypeVar("T")
Mongo = AsyncMongoClient[dict[str, Any]]


class Shared:
    """Every method answers with the same part each time. `failed` is told when one ends that should go on."""

    def __init__(self, instance: str, failed: Callable[[BaseException], None]) -> None:
        self._instance = instance
        self._failed = failed
        self._made: dict[str, asyncio.Future[Any]] = {}
        self._hosts: list[asyncio.Task[None]] = []
        self._end = asyncio.Event()

    async def bus(self, settings: Settings) -> CommandBus:
        bootstrap = await self.log(settings)
        return await self._one("bus", lambda: CommandBus(bootstrap, self._instance))

    async def progress(self, settings: Settings) -> ProgressSender:
        bootstrap = await self.log(settings)
        return await self._one("progress", lambda: ProgressSender(bootstrap))

    async def mongo(self, settings: Settings) -> Mongo:
        url = needed(settings.mongo_url, "MONGO_URL")
        return await self._one("mongo", lambda: AsyncMongoClient(url))

    async def redis(self, settings: Settings) -> Redis:
        url = needed(settings.redis_url, "REDIS_URL")
        return await self._one(
            "redis",
            lambda: Redis.from_url(url, socket_timeout=REDIS_WITHIN_S, socket_connect_timeout=REDIS_WITHIN_S),
        )

    async def model(self, settings: Settings) -> LlmClient:
        return await self._one("language model", lambda: language_model(settings))

    async def vault(self, settings: Settings) -> KeyVault:
        client = await self.mongo(settings)
        return await self._one("vault", lambda: _vault(client, settings))

    async def catalog(self, settings: Settings) -> CatalogTable:
        """Caught up, as the other copies are."""
        bootstrap = await self.log(settings)
        return await self._one("catalog", lambda: _following(CompactedTable(bootstrap, CURRENT_CATALOG, entry)))

    async def jobs(self, settings: Settings) -> CompactedTable[CurrentJob]:
        bootstrap = await self.log(settings)
        return await self._one("jobs", lambda: _following(CompactedTable(bootstrap, CURRENT_JOBS, CurrentJob)))

    async def orgs(self, settings: Settings) -> CompactedTable[CurrentOrg]:
        bootstrap = await self.log(settings)
        return await self._one("orgs", lambda: _following(CompactedTable(bootstrap, CURRENT_ORGS, CurrentOrg)))

    async def log(self, settings: Settings) -> str:
        """The brokers' address; its topics are there."""
        bootstrap = needed(settings.kafka_bootstrap, "KAFKA_BOOTSTRAP")
        return await self._one("topics", lambda: _topics(bootstrap))

    async def close(self) -> None:
        """Ends all parts. Nobody may use them any more."""
        self._end.set()
        if self._hosts:
            await asyncio.wait(self._hosts, timeout=END_WITHIN_S)

    async def _one(self, name: str, make: Callable[[], AbstractAsyncContextManager[T]]) -> T:
        made: asyncio.Future[T] | None = self._made.get(name)
        if made is None:
            made = self._made[name] = asyncio.get_running_loop().create_future()
            host = asyncio.create_task(self._host(make, made), name=f"shared {name}")
            host.add_done_callback(partial(self._ended, made))
            self._hosts.append(host)
        return await asyncio.shield(made)

    async def _host(self, make: Callable[[], AbstractAsyncContextManager[T]], made: asyncio.Future[T]) -> None:
        """In a task of its own: a part that works like a task group cancels this body, and no role's."""
        async with make() as part:
            made.set_result(part)
            await self._end.wait()

    def _ended(self, made: asyncio.Future[T], host: asyncio.Task[None]) -> None:
        """What could not be made fails for the roles that asked; what was there and is gone fails the process."""
        error = asyncio.CancelledError() if host.cancelled() else host.exception()
        if error is not None and made.done():
            self._failed(error)
        elif error is not None:
            made.set_exception(error)


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
