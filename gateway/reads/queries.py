"""Questions to the read models, each within one organisation."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import orjson
from pymongo.asynchronous.database import AsyncDatabase

from gateway.http.problems import Problem, not_found
from gateway.reads.views import ENDED
from projections.jobs import SENT
from projections.storable import INTEGER_MAX

Document = dict[str, Any]
Db = AsyncDatabase[Document]

PAGE_MAX: Final = 200
LIST_MAX: Final = 5000
Money = tuple[int, int]
"""What is reserved for jobs that live, and what those that ended have captured and not given back."""
NOTHING: Final[Money] = (0, 0)


async def one(db: Db, collection: str, org_id: str, document_id: str) -> Document:
    """The document, where it is this organisation's; the same problem for unknown and another's."""
    found = await db[collection].find_one({"_id": document_id, "org_id": org_id})
    if found is None:
        raise not_found()
    return found


async def those(db: Db, collection: str, org_id: str, ids: Collection[str]) -> list[Document]:
    """The documents of these ids that are this organisation's."""
    return await db[collection].find({"_id": {"$in": list(ids)}, "org_id": org_id}).to_list(len(ids))


async def many(db: Db, collection: str, wanted: Mapping[str, Any], *order: str) -> list[Document]:
    cursor = db[collection].find(wanted).sort([(field, 1) for field in order or ("_id",)])
    return await cursor.to_list(LIST_MAX)


async def newest(
    db: Db,
    collection: str,
    wanted: Mapping[str, Any],
    by: str,
    limit: int,
    cursor: str | None,
    *,
    without: tuple[str, ...] = (),
) -> tuple[list[Document], str | None]:
    """A page, newest first, and the cursor of the next one. `without` members that are long and not shown."""
    asked = dict(wanted)
    if cursor is not None:
        at, last = decode_cursor(cursor)
        asked["$or"] = [{by: {"$lt": at}}, {by: at, "_id": {"$lt": last}}]
    shown = db[collection].find(asked, dict.fromkeys(without, 0))
    found = await shown.sort([(by, -1), ("_id", -1)]).limit(limit + 1).to_list(limit + 1)
    more = len(found) > limit
    return found[:limit], encode_cursor(found[limit - 1][by], found[limit - 1]["_id"]) if more else None


async def plan_parts(db: Db, plan: Document) -> tuple[list[Document], list[Document], Money]:
    """A plan's steps, the job of each as the plan is now, and what the jobs of all its runs have reserved and cost."""
    wanted = {"plan_id": plan["_id"], "org_id": plan["org_id"]}
    steps, spent = await asyncio.gather(many(db, "steps", wanted), money(db, wanted))
    return steps, await jobs_of(db, plan["org_id"], steps), spent.get(plan["_id"], NOTHING)


async def jobs_of(db: Db, org_id: str, steps: Iterable[Mapping[str, Any]]) -> list[Document]:
    """The present job of each step."""
    ids = [step["job_id"] for step in steps if "job_id" in step]
    found = db["jobs"].find({"_id": {"$in": ids}, "org_id": org_id}, {SENT: 0})
    return [document async for document in found]


async def money(db: Db, wanted: Mapping[str, Any], time: str | None = None) -> dict[str, Money]:
    """By plan: what its live jobs have reserved, and what those that ended have cost; as of a time, where one is given.

    Summed where the jobs lie: a plan that was run often has more of them than an answer needs.
    """
    over: dict[str, Any] = {"$in": ["$status", sorted(ENDED)]}
    if time is not None:
        wanted = {**wanted, "accepted_at": {"$lte": time}}
        over = {"$and": [over, {"$lte": [{"$ifNull": ["$ended_at", ""]}, time]}]}
    cost = {"$subtract": [{"$ifNull": ["$captured", 0]}, {"$ifNull": ["$refunded", 0]}]}
    sums = {
        "_id": "$plan_id",
        "reserved": {"$sum": {"$cond": [over, 0, "$reserved"]}},
        "captured": {"$sum": {"$cond": [over, cost, 0]}},
    }
    found = await db["jobs"].aggregate([{"$match": dict(wanted)}, {"$group": sums}])
    return {one["_id"]: (one["reserved"], one["captured"]) async for one in found if one["_id"] is not None}


def encode_cursor(at: Any, last: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([at, last])).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str | int, str]:
    try:
        at, last = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise Problem("malformed", "`cursor` is not one of ours") from error
    if type(at) not in (str, int) or not isinstance(last, str) or (type(at) is int and at > INTEGER_MAX):
        raise Problem("malformed", "`cursor` is not one of ours")
    return at, last
