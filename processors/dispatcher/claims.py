"""Claims: who may call a provider, said along with the dispatch where scheduler and dispatcher are one process.

The dispatcher asks `BeginAttempt` before a create that cannot be repeated, a decision for each job. Where it is plain
beforehand who will carry an attempt out, the scheduler names that owner in `DispatchJob`, and the decider puts
`attempt_begun` on the log together with `dispatched`. A claim is good for one handling, once: for a short while as it
is, later for asking as its owner. Whoever handles the event again, or elsewhere, asks, and is told that another has
begun.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from itertools import takewhile
from typing import Final, Literal, NamedTuple

from events.ids import new_id
from processors.dispatcher.ports import attempt_token

CLAIMS_MAX: Final = 32
"""Attempts that may be claimed at a time and not begun. After a crash all of these have to be found out about."""
CLAIM_S: Final = 5.0
"""Within a lease: one that was frozen for longer asks whether the attempt is still its own."""
REMEMBERED_MAX: Final = 1000
"""Claims whose handling has not come: dispatches that wait, and those that others carry out after all."""

Taken = Literal["fresh", "lapsed"]
"""`lapsed`: nobody has called, but the log may have gone on."""


class _Claim(NamedTuple):
    owner: str
    since: float
    named: bool = False
    """Whether the log names its owner, for sure."""


class Claims:
    """In the memory of one process, and gone with it."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._carries_out: Callable[[str, str], bool] | None = None
        self._claimed: OrderedDict[str, _Claim] = OrderedDict()
        """By attempt, the oldest first."""

    def attach(self, carries_out: Callable[[str, str], bool]) -> None:
        """`carries_out(provider, org_id)`: an attempt of that organisation comes here, and has to be begun once."""
        self._carries_out = carries_out

    def offer(self, job_id: str, lease: int, provider: str, org_id: str) -> str | None:
        """The attempt's owner, the same each time it is asked for; None: whoever carries it out has to ask."""
        token = attempt_token(job_id, lease)
        if (claimed := self._claimed.get(token)) is not None:
            return claimed.owner
        recent = sum(1 for _ in takewhile(self._is_fresh, reversed(self._claimed.values())))
        if self._carries_out is None or recent >= CLAIMS_MAX or not self._carries_out(provider, org_id):
            return None
        claim = self._claimed[token] = _Claim(new_id("own"), self._now())
        while len(self._claimed) > REMEMBERED_MAX:
            self._claimed.popitem(last=False)
        return claim.owner

    def named(self, job_id: str, lease: int, owner: str | None) -> None:
        """Whom the log names, in its order: before all that is read of the attempt's end."""
        token = attempt_token(job_id, lease)
        claimed = self._claimed.get(token)
        if claimed is not None and claimed.owner == owner:
            self._claimed[token] = claimed._replace(named=True)
        elif claimed is not None:
            del self._claimed[token]

    def withdraw(self, job_id: str, lease: int) -> bool:
        """The dispatch was refused, or its attempt is over. True: the log names our owner, nobody has been that owner,
        and nobody will be."""
        claimed = self._claimed.pop(attempt_token(job_id, lease), None)
        return claimed is not None and claimed.named

    def take(self, job_id: str, lease: int, owner: str | None) -> Taken | None:
        """Whether the log names our claim's owner: who is told so is that owner, and nobody is told so again."""
        claimed = self._claimed.pop(attempt_token(job_id, lease), None)
        if claimed is None or claimed.owner != owner:
            return None
        return "fresh" if self._is_fresh(claimed) else "lapsed"

    def put_back(self, job_id: str, lease: int, owner: str) -> None:
        """Whoever took it has not called: it may be taken once more, as one that has lapsed."""
        token = attempt_token(job_id, lease)
        self._claimed[token] = _Claim(owner, float("-inf"), named=True)
        self._claimed.move_to_end(token, last=False)

    def _is_fresh(self, claim: _Claim) -> bool:
        return claim.since >= self._now() - CLAIM_S
