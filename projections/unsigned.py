"""The books as the signer reads them again: from the newest checkpoint on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from commands.ask import Unavailable
from events.credits.checkpoint_state import NOTHING, Head
from projections import balances, checkpoints, ledger

BATCH: Final = 500


class UnsignedBooks:
    """Reads what the projector has written: it may be behind, and never ahead. Raises Unavailable."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]]) -> None:
        self._balances = db[balances.COLLECTION]
        self._checkpoints = db[checkpoints.COLLECTION]
        self._ledger = db[ledger.COLLECTION]

    async def unsigned(self) -> AsyncIterator[tuple[str, int]]:
        """Organisations whose newest entry has no checkpoint, with its number: one look-up each, none of history."""
        newest = {"$concat": ["$_id", ":", {"$toString": "$_v"}]}
        pipeline: list[Mapping[str, Any]] = [
            {"$project": {"newest": newest, "_v": 1}},
            {
                "$lookup": {
                    "from": checkpoints.COLLECTION,
                    "localField": "newest",
                    "foreignField": "_id",
                    "as": "signed",
                }
            },
            {"$match": {"signed": []}},
            {"$project": {"_v": 1}},
        ]
        try:
            async for found in await self._balances.aggregate(pipeline, batchSize=BATCH):
                yield found["_id"], found["_v"]
        except PyMongoError as error:
            raise Unavailable(f"the books cannot be read: {type(error).__name__}") from error

    async def signed(self, org_id: str) -> Head:
        """The newest checkpoint; number 0 where there is none."""
        try:
            found = await self._checkpoints.find_one({"org_id": org_id}, sort=[("seq", -1)])
        except PyMongoError as error:
            raise Unavailable(f"the checkpoints cannot be read: {type(error).__name__}") from error
        return NOTHING if found is None else Head(found["seq"], found["hash"])

    async def entries(self, org_id: str, after: int, upto: int) -> AsyncIterator[Mapping[str, Any]]:
        """The entries' data as on the log, in order, as far as they are there."""
        wanted = {"org_id": org_id, "seq": {"$gt": after, "$lte": upto}}
        try:
            async for found in self._ledger.find(wanted).sort("seq", 1).batch_size(BATCH):
                yield {name: value for name, value in found.items() if not name.startswith("_")}
        except PyMongoError as error:
            raise Unavailable(f"the ledger cannot be read: {type(error).__name__}") from error
