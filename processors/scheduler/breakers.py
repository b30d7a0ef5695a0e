"""What keeps calls of a remote provider's model, or of all its models, waiting for a while. Pure.

*Circuit breakers*, one a model: closed, until five calls in a row have failed by the provider's fault; then open for
half a minute, in which its jobs wait and use up no attempts; then half open: one job is let through, and its end closes
the breaker, or opens it for twice as long, five minutes at most. (M. Nygard, Release It!, 2nd ed., ch. 5.) What is our
own account's trouble opens it at once, an empty account for the whole provider.

*Pauses*, one a model: as long as the provider has asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from events.catalog.current import FLEET, TroubleKind
from events.jobs.events import Category, Trouble

THRESHOLD: Final = 5
OPEN_FIRST: Final = timedelta(seconds=30)
OPEN_LONGEST: Final = timedelta(minutes=5)
DOUBLINGS_MAX: Final = 10
PROBE_MARGIN: Final = timedelta(seconds=60)
"""Beyond its longest run: so much later at most than it began the one that is let through is over."""
PAUSE_LONGEST: Final = timedelta(minutes=10)
"""Whoever asks for more is asked again after that."""
FAULTS: Final[frozenset[Category]] = frozenset({"outage", "timeout"})
"""The provider's own. Everything else is between it and the job."""
ALL: Final = ""
"""In place of a model: all of the provider's."""

Key = tuple[str, str]
"""Provider and model, or ALL."""
State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt has failed. `holder` names it: `job.lease`."""

    provider: str
    model: str
    holder: str
    category: Category
    trouble: Trouble | None = None
    busy_until: datetime | None = None


@dataclass(slots=True)
class _Breaker:
    failures: int = 0
    opened: int = 0
    until: datetime | None = None
    half_open: bool = False
    probe: str | None = None
    """Who was let through last, and is not over."""
    probe_until: datetime | None = None
    probes: set[str] = field(default_factory=set)
    """All that were let through since it is half open: what else ends now had begun before."""

    @property
    def state(self) -> State:
        return "half_open" if self.half_open else "closed" if self.until is None else "open"

    @property
    def blocks(self) -> bool:
        return self.state == "open" or (self.half_open and self.probe is not None)

    def open(self, now: datetime) -> None:
        self.until = now + min(OPEN_FIRST * 2 ** min(self.opened, DOUBLINGS_MAX), OPEN_LONGEST)
        self.opened += 1
        self.half_open, self.probes = False, set()
        self.probe_over()

    def half(self) -> None:
        self.until, self.half_open = None, True
        self.probe_over()

    def probe_over(self) -> None:
        self.probe, self.probe_until = None, None


class Breakers:
    """Only those that are not as new are kept: a call that succeeds forgets its breaker."""

    def __init__(self) -> None:
        self._breakers: dict[Key, _Breaker] = {}
        self._pauses: dict[Key, datetime] = {}

    def blocks(self, provider: str, model: str) -> bool:
        """Whether no call of this model may begin now."""
        return (provider, model) in self._pauses or any(one.blocks for _, one in self._of(provider, model))

    def began(self, provider: str, model: str, holder: str, longest_until: datetime) -> tuple[Key, ...]:
        """A call was let through. Whose other calls wait for it."""
        half_open = [(key, found) for key, found in self._of(provider, model) if found.half_open]
        for _, found in half_open:
            found.probe, found.probe_until = holder, longest_until
            found.probes.add(holder)
        return tuple(key for key, _ in half_open)

    def failed(self, failure: Failure, now: datetime) -> Key | None:
        """Whose calls wait by it, where that is new. Calls that began before it did add nothing."""
        if failure.provider == FLEET:
            return None
        key, threshold = (failure.provider, failure.model), THRESHOLD
        paused = key if self._pause(key, failure.busy_until, now) else None
        if failure.trouble == "account":
            key, threshold = (failure.provider, ALL if failure.category == "billing" else failure.model), 1
        elif failure.category not in FAULTS and failure.trouble != "silent":
            return paused
        found = self._breakers.setdefault(key, _Breaker())
        if found.state == "open" or (found.half_open and failure.holder not in found.probes):
            return paused
        found.failures += 1
        if not found.half_open and found.failures < threshold:
            return paused
        found.open(now)
        return key

    def succeeded(self, provider: str, model: str, holder: str) -> tuple[Key, ...]:
        """Whose calls, which waited, may begin again. What began before a breaker opened says nothing of now."""
        closed = []
        for key, found in self._of(provider, model):
            if found.state == "closed" or holder in found.probes:
                del self._breakers[key]
                closed += [key] if found.state != "closed" else []
        return tuple(closed)

    def over(self, provider: str, model: str, holder: str) -> tuple[Key, ...]:
        """A call is over on the log, whatever became of it. Of whom another may go, for this one was let through."""
        probed = [(key, one) for key, one in self._of(provider, model) if one.half_open and one.probe == holder]
        for _, found in probed:
            found.probe_over()
        return tuple(key for key, _ in probed)

    def tick(self, now: datetime) -> Iterator[Key]:
        """Those whose time is over: one call of each may begin, after a pause all."""
        for key, found in self._breakers.items():
            if found.until is not None and found.until <= now:
                found.half()
                yield key
        for key in [key for key, until in self._pauses.items() if until <= now]:
            del self._pauses[key]
            yield key

    def until(self, provider: str, model: str) -> datetime | None:
        """Until when its calls wait, where they do; for one that was let through, at most."""
        found = self._breakers.get((provider, model)) or _Breaker()
        ends = (self._pauses.get((provider, model)), found.until, found.probe_until)
        return max((until for until in ends if until is not None), default=None)

    def trouble(self, provider: str, model: str) -> TroubleKind | None:
        """Why its calls wait, where they do."""
        found = self._breakers.get((provider, model)) or _Breaker()
        if found.probe is not None:
            return "half_open"
        if found.until is not None:
            return "open"
        return "paused" if (provider, model) in self._pauses else None

    def _of(self, provider: str, model: str) -> list[tuple[Key, _Breaker]]:
        keys = ((provider, model), (provider, ALL))
        return [(key, found) for key in keys if (found := self._breakers.get(key)) is not None]

    def _pause(self, key: Key, until: datetime | None, now: datetime) -> bool:
        """Whether it is longer than it was."""
        until = None if until is None else min(until, now + PAUSE_LONGEST)
        if until is None or until <= max(now, self._pauses.get(key, now)):
            return False
        self._pauses[key] = until
        return True
