"""Brings the read models' lines and balances to the auditor, once they have caught up with what was verified."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from events.log.position import covers, merge
from projections.audit.ever import JOBS
from projections.audit.faults import Say
from projections.audit.read_models import (
    BALANCES,
    CHECKPOINTS,
    LEDGER,
    USAGE,
    Ahead,
    Ledgers,
    compare_balances,
    compare_checkpoints,
    compare_jobs,
    compare_usage,
)
from projections.audit.verifier import Sums, Verifier
from projections.stores import DATABASE

CAUGHT_UP_WITHIN_S: Final = 15.0
LOOK_EVERY_S: Final = 0.25
BATCH: Final = 2_000
TIMEOUT_MS: Final = 10_000

AMOUNTS: Final = ("org_id", "job_id", "reserved", "captured", "refunded")
SUMS: Final = {"_id": "$org_id", "spent": {"$sum": "$spent"}, "refunded": {"$sum": "$refunded"}}

Db = AsyncDatabase[dict[str, Any]]


class Comparison:
    """Of the read models in MongoDB, within a verification. `lines` is how many of a ledger were compared."""

    def __init__(self, mongo_url: str, org_id: str | None, say: Say) -> None:
        self._mongo_url = mongo_url
        self._only = {} if org_id is None else {"org_id": org_id}
        self._say = say
        self.lines = 0
        self._before: dict[str, Sums] = {}
        self._usage: dict[str, Sums] = {}

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
            async for document in db[JOBS].find(self._only, AMOUNTS).batch_size(BATCH):
                compare_jobs([document], verifier.ever, self._say)
            self._before = verifier.sums
            sums = await db[USAGE].aggregate([{"$match": self._only}, {"$group": SUMS}])
            self._usage = {one["_id"]: Sums(one["spent"], one["refunded"]) async for one in sums}
        return ahead

    def finish(self, verifier: Verifier) -> None:
        """To be called when the log was read on."""
        compare_usage(self._usage, self._before, verifier.sums, self._say)


async def _caught_up(db: Db, seen: Mapping[str, int]) -> None:
    """Read models follow the log: what they lack after a while they will be said to lack."""
    loop = asyncio.get_running_loop()
    until = loop.time() + CAUGHT_UP_WITHIN_S
    while loop.time() < until:
        found = db["positions"].find({"part": {"$in": list(seen)}}, {"part": 1, "next": 1})
        if covers(merge(*[{one["part"]: one["next"]} async for one in found]), seen):
            return
        await asyncio.sleep(LOOK_EVERY_S)
