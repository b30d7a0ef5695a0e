"""Read your own writes: waits until the read model has seen what a position names."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase

from events.log import position as positions
from events.log.position import Position
from gateway.http.problems import Problem

AFTER_WAIT_S: Final = 5.0
LOOK_EVERY_S: Final = 0.01


class Reading:
    """One reader of the projector's positions for all requests that wait; it rests while nobody waits."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]], projector: str) -> None:
        self._positions = db["positions"]
        self._projector = projector
        self._seen: dict[str, int] = {}
        self._look: asyncio.Future[None] | None = None

    @property
    def seen(self) -> Mapping[str, int]:
        """How far the read model was when it was last looked at."""
        return self._seen

    async def after(self, token: str | None, topics: Collection[str]) -> None:
        """Waits for `?after=`. Raises a Problem for a malformed token and for a read model that is behind."""
        if token is None:
            return
        try:
            wanted = positions.decode(token)
        except ValueError as error:
            raise Problem("malformed", "`after` is no position") from error
        await self.reach(positions.only(wanted, topics))

    async def reach(self, wanted: Position, timeout_s: float = AFTER_WAIT_S) -> None:
        """Waits until everything before `wanted` can be read."""
        if positions.covers(self._seen, wanted):
            return
        try:
            async with asyncio.timeout(timeout_s):
                while not positions.covers(self._seen, wanted):
                    await asyncio.shield(self._next_look())
        except TimeoutError as error:
            raise Problem("read-model-behind") from error

    def _next_look(self) -> asyncio.Future[None]:
        if self._look is None or self._look.done():
            self._look = asyncio.ensure_future(self._read())
        return self._look

    async def _read(self) -> None:
        """All waiting requests share this look; the rest after it keeps a wait from becoming a storm."""
        found = self._positions.find({"projector": self._projector})
        self._seen = {document["part"]: document["next"] async for document in found}
        await asyncio.sleep(LOOK_EVERY_S)
