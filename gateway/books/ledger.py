"""Questions to an organisation's ledger: what of it is asked for, and pages of it, newest first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from events.credits.events import ENTRY_OF_KIND
from gateway.books.causes import around
from gateway.http.problems import Problem
from gateway.reads.queries import Db, Document, decode_cursor, encode_cursor
from projections.balances import EMPTY

COLLECTION: Final = "ledger"
SEARCHED: Final = 500
"""Lines that a search looks through at a time."""
SEARCHED_MAX: Final = 10 * SEARCHED
"""Lines that one request looks through; the cursor goes on from there."""
JOB_ID: Final = re.compile(r"job_[0-9A-Za-z]{26}\Z")
SEARCHED_MEMBERS: Final = ("entry_id", "reason", "project_id")
ENTRY_ID: Final = re.compile(r"ent_[0-9A-Za-z]{26}(\.[a-z]+)?\Z")


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the books is wanted: all of it, but for what is named. `until` is not part of it, `as_of` is."""

    org_id: str
    as_of: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    kind: str | None = None
    job_id: str | None = None
    project_id: str | None = None
    q: str | None = None


Items = list[dict[str, Any]]


async def page_of(db: Db, asked: Asked, limit: int, cursor: str | None, *, causes: bool) -> tuple[Items, str | None]:
    """A page, newest first, and the cursor of the next one. Raises a Problem for a cursor that is none."""
    wanted = await selected(db, asked)
    if cursor is not None:
        wanted["seq"]["$lt"] = _below(cursor)
    words = (asked.q or "").casefold().split()
    if words and not _named(wanted, (asked.q or "").strip()):
        return await _searched(db, asked.org_id, wanted, words, limit, causes=causes)
    found = await _newest(db, wanted, limit + 1)
    entries = found[:limit]
    items = await expanded(db, asked.org_id, entries) if causes else [plain(entry) for entry in entries]
    return items, _cursor(entries[-1]) if len(found) > limit else None


async def selected(db: Db, asked: Asked) -> dict[str, Any]:
    """The query of everything but words. Times become numbers of entries first, so that an index is walked once."""
    numbers: dict[str, int] = {}
    if asked.since is not None:
        numbers["$gt"] = await number_at(db, asked.org_id, "$lt", asked.since)
    ends = [("$lte", asked.as_of), ("$lt", asked.until)]
    upto = [await number_at(db, asked.org_id, operator, at) for operator, at in ends if at is not None]
    numbers["$lte"] = min(upto, default=2**53)
    narrowed = {"kind": asked.kind, "job_id": asked.job_id, "project_id": asked.project_id}
    return {"org_id": asked.org_id, "seq": numbers} | {name: one for name, one in narrowed.items() if one is not None}


async def balances_at(db: Db, org_id: str, as_of: datetime | None) -> dict[str, Any]:
    """The balances as of a time, or now: one document."""
    found = await newest_at(db, org_id, "$lte", as_of)
    return dict(EMPTY) if found is None else found["_balances"]


async def number_at(db: Db, org_id: str, operator: str, at: datetime) -> int:
    found = await newest_at(db, org_id, operator, at)
    return 0 if found is None else int(found["seq"])


async def newest_at(db: Db, org_id: str, operator: str, at: datetime | None) -> Document | None:
    """The newest entry before (`$lt`) or up to (`$lte`) a time; times stand in the books as text that sorts as they."""
    wanted: dict[str, Any] = {"org_id": org_id}
    if at is None:
        return await db[COLLECTION].find_one(wanted, sort=[("seq", -1)])
    wanted["at"] = {operator: at.astimezone(UTC).isoformat()}
    return await db[COLLECTION].find_one(wanted, sort=[("at", -1), ("seq", -1)])


def plain(entry: Document) -> dict[str, Any]:
    """The entry exactly as on the log: what its hash is of."""
    return {name: value for name, value in entry.items() if not name.startswith("_")}


async def expanded(db: Db, org_id: str, entries: Sequence[Document]) -> Items:
    """Each with the balances after it and with what led to it."""
    joined = await around(db, org_id, entries)
    return [{**plain(one), "balances": one["_balances"], "cause": joined.cause(one)} for one in entries]


async def _searched(
    db: Db, org_id: str, wanted: dict[str, Any], words: Sequence[str], limit: int, *, causes: bool
) -> tuple[Items, str | None]:
    """Looks through the lines until the page is full, or enough was looked through: the cursor goes on from there.

    Ids, kind and reason stand in the line; model, step and words are joined to it. A person's words are found only
    where the read models hold them in the open anyway, and no more once that person is forgotten; those of a job of
    its own are sealed, and nothing looks into them.
    """
    items: Items = []
    for _ in range(SEARCHED_MAX // SEARCHED):
        chunk = await _newest(db, wanted, SEARCHED)
        for entry, item in zip(chunk, await expanded(db, org_id, chunk), strict=True):
            if _fits(item, words):
                items.append(item if causes else plain(entry))
                if len(items) == limit:
                    return items, _cursor(entry)
        if len(chunk) < SEARCHED:
            return items, None
        wanted["seq"]["$lt"] = chunk[-1]["seq"]
    return items, _cursor(chunk[-1])


def _fits(item: Mapping[str, Any], words: Sequence[str]) -> bool:
    """Every word stands somewhere in it."""
    texts = [item[name] for name in SEARCHED_MEMBERS if name in item]
    # What is captured is found as "capture" and as "captured".
    texts.append(ENTRY_OF_KIND[item["kind"]].name)
    texts += [text for name, text in item["cause"].items() if name != "actor"]
    said = "\n".join(texts).casefold()
    return all(word in said for word in words)


def _named(wanted: dict[str, Any], q: str) -> bool:
    """A whole id needs no search: the index has it."""
    if JOB_ID.match(q):
        # Already narrowed to another job it is looked for, in vain, among that one's lines.
        return bool(wanted.setdefault("job_id", q) == q)
    if ENTRY_ID.match(q):
        wanted["_id"] = q
        return True
    return False


async def _newest(db: Db, wanted: Mapping[str, Any], count: int) -> list[Document]:
    return await db[COLLECTION].find(wanted).sort("seq", -1).limit(count).to_list(count)


def _cursor(entry: Document) -> str:
    return encode_cursor(entry["seq"], entry["entry_id"])


def _below(cursor: str) -> int:
    seq, _ = decode_cursor(cursor)
    if not isinstance(seq, int):
        raise Problem("malformed", "`cursor` is not one of ours")
    return seq
