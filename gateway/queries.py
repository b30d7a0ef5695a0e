"""Questions to the read models, each within one organisation."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import orjson
from pymongo.asynchronous.database import AsyncDatabase

from gateway.problems import Problem, not_found
from projections.storable import INTEGER_MAX

Document = dict[str, Any]
Db = AsyncDatabase[Document]

PAGE_MAX: Final = 200
LIST_MAX: Final = 5000


async def one(db: Db, collection: str, org_id: str, document_id: str) -> Document:
    """The document, where it is this organisation's; the same problem for unknown and another's."""
    found = await db[collection].find_one({"_id": document_id, "org_id": org_id})
    if found is None:
        raise not_found()
    return found


async def many(db: Db, collection: str, wanted: Mapping[str, Any], *order: str) -> list[Document]:
    cursor = db[collection].find(wanted).sort([(field, 1) for field in order or ("_id",)])
    return await cursor.to_list(LIST_MAX)


async def newest(
    db: Db, collection: str, wanted: Mapping[str, Any], by: str, limit: int, cursor: str | None
) -> tuple[list[Document], str | None]:
    """A page, newest first, and the cursor of the next one."""
    asked = dict(wanted)
    if cursor is not None:
        at, last = decode_cursor(cursor)
        asked["$or"] = [{by: {"$lt": at}}, {by: at, "_id": {"$lt": last}}]
    found = await db[collection].find(asked).sort([(by, -1), ("_id", -1)]).limit(limit + 1).to_list(limit + 1)
    more = len(found) > limit
    return found[:limit], encode_cursor(found[limit - 1][by], found[limit - 1]["_id"]) if more else None


async def plan_parts(db: Db, plan: Document) -> tuple[list[Document], list[Document]]:
    """A plan's steps and jobs."""
    wanted = {"plan_id": plan["_id"], "org_id": plan["org_id"]}
    steps, jobs = await asyncio.gather(many(db, "steps", wanted), many(db, "jobs", wanted, "accepted_at"))
    return steps, jobs


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
