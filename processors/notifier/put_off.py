"""Whose message found the line full: asked for again by way of the log, once there is room.

Each has been given up on the log by then, so that after a crash it stands there in sight, and is told again by whoever
wants it. Only its name is kept here.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Final

from events.envelope import Envelope
from processors.notifier.lines import Endpoint

PUT_OFF_MAX: Final = 20_000
ORG_PUT_OFF_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Again:
    """The end that somebody is to be told of."""

    org_id: str
    job_id: str
    cause: Envelope


class PutOff:
    """By endpoint, the oldest first; each bounded."""

    def __init__(self) -> None:
        self._waiting: dict[Endpoint, deque[Again]] = {}
        self._of_org: Counter[str] = Counter()

    def add(self, endpoint: Endpoint, again: Again) -> bool:
        """False where too many are: it stays given up."""
        if self._of_org.total() >= PUT_OFF_MAX or self._of_org[again.org_id] >= ORG_PUT_OFF_MAX:
            return False
        self._waiting.setdefault(endpoint, deque()).append(again)
        self._of_org[again.org_id] += 1
        return True

    def next(self, endpoint: Endpoint) -> Again | None:
        waiting = self._waiting.get(endpoint)
        if waiting is None:
            return None
        again = waiting.popleft()
        if not waiting:
            del self._waiting[endpoint]
        self._of_org[again.org_id] -= 1
        if not self._of_org[again.org_id]:
            del self._of_org[again.org_id]
        return again
