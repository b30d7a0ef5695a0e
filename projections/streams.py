"""Stored streams: all events of a session or plan, read from MongoDB by (stream, version)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure

from commands.ask import Unavailable
from events.envelope import Recorded
from events.model import Event
from projections.looking import found_within
from projections.plan_parts import OF_RUNS, by_plan, together
from projections.session_events import COLLECTION, recorded

LOOK_EVERY_S: Final = 0.02
PAGE: Final = 500
TYPE_MAX: Final = 20_000
PLAN_MAX: Final = 100_000


def _a_moment() -> Awaitable[None]:
    return asyncio.sleep(LOOK_EVERY_S)


class StreamStore:
    """Reads what the projector has written; waits for it where it is behind."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]]) -> None:
        self._events = db[COLLECTION]

    async def read(self, subject: str, upto_version: int, *, timeout_s: float = 10.0) -> list[Recorded]:
        """The stream from its beginning up to this version. Raises Unavailable when it cannot be had now."""
        found: list[Recorded] = []

        async def look() -> list[Recorded] | None:
            if len(found) < upto_version:
                found.extend(await self._after(subject, len(found), upto_version))
            return found if len(found) >= upto_version else None

        try:
            whole = await found_within(look, timeout_s, _a_moment)
        except ConnectionFailure as error:
            raise Unavailable(f"{subject} cannot be read: {type(error).__name__}") from error
        if whole is None:
            raise Unavailable(f"{subject} is stored up to {len(found)}, not yet {upto_version}")
        return whole

    async def stored(self, subject: str, most: int) -> list[Recorded]:
        """The stream from its beginning as far as it is stored, at most so many events. Raises Unavailable."""
        try:
            found = self._events.find({"subject": subject}).sort("_v", 1).limit(most)
            return [recorded(document) async for document in found]
        except ConnectionFailure as error:
            raise Unavailable(f"{subject} cannot be read: {type(error).__name__}") from error

    async def upto(self, subject: str, org_id: str, place: Mapping[str, Any], most: int) -> list[Recorded]:
        """An organisation's stream from its beginning as far as it is stored and `place` reaches; at most so many."""
        found = self._events.find({"subject": subject, "org_id": org_id, **place}).sort("_v", 1).limit(most)
        return [recorded(document) async for document in found]

    async def of_plan(self, plan_id: str, upto_version: int, *, timeout_s: float = 10.0) -> list[Recorded]:
        """What a plan is made of as of this version. Raises Unavailable when it cannot be had now."""
        upto = {"subject": plan_id, "_v": {"$lte": upto_version}}

        async def look() -> bool | None:
            return True if await self._events.count_documents(upto) >= upto_version else None

        try:
            if await found_within(look, timeout_s, _a_moment):
                return await self.parts(upto, PLAN_MAX)
        except ConnectionFailure as error:
            raise Unavailable(f"{plan_id} cannot be read: {type(error).__name__}") from error
        raise Unavailable(f"{plan_id} is not stored up to {upto_version} yet")

    async def parts(self, wanted: Mapping[str, Any], most: int) -> list[Recorded]:
        """Of a plan, or a session with its plans, what their states are made of, in the order of the log.

        At most so many of what is planned and said, and as many of what became of steps.
        """
        order = "_v" if "subject" in wanted else "offset"
        query = {"$and": [wanted, {"type": {"$nin": sorted(OF_RUNS)}}]}
        frame = [recorded(one) async for one in self._events.find(query).sort(order, 1).limit(most)]
        of_plans = [{"subject": plan, "_v": {"$gte": first}} for plan, first in by_plan(frame).items()]
        if not of_plans:
            return frame
        query = {"$and": [wanted, {"type": {"$in": sorted(OF_RUNS)}}, {"$or": of_plans}]}
        return together(frame, [recorded(one) async for one in self._events.find(query).sort(order, 1).limit(most)])

    async def page(self, subject: str, org_id: str, after: int, most: int) -> list[Recorded]:
        """So many events of the stream behind a version."""
        return await self.upto(subject, org_id, {"_v": {"$gt": after}}, most)

    async def length(self, subject: str, org_id: str) -> int:
        """How many events the stream has, as far as it is stored."""
        last = await self._events.find_one({"subject": subject, "org_id": org_id}, {"_v": 1}, sort=[("_v", -1)])
        return 0 if last is None else int(last["_v"])

    async def of_type(
        self, subject: str, org_id: str, kind: type[Event], *, behind: int = 0, before: int | None = None
    ) -> list[Recorded]:
        """The events of one type in an organisation's stream, between two versions where they are given; at most
        `TYPE_MAX`."""
        between = {"$gt": behind} if before is None else {"$gt": behind, "$lt": before}
        return await self.upto(subject, org_id, {"type": kind.ce_type(), "_v": between}, TYPE_MAX)

    async def of_session(self, session_id: str, from_offset: int, to_offset: int) -> AsyncIterator[Recorded]:
        """Events of a session and its plans by place on the log, `from_offset` included, `to_offset` not."""
        wanted = {"session_id": session_id, "offset": {"$gte": from_offset, "$lt": to_offset}}
        async for document in self._events.find(wanted).sort("offset", 1).batch_size(PAGE):
            yield recorded(document)

    async def _after(self, subject: str, version: int, upto: int) -> list[Recorded]:
        wanted = {"subject": subject, "_v": {"$gt": version, "$lte": upto}}
        return [recorded(document) async for document in self._events.find(wanted).sort("_v", 1)]
