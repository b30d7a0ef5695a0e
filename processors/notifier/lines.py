"""Who posts to which endpoint, who waits in line for it, who sleeps until the next try: each bounded, and none of it
at the cost of other endpoints."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

POSTS_MAX: Final = 20
"""At the same time to one endpoint: whoever serves it is no more than a few requests ahead."""
IN_LINE_MAX: Final = 2_000
"""For one endpoint, those that post included. One that answers clears it in moments."""
ORG_IN_LINE_MAX: Final = 4_000
"""Of one organisation, for all its endpoints: the others have more than half of what the process takes at a time."""
ASLEEP_MAX: Final = 500
"""For one endpoint, until their next try. When that many have found nobody, one more try is all that others get."""
ORG_ASLEEP_MAX: Final = 1_000
ALL_ASLEEP_MAX: Final = 5_000
"""Of all organisations together: half of what the process takes at a time."""

Endpoint = tuple[str, str]
"""Organisation and host."""
Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True)
class _Gate:
    posts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(POSTS_MAX))
    users: int = 0


class Lines:
    """Kept for as long as somebody stands in them."""

    def __init__(self) -> None:
        self._gates: dict[Endpoint, _Gate] = {}
        self._in_line: Counter[str] = Counter()
        """By organisation."""
        self._asleep: Counter[Endpoint] = Counter()
        self._orgs_asleep: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, endpoint: Endpoint) -> AsyncIterator[bool]:
        """Waits for its turn at the endpoint. False, and at once, where the line is full, or its organisation has its
        share of all lines."""
        org_id = endpoint[0]
        gate = self._gates.get(endpoint) or _Gate()
        if gate.users >= IN_LINE_MAX or self._in_line[org_id] >= ORG_IN_LINE_MAX:
            yield False
            return
        self._gates[endpoint] = gate
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
    def asleep(self, endpoint: Endpoint) -> Iterator[bool]:
        """False where too many sleep already."""
        org_id = endpoint[0]
        full = self._asleep[endpoint] >= ASLEEP_MAX or self._orgs_asleep[org_id] >= ORG_ASLEEP_MAX
        if full or self._orgs_asleep.total() >= ALL_ASLEEP_MAX:
            yield False
            return
        with _counted(self._asleep, endpoint), _counted(self._orgs_asleep, org_id):
            yield True

    def has_room(self, endpoint: Endpoint) -> bool:
        """Whether half the line is empty, and half of its organisation's share: for those that found it full."""
        gate = self._gates.get(endpoint)
        in_line = 0 if gate is None else gate.users
        return in_line < IN_LINE_MAX // 2 and self._in_line[endpoint[0]] < ORG_IN_LINE_MAX // 2

    @property
    def empty(self) -> bool:
        return not (self._gates or self._in_line or self._asleep)


@contextmanager
def _counted(counter: Counter[Key], key: Key) -> Iterator[None]:
    counter[key] += 1
    try:
        yield
    finally:
        counter[key] -= 1
        if counter[key] == 0:
            del counter[key]
