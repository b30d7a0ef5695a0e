"""The projector of the read models in MongoDB."""

from typing import Any

from pymongo import AsyncMongoClient

from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from events.log.admin import ensure_topics
from processors.runners.together import once, together
from projections.read_models import TOPICS, projection
from projections.runner.projector import Projector
from projections.stores.mongo import MongoStore
from studio.processes.process import Process
from studio.settings import Settings

NAME = "projector-mongo"


async def run(settings: Settings, process: Process) -> None:
    """Projects until the process is to stop."""
    if settings.kafka_bootstrap is None or settings.mongo_url is None or settings.master_key is None:
        raise ValueError("STUDIO_KAFKA_BOOTSTRAP, STUDIO_MONGO_URL and STUDIO_MASTER_KEY are needed")
    await ensure_topics(settings.kafka_bootstrap)
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(settings.mongo_url)
    async with mongo as client:
        keys = MongoKeyStore(client)
        await keys.prepare()
        vault = KeyVault(keys, master_key(settings.master_key.get_secret_value()))
        store = MongoStore(client, keys.kids)
        await store.renew(NAME)
        await store.prepare()
        projector = Projector(settings.kafka_bootstrap, NAME, TOPICS, store, projection(vault, vault.drop, store))

        async def ready() -> None:
            await projector.ready()
            process.ready("projector_mongo")

        await together(process.stop, projector.run, once(ready))
