"""What must hold of a log, whatever happened while it was written. Pure: each check yields its faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from events.envelope import InputPosition, Recorded
from events.jobs.events import (
    AttemptBegun,
    AttemptFailed,
    JobAccepted,
    JobCancelled,
    JobDead,
    JobDispatched,
    JobEvent,
    JobFailed,
    JobNote,
    JobRunning,
    JobSucceeded,
    LeaseExpired,
)
from events.jobs.state import CALLED_OFF

ENDS: Final = (JobSucceeded, JobFailed, JobCancelled, JobDead)
OF_THE_LEASE: Final = (AttemptBegun, JobRunning, AttemptFailed, LeaseExpired, JobSucceeded)
AFTERWARDS: Final = frozenset(
    {
        "late_result_refused",
        "discarded",
        "replayed",
        "refunded",
        "note",
        "agent_call_recorded",
        "webhook_delivered",
        "webhook_given_up",
        "webhook_resend_requested",
    }
)

Part = tuple[str, int]
"""Topic and partition."""


def gaps(log: Iterable[Recorded]) -> Iterator[str]:
    """Versions of a stream are 1, 2, 3, …, each once."""
    last: dict[tuple[str, str], int] = {}
    for event in log:
        stream = (event.stream.topic, event.stream.subject)
        if event.version != last.get(stream, 0) + 1:
            yield f"{stream}: version {event.version} follows {last.get(stream, 0)}"
        last[stream] = event.version


def decided_twice(log: Iterable[Recorded]) -> Iterator[str]:
    """A command is decided at one place of the log, once; and places come in their order. `log` by partition."""
    places: dict[str, InputPosition] = {}
    last: dict[Part, InputPosition] = {}
    for event in log:
        envelope, part = event.envelope, (event.stream.topic, event.partition)
        first = places.setdefault(envelope.command_id, envelope.input)
        if first != envelope.input:
            yield f"{envelope.command_id} was decided at {first} and at {envelope.input}"
        before = last.get(part)
        if before is not None and envelope.input.offset < before.offset:
            yield f"{part}: what came from {envelope.input} stands behind what came from {before}"
        last[part] = envelope.input


def jobs(log: Iterable[Recorded]) -> dict[str, list[JobEvent]]:
    """The events of each job, in their order."""
    found: dict[str, list[JobEvent]] = defaultdict(list)
    for event in log:
        if isinstance(event.data, JobEvent):
            found[event.data.job_id].append(event.data)
    return dict(found)


def unsound(job_id: str, events: list[JobEvent]) -> Iterator[str]:
    """One beginning, one end, leases that count up, and nothing of an attempt that is over."""
    lease, ended = 0, False
    if isinstance(events[0], JobNote) and events[0].code == CALLED_OFF:
        yield from (f"{job_id}: {event.name} of a job that was called off" for event in events[1:])
        return
    if not isinstance(events[0], JobAccepted):
        yield f"{job_id} begins with {events[0].name}"
    for event in events[1:]:
        if ended and event.name not in AFTERWARDS:
            yield f"{job_id}: {event.name} after its end"
        if isinstance(event, JobDispatched):
            if event.lease != lease + 1:
                yield f"{job_id}: lease {event.lease} follows {lease}"
            lease = event.lease
        elif isinstance(event, OF_THE_LEASE) and event.lease != lease:
            yield f"{job_id}: {event.name} of attempt {event.lease} in attempt {lease}"
        ended = ended or isinstance(event, ENDS)
    if not ended:
        yield f"{job_id} has not ended: {[event.name for event in events]}"


class Offsets:
    """What each group has committed, look by look: it never goes back."""

    def __init__(self) -> None:
        self._highest: dict[tuple[str, Part], int] = {}
        self.looks = 0
        self.faults: list[str] = []

    def take(self, groups: Mapping[str, Mapping[Part, int]]) -> None:
        self.looks += 1
        for group, offsets in groups.items():
            for part, offset in offsets.items():
                before = self._highest.get((group, part), -1)
                if offset < before:
                    self.faults.append(f"{group} at {part} went back from {before} to {offset}")
                self._highest[group, part] = max(before, offset)
