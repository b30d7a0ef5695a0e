"""The executor's process: ready steps become jobs, and jobs become results."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Final

from pymongo import AsyncMongoClient

from adapters.catalog.copy import CatalogTable, CopiedModels, entry
from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from commands.bus import CommandBus
from events.log.admin import ensure_topics
from events.log.table import CompactedTable
from events.topics import CURRENT_CATALOG, EVENTS_CANVAS, EVENTS_JOBS
from processors.executor.executor import Executor, key_of, wants
from processors.runners.reactor import Reactor
from processors.runners.together import once, together
from projections.stores.mongo import DATABASE
from projections.streams import StreamStore
from studio.processes.dispatcher import secret
from studio.processes.process import Process
from studio.settings import Settings

GROUP: Final = "executor"
IN_FLIGHT_MAX: Final = 256


async def run(settings: Settings, process: Process) -> None:
    """Executes until the process is to stop."""
    bootstrap, mongo_url = settings.kafka_bootstrap, settings.mongo_url
    if bootstrap is None or mongo_url is None:
        raise ValueError("STUDIO_KAFKA_BOOTSTRAP and STUDIO_MONGO_URL are needed")
    await ensure_topics(bootstrap)
    async with AsyncExitStack() as stack:
        client: AsyncMongoClient[dict[str, Any]] = await stack.enter_async_context(AsyncMongoClient(mongo_url))
        bus = await stack.enter_async_context(CommandBus(bootstrap, process.instance))
        keys = MongoKeyStore(client)
        await keys.prepare()
        vault = KeyVault(keys, master_key(secret(settings.master_key, "MASTER_KEY")))
        catalog: CatalogTable = CompactedTable(bootstrap, CURRENT_CATALOG, entry)
        executor = Executor(bus, vault, CopiedModels(catalog), StreamStore(client[DATABASE]))
        reactor = Reactor(
            bootstrap,
            GROUP,
            [EVENTS_CANVAS, EVENTS_JOBS],
            executor.handle,
            key_of=key_of,
            wants=wants,
            in_flight_max=IN_FLIGHT_MAX,
            instance_id=settings.process_name,
        )

        async def react(stop: asyncio.Event) -> None:
            """Not before the catalog's copy is there."""
            await catalog.ready()
            await reactor.run(stop)

        async def ready() -> None:
            await reactor.ready()
            process.ready("executor")

        await together(process.stop, catalog.run, react, once(ready))
