"""The projector of the mirror in Firestore."""

import os
from typing import Any

from google.cloud.firestore import AsyncClient
from pymongo import AsyncMongoClient

from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from events.log.admin import ensure_topics
from processors.runners.together import together
from projections.read_models import TOPICS, projection
from projections.runner.projector import Projector
from projections.stores.firestore import MIRRORED, FirestoreStore
from projections.stores.mongo import MongoStore
from studio.processes.process import Process
from studio.settings import Settings

NAME = "projector-firestore"
LOCAL_PROJECT = "studio-local"


async def run(settings: Settings, process: Process) -> None:
    """Mirrors until the process is to stop; without a Firestore there is nothing to do."""
    if settings.kafka_bootstrap is None or settings.mongo_url is None or settings.master_key is None:
        raise ValueError("STUDIO_KAFKA_BOOTSTRAP, STUDIO_MONGO_URL and STUDIO_MASTER_KEY are needed")
    if settings.firestore_emulator is None and settings.firestore_project is None:
        process.ready("projector_firestore")
        await process.stop.wait()
        return
    await ensure_topics(settings.kafka_bootstrap)
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(settings.mongo_url)
    async with mongo as client:
        keys = MongoKeyStore(client)
        vault = KeyVault(keys, master_key(settings.master_key.get_secret_value()))
        store = FirestoreStore(firestore(settings), MongoStore(client, keys.kids))
        project = projection(vault, vault.drop, MIRRORED)
        projector = Projector(settings.kafka_bootstrap, NAME, TOPICS, store, project)
        # A mirror that is behind keeps nobody waiting.
        process.ready("projector_firestore")
        await together(process.stop, projector.run)


def firestore(settings: Settings) -> AsyncClient:
    """The client; it finds an emulator only by its environment variable."""
    if settings.firestore_emulator is not None:
        os.environ["FIRESTORE_EMULATOR_HOST"] = settings.firestore_emulator
    return AsyncClient(project=settings.firestore_project or LOCAL_PROJECT)
