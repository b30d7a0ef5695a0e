"""Who posts to which endpoint, who waits in line for it, who sleeps until the next try: each bounded, and none of it
at the cost of other endpoints."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final

POSTS_MAX: Final = 20
"""At the same time to one endpoint: whoever serves it is no more than a few requests ahead."""
IN_LINE_MAX: Final = 1_000
"""Of one organisation, those that post included. An endpoint that answers clears it in moments."""
ASLEEP_MAX: Final = 500
"""Of one organisation, until their next try. When that many have found nobody, one more try is all that others get."""
ALL_ASLEEP_MAX: Final = 5_000
"""Of all organisations together: half of what the process takes at a time."""

Endpoint = tuple[str, str]
"""Organisation and host."""


@dataclass(slots=True)
class _Gate:
    posts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(POSTS_MAX))
    users: int = 0


class Lines:
    """Kept for as long as somebody stands in them."""

    def __init__(self) -> None:
        self._gates: dict[Endpoint, _Gate] = {}
        self._in_line: Counter[str] = Counter()
        self._asleep: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, endpoint: Endpoint) -> AsyncIterator[bool]:
        """Waits for its turn at the endpoint. False, and at once, where its organisation's line is full."""
        org_id = endpoint[0]
        if self._in_line[org_id] >= IN_LINE_MAX:
            yield False
            return
        gate = self._gates.setdefault(endpoint, _Gate())
        gate.users += 1
        try:
            with _counted(self._in_line, org_id):
                async with gate.posts:
                    yield True
        finally:
            gate.users -= 1
            if gate.users == 0:
                del self._gates[endpoint]

    @contextmanager
    def asleep(self, org_id: str) -> Iterator[bool]:
        """False where too many sleep already."""
        if self._asleep[org_id] >= ASLEEP_MAX or self._asleep.total() >= ALL_ASLEEP_MAX:
            yield False
            return
        with _counted(self._asleep, org_id):
            yield True

    @property
    def empty(self) -> bool:
        return not (self._gates or self._in_line or self._asleep)


@contextmanager
def _counted(counter: Counter[str], key: str) -> Iterator[None]:
    counter[key] += 1
    try:
        yield
    finally:
        counter[key] -= 1
        if counter[key] == 0:
            del counter[key]
