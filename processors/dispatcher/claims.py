"""Claims: who may call a provider, said along with the dispatch where scheduler and dispatcher are one process.

The dispatcher asks `BeginAttempt` before a create that cannot be repeated, a decision for each job. Where it is plain
beforehand who will carry an attempt out, the scheduler names that owner in `DispatchJob`, and the decider puts
`attempt_begun` on the log together with `dispatched`. A claim is good for one handling, once and for a short while:
whoever handles the event again, or later, or elsewhere, asks, and is told that another has begun.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from events.ids import new_id
from processors.dispatcher.ports import attempt_token

CLAIMS_MAX: Final = 32
"""Attempts that may be claimed and not begun. After a crash all of these have to be found out about."""
CLAIM_S: Final = 5.0
"""Within a lease: one that was frozen for longer asks whether the attempt is still its own."""


class Claims:
    """In the memory of one process, and gone with it."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._carries_out: Callable[[str, str], bool] | None = None
        self._claimed: OrderedDict[str, tuple[str, float]] = OrderedDict()
        """Attempt → its owner, and when it was named."""

    def attach(self, carries_out: Callable[[str, str], bool]) -> None:
        """`carries_out(provider, org_id)`: an attempt of that organisation comes here, and has to be begun once."""
        self._carries_out = carries_out

    def offer(self, job_id: str, lease: int, provider: str, org_id: str) -> str | None:
        """The attempt's owner, the same each time it is asked for; None: whoever carries it out has to ask."""
        token, now = attempt_token(job_id, lease), self._now()
        while self._claimed and next(iter(self._claimed.values()))[1] < now - CLAIM_S:
            self._claimed.popitem(last=False)
        if (claimed := self._claimed.get(token)) is not None:
            return claimed[0]
        if self._carries_out is None or len(self._claimed) >= CLAIMS_MAX or not self._carries_out(provider, org_id):
            return None
        owner = new_id("own")
        self._claimed[token] = (owner, now)
        return owner

    def withdraw(self, job_id: str, lease: int) -> None:
        """The dispatch was refused."""
        self._claimed.pop(attempt_token(job_id, lease), None)

    def take(self, job_id: str, lease: int, owner: str | None) -> bool:
        """Whether the log names our claim's owner; nobody is told so again."""
        claimed = self._claimed.pop(attempt_token(job_id, lease), None)
        return claimed is not None and claimed[0] == owner and claimed[1] >= self._now() - CLAIM_S
