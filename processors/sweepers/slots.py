"""The sweeper of slots: what Redis holds against what the log shows, and what mends the difference. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from events.jobs.current import CurrentJob
from events.jobs.slots import Place, Slot, slot_of

GHOST_GRACE: Final = timedelta(seconds=30)
"""How long a slot may stand in Redis alone: its dispatch may be on its way to the log."""
LAPSING_MS: Final = 30_000
"""A slot that its holder prolongs has more than this left. Others wait for the end of what may still run."""


@dataclass(frozen=True, slots=True)
class Mend:
    """Done twice it does nothing the second time. `put` and `prolong` concern `slots`, `remove` concerns `places`."""

    what: Literal["put", "prolong", "remove"]
    slots: tuple[Slot, ...] = ()
    places: tuple[Place, ...] = ()


class SlotSweeper:
    """Is told of the log as it goes, and of Redis look by look."""

    def __init__(self) -> None:
        self._slots: dict[str, Slot] = {}
        self._missed: frozenset[Slot] = frozenset()
        """Missing at the last look. Missing twice in a row is not the moment between a release and its news."""
        self._ghosts: dict[Place, datetime] = {}
        """Since when a place is held in vain."""

    def on_job(self, job_id: str, job: CurrentJob | None) -> None:
        slot = None if job is None else slot_of(job)
        if slot is None:
            self._slots.pop(job_id, None)
        else:
            self._slots[job_id] = slot

    def on_away(self) -> None:
        """Redis could not be read: what was seen before says nothing any more."""
        self._missed, self._ghosts = frozenset(), {}

    def on_found(self, found: Mapping[Place, float], now: datetime) -> tuple[Mend, ...]:
        """`found`: every place with the ms that it has left."""
        held = {(key, slot.holder) for slot in self._slots.values() for key in slot.keys}
        missing = frozenset(slot for slot in self._slots.values() if self._left_ms(slot, found) is None)
        lapsing = tuple(s for s in self._slots.values() if (self._left_ms(s, found) or LAPSING_MS) < LAPSING_MS)
        put = tuple(sorted(missing & self._missed, key=lambda slot: slot.holder))
        self._missed = missing
        self._ghosts = {place: self._ghosts.get(place, now) for place in found if place not in held}
        vain = tuple(sorted(place for place, since in self._ghosts.items() if now - since >= GHOST_GRACE))
        mends = (Mend("put", slots=put), Mend("prolong", slots=lapsing), Mend("remove", places=vain))
        return tuple(mend for mend in mends if mend.slots or mend.places)

    @staticmethod
    def _left_ms(slot: Slot, found: Mapping[Place, float]) -> float | None:
        """The least of its four places; None where it is not in all of them."""
        left = [found.get((key, slot.holder)) for key in slot.keys]
        return None if None in left else min(ms for ms in left if ms is not None)
