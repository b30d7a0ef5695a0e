"""The vault over keys in the real MongoDB."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from adapters.vault.keys import KeyRecord, KeyStore
from adapters.vault.mongo import MongoKeyStore
from tests.contract.vault.contract import VaultContract
from tests.servers import Servers


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[tuple[AsyncMongoClient[dict[str, Any]], str]]:
    name = f"keys_{secrets.token_hex(4)}"
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(servers.mongo_url, serverSelectionTimeoutMS=10_000)
    try:
        yield client, name
    finally:
        await client.drop_database(name)
        await client.close()


class TestMongoKeys(VaultContract):
    @pytest.fixture
    async def keys(self, database: tuple[AsyncMongoClient[dict[str, Any]], str]) -> KeyStore:
        store = MongoKeyStore(*database)
        await store.prepare()
        await store.prepare()
        return store


async def test_a_destroyed_key_leaves_its_id_and_no_bytes(
    database: tuple[AsyncMongoClient[dict[str, Any]], str],
) -> None:
    client, name = database
    store = MongoKeyStore(client, name)
    await store.prepare()
    await store.add(KeyRecord("kid_1", "org_1", "usr_1", b"wrapped"))
    await store.destroy("org_1", "usr_1")
    documents = await client[name]["keys"].find().to_list()
    assert [sorted(document) for document in documents] == [["_id", "created_at", "destroyed_at", "org", "person"]]
