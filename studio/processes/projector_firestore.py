"""The projector of the mirror in Firestore."""

from typing import Any

import grpc.aio
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcAsyncIOTransport
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
        project_name = settings.firestore_project or LOCAL_PROJECT
        client_of_mirror, positions = firestore(settings.firestore_emulator), MongoStore(client, keys.kids)
        store = FirestoreStore(client_of_mirror, project_name, positions, keys.kids)
        project = projection(vault, vault.drop, only=MIRRORED)
        projector = Projector(settings.kafka_bootstrap, NAME, TOPICS, store, project)
        # A mirror that is behind keeps nobody waiting.
        process.ready("projector_firestore")
        await together(process.stop, projector.run)


def firestore(emulator: str | None) -> FirestoreAsyncClient:
    """The client of the real one, with the machine's credentials, or of an emulator without any."""
    if emulator is None:
        return FirestoreAsyncClient()
    channel = grpc.aio.insecure_channel(emulator)
    return FirestoreAsyncClient(transport=FirestoreGrpcAsyncIOTransport(channel=channel))
