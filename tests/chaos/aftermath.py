"""What a soak has left: the log, what groups have committed, the read models beside ones made anew."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient

from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from events.envelope import Recorded
from events.log.codec import from_record
from events.log.history import History
from events.topics import EVENTS_ACCOUNTS, EVENTS_CANVAS, EVENTS_CATALOG, EVENTS_CREDITS, EVENTS_JOBS
from processors.runners.together import together
from projections.read_models import ALL_MODELS, TOPICS, projection
from projections.runner.projector import Projector
from projections.stores import DATABASE
from projections.stores.mongo import MongoStore
from studio.local.lag import committed_offsets
from studio.settings import Settings
from tests.chaos.invariants import Offsets

EVENTS: Final = (EVENTS_CANVAS, EVENTS_ACCOUNTS, EVENTS_JOBS, EVENTS_CREDITS, EVENTS_CATALOG)
LOOK_EVERY_S: Final = 1.0
LOOK_WITHIN_S: Final = 5.0
ANEW: Final = "studio_anew"
SAME_WITHIN_S: Final = 60.0

Documents = dict[str, dict[str, Any]]


async def read_log(bootstrap: str) -> list[Recorded]:
    """Every committed event, partition by partition."""
    found: list[Recorded] = []
    async with History(bootstrap, EVENTS) as history:
        for topic in EVENTS:
            for number in history.numbers:
                while records := await history.batch(topic, number):
                    found += [from_record(record) for record in records]
    return found


async def watch_offsets(bootstrap: str, offsets: Offsets) -> None:
    """Looks until it is cancelled; while the broker is away there is nothing to be seen."""
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=3000)
        with suppress(KafkaError, TimeoutError, OSError):
            async with asyncio.timeout(LOOK_WITHIN_S):
                await admin.start()
                found = await committed_offsets(admin)
                offsets.take({group: {tuple(tp): at for tp, at in one.items()} for group, one in found.items()})
        with suppress(KafkaError, TimeoutError, OSError):
            async with asyncio.timeout(LOOK_WITHIN_S):
                await admin.close()
        await asyncio.sleep(LOOK_EVERY_S)


async def read_models_differ(settings: Settings) -> list[str]:
    """Documents that are not as the log makes them when it is projected anew."""
    assert settings.kafka_bootstrap is not None
    assert settings.master_key is not None
    async with AsyncMongoClient[dict[str, Any]](settings.mongo_url) as client:
        keys = MongoKeyStore(client)
        vault = KeyVault(keys, master_key(settings.master_key.get_secret_value()))
        store = MongoStore(client, keys.kids, ANEW)
        await store.prepare()
        project = projection(vault, vault.drop, store)
        projector, stop = Projector(settings.kafka_bootstrap, ANEW, TOPICS, store, project), asyncio.Event()
        projecting = asyncio.create_task(together(stop, projector.run))
        try:
            async with asyncio.timeout(SAME_WITHIN_S):
                await projector.ready()
            return await _differences(client)
        finally:
            stop.set()
            await projecting


async def _differences(client: AsyncMongoClient[dict[str, Any]]) -> list[str]:
    """Once they have become the same, none; otherwise what is left when time is over: both follow the log."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SAME_WITHIN_S
    while True:
        found: list[str] = []
        for model in ALL_MODELS:
            shown = await _documents(client, DATABASE, model.collection)
            anew = await _documents(client, ANEW, model.collection)
            found += list(unlike(model.collection, shown, anew))
        if not found or loop.time() > until:
            return found
        await asyncio.sleep(LOOK_EVERY_S)


async def _documents(client: AsyncMongoClient[dict[str, Any]], database: str, collection: str) -> Documents:
    return {one["_id"]: one async for one in client[database][collection].find()}


def unlike(collection: str, shown: Mapping[str, Any], anew: Mapping[str, Any]) -> list[str]:
    """What stands in one and not in the other, or differently."""
    return [
        f"{collection}/{name}: shown {shown.get(name)}, by the log {anew.get(name)}"
        for name in sorted(shown.keys() | anew.keys())
        if shown.get(name) != anew.get(name)
    ]
