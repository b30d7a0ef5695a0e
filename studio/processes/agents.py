"""The agents' process: messages become plans, by a language model and by rules."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Final

from pymongo import AsyncMongoClient

from adapters.catalog.copy import CatalogTable, entry
from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from commands.bus import CommandBus
from events.log.admin import ensure_topics
from events.log.progress import ProgressSender
from events.log.table import CompactedTable
from events.topics import CURRENT_CATALOG, EVENTS_CANVAS
from processors.agents.catalog import CatalogView
from processors.agents.reactor import CALL_TIMEOUT_S, Agents, Rooms, key_of
from processors.agents.sessions import Sessions
from processors.runners.reactor import Reactor
from processors.runners.together import once, together
from projections.stores.mongo import DATABASE
from projections.streams import StreamStore
from studio.processes.dispatcher import language_model, secret
from studio.processes.process import Process
from studio.settings import Settings

GROUP: Final = "agents"
IN_FLIGHT_MAX: Final = 64


async def run(settings: Settings, process: Process) -> None:
    """Plans until the process is to stop."""
    bootstrap, mongo_url = settings.kafka_bootstrap, settings.mongo_url
    if bootstrap is None or mongo_url is None:
        raise ValueError("STUDIO_KAFKA_BOOTSTRAP and STUDIO_MONGO_URL are needed")
    await ensure_topics(bootstrap)
    async with AsyncExitStack() as stack:
        client: AsyncMongoClient[dict[str, Any]] = await stack.enter_async_context(AsyncMongoClient(mongo_url))
        bus = await stack.enter_async_context(CommandBus(bootstrap, process.instance))
        sender = await stack.enter_async_context(ProgressSender(bootstrap))
        model = await stack.enter_async_context(language_model(settings))
        keys = MongoKeyStore(client)
        await keys.prepare()
        vault = KeyVault(keys, master_key(secret(settings.master_key, "MASTER_KEY")))
        table: CatalogTable = CompactedTable(bootstrap, CURRENT_CATALOG, entry)
        catalog = CatalogView(lambda: [value for _, value in table.items()])
        table.on_change(catalog.changed)
        agents = Agents(
            Rooms(
                ask=bus,
                vault=vault,
                sessions=Sessions(StreamStore(client[DATABASE])),
                catalog=catalog,
                model=model,
                send=sender.send,
                owner=f"{settings.process_name}/{process.instance}",
            )
        )
        reactor = Reactor(
            bootstrap,
            GROUP,
            [EVENTS_CANVAS],
            agents.handle,
            key_of=key_of,
            wants=agents.wants,
            in_flight_max=IN_FLIGHT_MAX,
            call_timeout_s=CALL_TIMEOUT_S,
            instance_id=settings.process_name,
        )

        async def react(stop: asyncio.Event) -> None:
            """Not before the catalog's copy is there."""
            await table.ready()
            await reactor.run(stop)

        async def ready() -> None:
            await reactor.ready()
            process.ready("agents")

        await together(process.stop, table.run, react, once(ready))
