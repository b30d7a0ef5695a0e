"""Brings the read models' lines and balances to the auditor, once they have caught up with what was verified."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from events.log.position import covers, merge
from projections.audit.faults import Say
from projections.audit.read_models import (
    BALANCES,
    CHECKPOINTS,
    LEDGER,
    Ahead,
    Ledgers,
    compare_balances,
    compare_checkpoints,
)
from projections.audit.verifier import Verifier
from projections.stores import DATABASE

CAUGHT_UP_WITHIN_S: Final = 15.0
LOOK_EVERY_S: Final = 0.25
BATCH: Final = 2_000
TIMEOUT_MS: Final = 10_000

Db = AsyncDatabase[dict[str, Any]]


class Comparison:
    """Of the read models in MongoDB, within a verification. `lines` is how many of a ledger were compared."""

    def __init__(self, mongo_url: str, org_id: str | None, say: Say) -> None:
        self._mongo_url = mongo_url
        self._only = {} if org_id is None else {"org_id": org_id}
        self._say = say
        self.lines = 0

    async def look(self, verifier: Verifier) -> Ahead:
        """Says every line and balance that is not the log's. Returns what is newer than what was read of the log."""
        ahead = Ahead(verifier.books, self._say)
        async with AsyncMongoClient[dict[str, Any]](self._mongo_url, serverSelectionTimeoutMS=TIMEOUT_MS) as client:
            db: Db = client[DATABASE]
            await _caught_up(db, verifier.seen)
            ledgers = Ledgers(verifier.books, ahead, self._say)
            cursor = db[LEDGER].find(self._only).sort([("org_id", 1), ("seq", 1)]).batch_size(BATCH)
            async for document in cursor:
                ledgers.take([document])
            ledgers.finish()
            self.lines = ledgers.lines
            compare_balances(await db[BALANCES].find(self._only).to_list(None), verifier.books, ahead, self._say)
            signed = await db[CHECKPOINTS].find(self._only).to_list(None)
            compare_checkpoints(signed, verifier.heads, self._say)
        return ahead


async def _caught_up(db: Db, seen: Mapping[str, int]) -> None:
    """Read models follow the log: what they lack after a while they will be said to lack."""
    loop = asyncio.get_running_loop()
    until = loop.time() + CAUGHT_UP_WITHIN_S
    while loop.time() < until:
        found = db["positions"].find({"part": {"$in": list(seen)}}, {"part": 1, "next": 1})
        if covers(merge(*[{one["part"]: one["next"]} async for one in found]), seen):
            return
        await asyncio.sleep(LOOK_EVERY_S)
