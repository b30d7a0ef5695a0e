"""Who may call now: at most so many at once, and those who wait are taken organisation by organisation, in a circle."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from adapters.llm.failures import Busy

WAITING_MAX: Final = 2000


class Turns:
    """An organisation that asks a thousand times holds up another by one turn."""

    def __init__(self, most: int, *, waiting_max: int = WAITING_MAX) -> None:
        self._free = most
        self._waiting_max = waiting_max
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._waiters = 0

    @asynccontextmanager
    async def turn(self, org_id: str, within_s: float) -> AsyncIterator[None]:
        """One turn, as long as the block lasts. Raises Busy where too many wait already, or none comes in time."""
        try:
            async with asyncio.timeout(within_s):
                await self._take(org_id)
        except TimeoutError as error:
            raise Busy("no turn came in time") from error
        try:
            yield
        finally:
            self._give()

    async def _take(self, org_id: str) -> None:
        if self._free > 0:
            self._free -= 1
            return
        if self._waiters >= self._waiting_max:
            raise Busy("too many calls wait for their turn")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(org_id, deque()).append(turn)
        self._waiters += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give()
            raise
        finally:
            self._waiters -= 1

    def _give(self) -> None:
        """To the first who still waits of the organisation whose turn it is; it then goes to the end of the circle."""
        while self._waiting:
            org_id, queue = self._waiting.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._waiting[org_id] = queue
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
