"""While MongoDB is away nobody dies of it: whoever asks for a key or a stream is told to ask again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from adapters.vault.keys import KeyRecord
from adapters.vault.mongo import MongoKeyStore
from commands.ask import Unavailable
from projections.streams import StreamStore
from tests.serving import unused_address

Client = AsyncMongoClient[dict[str, Any]]


@pytest.fixture
async def away() -> AsyncIterator[Client]:
    address = unused_address().removeprefix("http://")
    client: Client = AsyncMongoClient(f"mongodb://{address}", serverSelectionTimeoutMS=20)
    yield client
    await client.close()


async def test_a_key_is_asked_for_again(away: Client) -> None:
    keys = MongoKeyStore(away)
    with pytest.raises(Unavailable):
        await keys.live("org_A", "usr_1")
    with pytest.raises(Unavailable):
        await keys.find("kid_1")
    with pytest.raises(Unavailable):
        await keys.add(KeyRecord("kid_1", "org_A", "usr_1", b"x"))


async def test_a_stream_is_asked_for_again(away: Client) -> None:
    with pytest.raises(Unavailable):
        await StreamStore(away["studio"]).read("ses_X", 1)
