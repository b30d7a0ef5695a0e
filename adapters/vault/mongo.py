"""Wrapped data keys in MongoDB, in a database of their own: outside the log and outside every projection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import ConnectionFailure, DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from adapters.vault.keys import KeyRecord
from commands.ask import Unavailable

DATABASE: Final = "studio_keys"
WRITE_TIMEOUT_MS = 5000


class MongoKeyStore:
    """A unique partial index decides who makes a person's key; a destroyed key leaves its id and no bytes."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], database: str = DATABASE) -> None:
        self._keys: AsyncCollection[dict[str, Any]] = client[database].get_collection(
            "keys",
            write_concern=WriteConcern("majority", wtimeout=WRITE_TIMEOUT_MS),
            read_concern=ReadConcern("majority"),
        )

    async def prepare(self) -> None:
        """Makes the index; harmless when it is there."""
        await self._keys.create_index(
            [("org", 1), ("person", 1)],
            name="one_live_key",
            unique=True,
            partialFilterExpression={"active": True},
        )

    async def live(self, org_id: str, person: str) -> KeyRecord | None:
        with reached():
            return _record(await self._keys.find_one({"org": org_id, "person": person, "active": True}))

    async def add(self, record: KeyRecord) -> KeyRecord:
        document = {
            "_id": record.kid,
            "org": record.org_id,
            "person": record.person,
            "wrapped": record.wrapped,
            "active": True,
            "created_at": datetime.now(UTC),
        }
        try:
            with reached():
                await self._keys.insert_one(document)
        except DuplicateKeyError:
            there = await self.live(record.org_id, record.person)
            if there is None:
                return await self.add(record)
            return there
        return record

    async def find(self, kid: str) -> KeyRecord | None:
        with reached():
            return _record(await self._keys.find_one({"_id": kid}))

    async def kids(self, org_id: str, person: str) -> list[str]:
        """The ids of all keys a person ever had, destroyed ones too."""
        return [document["_id"] async for document in self._keys.find({"org": org_id, "person": person}, {"_id": 1})]

    async def destroy(self, org_id: str, person: str) -> None:
        with reached():
            await self._keys.update_many(
                {"org": org_id, "person": person, "active": True},
                {"$unset": {"wrapped": "", "active": ""}, "$set": {"destroyed_at": datetime.now(UTC)}},
            )


@contextmanager
def reached() -> Iterator[None]:
    """A database that is away is no surprise: whoever needs a key asks again, and what runs goes on meanwhile."""
    try:
        yield
    except ConnectionFailure as error:
        raise Unavailable(f"the keys cannot be reached: {type(error).__name__}") from error


def _record(document: dict[str, Any] | None) -> KeyRecord | None:
    if document is None:
        return None
    wrapped = document.get("wrapped")
    return KeyRecord(
        document["_id"], document["org"], document["person"], bytes(wrapped) if wrapped is not None else None
    )
