"""Circuit breakers, one for each model of a remote provider: what fails again and again is left alone for a while.

Closed, until five calls in a row have failed by the provider's fault; then open for half a minute, in which its jobs
wait and use up no attempts; then half open: one job is let through, and its end closes the breaker, or opens it for
twice as long, five minutes at most. (M. Nygard, Release It!, 2nd ed., ch. 5.) Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from events.catalog.current import FLEET
from events.jobs.events import Category

THRESHOLD: Final = 5
OPEN_FIRST: Final = timedelta(seconds=30)
OPEN_LONGEST: Final = timedelta(minutes=5)
FAULTS: Final[frozenset[Category]] = frozenset({"outage", "timeout", "lease_expired"})
"""The provider's own. A rate limit has a wait of its own; everything else is between it and the job."""

Key = tuple[str, str]
"""Provider and model."""
State = Literal["closed", "open", "half_open"]


@dataclass(slots=True)
class _Breaker:
    failures: int = 0
    opened: int = 0
    until: datetime | None = None
    half_open: bool = False
    probe: str | None = None

    @property
    def state(self) -> State:
        return "half_open" if self.half_open else "closed" if self.until is None else "open"

    def open(self, now: datetime) -> None:
        self.until = now + min(OPEN_FIRST * 2**self.opened, OPEN_LONGEST)
        self.opened += 1
        self.half_open, self.probe = False, None


class Breakers:
    """Only those that are not as new are kept: a call that succeeds forgets its breaker."""

    def __init__(self) -> None:
        self._breakers: dict[Key, _Breaker] = {}

    def blocks(self, provider: str, model: str) -> bool:
        """Whether no call of this model may begin now."""
        found = self._breakers.get((provider, model))
        if found is None:
            return False
        return found.state == "open" or (found.half_open and found.probe is not None)

    def began(self, provider: str, model: str, job_id: str) -> None:
        """A call was let through."""
        found = self._breakers.get((provider, model))
        if found is not None and found.half_open:
            found.probe = job_id

    def failed(self, provider: str, model: str, category: Category, now: datetime) -> bool:
        """Whether the breaker has opened by it. Calls that began before it did add nothing."""
        if category not in FAULTS or provider == FLEET:
            return False
        found = self._breakers.setdefault((provider, model), _Breaker())
        if found.state == "open":
            return False
        found.failures += 1
        if not found.half_open and found.failures < THRESHOLD:
            return False
        found.open(now)
        return True

    def succeeded(self, provider: str, model: str) -> bool:
        """Whether calls that waited may begin again."""
        found = self._breakers.pop((provider, model), None)
        return found is not None and found.state != "closed"

    def over(self, provider: str, model: str, job_id: str) -> bool:
        """A call is over, whatever became of it. Whether another may go, for this was the one that was let through."""
        found = self._breakers.get((provider, model))
        if found is None or not found.half_open or found.probe != job_id:
            return False
        found.probe = None
        return True

    def tick(self, now: datetime) -> Iterator[Key]:
        """Those whose time is over: one call of each may begin."""
        for key, found in self._breakers.items():
            if found.until is not None and found.until <= now:
                found.until, found.half_open, found.probe = None, True, None
                yield key

    def until(self, provider: str, model: str) -> datetime | None:
        """Until when it is open, where it is."""
        found = self._breakers.get((provider, model))
        return None if found is None else found.until
