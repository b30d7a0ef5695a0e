"""What the scheduler believes of a job, to be held against what the log says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from events.jobs.current import CurrentJob


@dataclass(frozen=True, slots=True)
class Belief:
    """`waits`: in a queue, or for its time, after attempt `lease`; `flies`: attempt `lease` is at its provider, or on
    its way there."""

    state: Literal["waits", "flies"]
    lease: int


def agree(logged: CurrentJob | None, believed: Belief | None) -> bool:
    """Whether both say the same. A dispatch that is on its way to the log is a step ahead of it."""
    if logged is None or believed is None:
        return logged is None and believed is None
    if logged.holds_slot:
        return believed == Belief("flies", logged.lease)
    return believed in (Belief("waits", logged.lease), Belief("flies", logged.lease + 1))
