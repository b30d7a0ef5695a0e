"""The live buffer of a session: the records of the last ten minutes, at most one MiB."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from events.log.clients import Record
from events.topics import EVENTS_CANVAS

AGE_MAX_S: Final = 600.0
BYTES_MAX: Final = 1024 * 1024


@dataclass(slots=True)
class Entry:
    """A record on its way to open streams; the frame made from it is kept for all of them."""

    where: str | None
    """`topic/partition`; None for a state, which has no place on the log."""
    offset: int
    at: float
    record: Record | None
    frame: tuple[str, Any] | None = None
    rendered: bool = False

    @property
    def durable(self) -> bool:
        return self.record is not None and self.record.topic == EVENTS_CANVAS

    @property
    def size(self) -> int:
        return 200 + len(self.record.value or b"") if self.record is not None else 200


@dataclass(slots=True)
class Ring:
    """Entries in the order of their coming. `since` tells from which offset on each part is complete."""

    entries: deque[Entry] = field(default_factory=deque)
    since: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    org_id: str | None = None

    def append(self, entry: Entry) -> int:
        """Takes an entry and lets go of what is too old or too much; how many bytes it grew by."""
        before = self.bytes
        if entry.where is not None:
            self.since.setdefault(entry.where, entry.offset)
        if self.org_id is None and entry.durable and entry.record is not None:
            self.org_id = dict(entry.record.headers)["ce_orgid"].decode()
        self.entries.append(entry)
        self.bytes += entry.size
        while self.bytes > BYTES_MAX or entry.at - self.entries[0].at > AGE_MAX_S:
            gone = self.entries.popleft()
            self.bytes -= gone.size
            if gone.where is not None:
                self.since[gone.where] = gone.offset + 1
        return self.bytes - before

    def copy(self) -> Ring:
        return Ring(deque(self.entries), dict(self.since), self.bytes, self.org_id)

    def idle_since(self, now: float) -> bool:
        """Whether nothing in it is young enough to be kept."""
        return not self.entries or now - self.entries[-1].at > AGE_MAX_S
