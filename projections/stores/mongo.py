"""Read models in MongoDB: the writes of a batch and the position that they bring, in one transaction."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Final

from pymongo import ASCENDING, AsyncMongoClient, UpdateMany, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from commands.ports import ERASED
from projections.read_models import ALL_MODELS
from projections.stores import DATABASE
from projections.writes import Blank, Insert, Update, Write

Document = dict[str, Any]
Operation = UpdateOne | UpdateMany

KidsOf = Callable[[str, str], Awaitable[Sequence[str]]]
"""(org, person) → the ids of all personal keys that person ever had there."""

PERSONAL: Final[Mapping[str, Mapping[str, Any]]] = {
    "sessions": {"title": ERASED},
    "messages": {"text": ERASED},
    "plans": {"title": ERASED, "issues": []},
    "steps": {"title": ERASED, "description": ERASED, "input": ERASED, "error.detail": ERASED},
    "jobs": {"error.detail": ERASED},
    "assets": {"text": ERASED},
}
"""Where persons' own words stand in each collection, and what stands there once they are forgotten."""
PERSONAL_IN_LISTS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "sessions": (("uploads", "name"), ("uploads", "text")),
    "messages": (("assets", "text"),),
    "steps": (("outputs", "text"),),
    "jobs": (("outputs", "text"), ("attempts", "error")),
}


class MongoStore:
    """`kids_of` tells which personal keys are a forgotten person's."""

    def __init__(self, client: AsyncMongoClient[Document], kids_of: KidsOf, database: str = DATABASE) -> None:
        self._client = client
        self._db: AsyncDatabase[Document] = client[database]
        self._kids_of = kids_of

    async def prepare(self) -> None:
        """Makes collections and indexes; harmless when they are there."""
        for model in ALL_MODELS:
            for fields in model.indexes:
                await self._db[model.collection].create_index([(field, ASCENDING) for field in fields])
            if model.collection in PERSONAL:
                await self._db[model.collection].create_index([("_kids", ASCENDING)], sparse=True)

    async def renew(self, name: str) -> None:
        """Empties the read models whose shape has changed, and sends their projector back to where their topics begin.

        What others hold of these topics comes again and changes nothing. A crash in between leads to the same again.
        """
        shapes = {document["_id"]: document["shape"] async for document in self._db["shapes"].find()}
        changed = [model for model in ALL_MODELS if shapes.get(model.collection) != model.shape]
        topics = {topic for model in changed for topic in model.topics}
        for model in changed:
            await self._db[model.collection].drop()
        if topics:
            parts = "|".join(re.escape(topic) for topic in sorted(topics))
            await self._db["positions"].delete_many({"projector": name, "part": {"$regex": f"^({parts})/"}})
        for model in changed:
            shape = {"$set": {"shape": model.shape}}
            await self._db["shapes"].update_one({"_id": model.collection}, shape, upsert=True)

    async def documents(self, collection: str, ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
        found = self._db[collection].find({"_id": {"$in": list(ids)}})
        return {document["_id"]: document async for document in found}

    async def positions(self, name: str) -> dict[str, int]:
        found = self._db["positions"].find({"projector": name})
        return {document["part"]: document["next"] async for document in found}

    async def apply(self, name: str, writes: Sequence[Write], positions: Mapping[str, int]) -> None:
        operations: dict[str, list[Operation]] = {}
        for write in writes:
            if isinstance(write, Blank):
                kids = list(await self._kids_of(write.org_id, write.person))
                for collection, operation in blanking(kids):
                    operations.setdefault(collection, []).append(operation)
            else:
                operations.setdefault(write.collection, []).append(operation_of(write))
        operations["positions"] = [_position(name, part, offset) for part, offset in positions.items()]

        async def transaction(session: AsyncClientSession) -> None:
            for collection, bulk in operations.items():
                if bulk:
                    await self._db[collection].bulk_write(bulk, ordered=True, session=session)

        async with self._client.start_session() as session:
            await session.with_transaction(transaction)

    async def replace(
        self, collection: str, document_id: str, before: Mapping[str, Any] | None, writes: Sequence[Insert | Update]
    ) -> bool:
        """Makes a document anew, if it still is what it was before; None: it was not there."""

        async def transaction(session: AsyncClientSession) -> bool:
            if await self._db[collection].find_one({"_id": document_id}, session=session) != before:
                return False
            await self._db[collection].delete_one({"_id": document_id}, session=session)
            operations = [operation_of(write) for write in writes]
            await self._db[collection].bulk_write(operations, ordered=True, session=session)
            return True

        async with self._client.start_session() as session:
            return await session.with_transaction(transaction)


def operation_of(write: Insert | Update) -> UpdateOne:
    """One guarded update: an insert changes nothing that is there, an update nothing that is as new as it."""
    if isinstance(write, Insert):
        document = {**write.document, "_v": write.version}
        if write.kids:
            document["_kids"] = sorted(write.kids)
        return UpdateOne({"_id": write.id}, {"$setOnInsert": document}, upsert=True)
    change: Document = {"$set": {**write.set, "_v": write.version}}
    if write.unset:
        change["$unset"] = dict.fromkeys(write.unset, "")
    if write.add:
        change["$inc"] = dict(write.add)
    if write.push:
        change["$push"] = {field: value for field, (_, value) in write.push.items()}
    if write.kids:
        change["$addToSet"] = {"_kids": {"$each": sorted(write.kids)}}
    return UpdateOne({"_id": write.id, "_v": {"$lt": write.version}}, change)


def blanking(kids: Sequence[str]) -> list[tuple[str, UpdateMany]]:
    """What erases the texts under these destroyed personal keys; only members that are there are touched."""
    theirs = {"_kids": {"$in": list(kids)}}
    plain = [
        (collection, UpdateMany({**theirs, path: {"$exists": True}}, {"$set": {path: erased}}))
        for collection, paths in PERSONAL.items()
        for path, erased in paths.items()
    ]
    listed = [
        (collection, _blanking_in_list(theirs, array, member))
        for collection, members in PERSONAL_IN_LISTS.items()
        for array, member in members
    ]
    return plain + listed


def _blanking_in_list(theirs: Document, array: str, member: str) -> UpdateMany:
    change = {"$set": {f"{array}.$[some].{member}": ERASED}}
    holding: list[Mapping[str, Any]] = [{f"some.{member}": {"$exists": True}}]
    return UpdateMany({**theirs, array: {"$exists": True}}, change, array_filters=holding)


def _position(name: str, part: str, offset: int) -> UpdateOne:
    document = {"projector": name, "part": part, "next": offset}
    return UpdateOne({"_id": f"{name}:{part}"}, {"$set": document}, upsert=True)
