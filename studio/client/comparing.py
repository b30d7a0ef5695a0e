"""Brings the read models' lines and balances to the auditor, once they have caught up with what was verified."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from projections.audit.faults import Say
from projections.audit.read_models import BALANCES, LEDGER, Ledgers, compare_balances
from projections.audit.verifier import Verifier
from projections.stores import DATABASE

CAUGHT_UP_WITHIN_S: Final = 15.0
LOOK_EVERY_S: Final = 0.25
BATCH: Final = 2_000
TIMEOUT_MS: Final = 10_000

Db = AsyncDatabase[dict[str, Any]]


async def compare(mongo_url: str, verifier: Verifier, org_id: str | None, say: Say) -> int:
    """Says every line and balance that is not the log's. Returns how many lines were compared."""
    only = {} if org_id is None else {"org_id": org_id}
    async with AsyncMongoClient[dict[str, Any]](mongo_url, serverSelectionTimeoutMS=TIMEOUT_MS) as client:
        db: Db = client[DATABASE]
        await _caught_up(db, verifier, only)
        ledgers = Ledgers(verifier.books, say)
        cursor = db[LEDGER].find(only).sort([("org_id", 1), ("seq", 1)]).batch_size(BATCH)
        async for document in cursor:
            ledgers.take([document])
        ledgers.finish()
        compare_balances(await db[BALANCES].find(only).to_list(None), verifier.books, say)
    return ledgers.lines


async def _caught_up(db: Db, verifier: Verifier, only: dict[str, Any]) -> None:
    """Read models follow the log: what they lack after a while they will be said to lack."""
    loop = asyncio.get_running_loop()
    until = loop.time() + CAUGHT_UP_WITHIN_S
    while loop.time() < until:
        versions = {one["_id"]: one["_v"] async for one in db[BALANCES].find(only, {"_v": 1})}
        if all(versions.get(org, 0) >= book.seq for org, book in verifier.books.items()):
            return
        await asyncio.sleep(LOOK_EVERY_S)
