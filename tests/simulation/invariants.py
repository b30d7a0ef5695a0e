"""What must hold (I1 to I20): some of it at every step, the rest when nothing moves any more.

Nothing here is told by the house itself: the committed log is read as anybody may read it, and the oracles are asked.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition
from aiokafka.errors import ProducerFenced

from commands.orgs.commands import OrgCommand
from commands.orgs.decider import ORGS
from events.credits.events import LedgerEntry
from events.envelope import Recorded
from events.jobs.events import (
    AttemptBegun,
    AttemptFailed,
    JobAccepted,
    JobCancelled,
    JobDead,
    JobDispatched,
    JobEvent,
    JobFailed,
    JobSucceeded,
    LeaseExpired,
)
from events.log.codec import from_record
from events.log.position import part
from events.model import Event
from events.topics import COMMANDS_ORGS, CURRENT_JOBS, DEADLETTER_COMMANDS, EVENTS_JOBS
from processors.runners.decide import FoldFailed
from processors.runners.recovery import GapInLog, StoreIsOfAnotherLog
from projections.read_models import TOPICS, project
from tests.chaos.invariants import AFTERWARDS, OF_THE_LEASE
from tests.simulation.books import Books
from tests.simulation.documents import DocumentServer
from tests.simulation.processes import opened
from tests.simulation.providers import Execution, Remote
from tests.simulation.scenario import EPOCH
from tests.simulation.violation import Findings, Violation

if TYPE_CHECKING:
    from tests.simulation.world import World

ENDS: Final = (JobSucceeded, JobFailed, JobCancelled, JobDead)
OVERRUN_S: Final = 60.0
"""Beyond its longest run an attempt that the log is beyond, and that nobody could stop, is not counted any more: so far
goes what is promised of a provider that runs something for longer than it says."""
STEADY_S: Final = 6.0
"""Longer than a renewal takes: who has held a lease for so long has not just come back."""
STOPS: Final = (FoldFailed, GapInLog, StoreIsOfAnotherLog)
"""What a decider's partition stops with when its log is not as deciders write it."""
FENCED: Final = (ProducerFenced,)
"""What a process may end with by itself: somebody else does its work."""


def _stops(event: Event) -> bool:
    """Whether an attempt may still run after it, which a dispatcher has to stop."""
    return isinstance(event, JobCancelled | LeaseExpired) or (
        isinstance(event, AttemptFailed) and bool(event.unstopped)
    )


@dataclass(slots=True)
class Seen:
    """A job as its events tell it, by rules that are written down here once more, and apart from the house's."""

    accepted: JobAccepted
    lease: int = 0
    open: bool = False
    """Whether an attempt is under way."""
    owners: set[str] = field(default_factory=set)
    ends: list[JobEvent] = field(default_factory=list)
    over: set[int] = field(default_factory=set)
    """Attempts that the log is beyond."""


class Judge:
    """Raises a Violation where it is asked; what it finds inside a callback is raised by `raise_found`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._findings = Findings(world.tell)
        self._demand, self._fail = self._findings.demand, self._findings.fail
        self._books = Books(self._findings, world.scenario)
        self._read: dict[TopicPartition, int] = {}
        self._versions: Counter[tuple[str, str]] = Counter()
        self._ids: set[str] = set()
        self._inputs: dict[tuple[TopicPartition, str], int] = {}
        self._command_of: dict[tuple[int, int], str] = {}
        self._offsets: dict[tuple[str, TopicPartition], int] = {}
        self._answers: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.jobs: dict[str, Seen] = {}
        self.handles: list[Recorded] = []
        self.background: list[asyncio.Task[None]] = []
        self.webhook: Callable[[Remote, Execution, str], None] = lambda _remote, _execution, _org: None

    # --- what is told --------------------------------------------------------------------------------------

    def heard(self, org: str, key: str, job_id: str | None) -> str | None:
        """I4: all answers that were given for one key name the same job."""
        if job_id is not None:
            named = self._answers[org, key]
            named.add(job_id)
            self._demand(len(named) == 1, "I4", f"{key} of {org} was answered with {sorted(named)}")
        return job_id

    def set_aside(self, command: OrgCommand, error: Exception) -> None:
        self._fail("I4", f"{type(command).__name__} was set aside: {error}")

    def accepted(self, remote: Remote, execution: Execution) -> None:
        """I7 and I8, where a provider takes a call."""
        token = f"{execution.job_id}.{execution.lease}"
        same = [e for e in remote.executions if (e.job_id, e.lease) == (execution.job_id, execution.lease)]
        self._demand(len(same) == 1, "I7", f"{token} was accepted {len(same)} times at {remote.traits.name}")
        seen = self.jobs.get(execution.job_id)
        self._demand(
            seen is not None and seen.lease >= execution.lease, "I7", f"{token} runs, and no intent is on the log"
        )
        if seen is not None:
            self._check_caps(remote, execution, seen.accepted.org_id)
            twice = [e.lease for e in self._counted(remote) if e.job_id == execution.job_id]
            self._demand(len(twice) == 1, "I7", f"attempts {twice} of {execution.job_id} run side by side")
            self.webhook(remote, execution, seen.accepted.org_id)

    def _check_caps(self, remote: Remote, taken: Execution, org_id: str) -> None:
        """I8: all four, counted where it runs."""
        limits = self._world.scenario.org_limits
        here = self._counted(remote)
        ours = [e for one in self._world.remotes.values() for e in self._counted(one) if self._is_of(e, org_id)]
        for name, running, cap in (
            (remote.traits.name, here, remote.traits.concurrent),
            (taken.model, [e for e in here if e.model == taken.model], remote.traits.per_api.get(taken.model)),
            (org_id, ours, limits.concurrent),
            (
                f"{org_id} {taken.model}",
                [e for e in ours if e.model == taken.model],
                limits.per_api.get(taken.model),
            ),
        ):
            self._demand(cap is None or len(running) <= cap, "I8", f"{len(running)} run at {name}, {cap} may")

    def _counted(self, remote: Remote) -> list[Execution]:
        """What runs there and what the house answers for."""
        now, longest = self._world.now, self._world.scenario.max_runtime_s + OVERRUN_S
        return [e for e in remote.running(now) if now <= e.accepted_at + longest or not self._is_over(e)]

    def _is_over(self, execution: Execution) -> bool:
        seen = self.jobs.get(execution.job_id)
        return seen is not None and execution.lease in seen.over

    def _is_of(self, execution: Execution, org_id: str) -> bool:
        seen = self.jobs.get(execution.job_id)
        return seen is not None and seen.accepted.org_id == org_id

    def step(self, _what: str) -> None:
        """After each effect: whatever has become readable is read."""
        for topic in ORGS.folds:
            for number in range(self._world.broker.counts[topic]):
                self._read_on(TopicPartition(topic, number))
        self._check_offsets()

    def raise_found(self) -> None:
        self._findings.raise_first()

    # --- at every step ---------------------------------------------------------------------------------------

    def _read_on(self, tp: TopicPartition) -> None:
        start = self._read.get(tp, 0)
        if self._world.broker.partitions[tp].stable == start:
            return
        records, behind = self._world.broker.read(tp, start, committed=True, most=1_000_000)
        self._read[tp] = behind
        for record in records:
            self._take(from_record(record))

    def _take(self, recorded: Recorded) -> None:
        envelope = recorded.envelope
        key = (envelope.stream.topic, envelope.stream.subject)
        self._versions[key] += 1
        self._demand(
            envelope.version == self._versions[key],
            "I9",
            f"{key} has version {envelope.version} at {self._versions[key]}",
        )
        since = self._world.rolled_back_at
        if since is not None and envelope.time > EPOCH + timedelta(seconds=since):
            self._fail("I9", f"{envelope.type} is written behind what its writer cannot read")
        self._demand(envelope.id not in self._ids, "I4", f"{envelope.type} of {envelope.command_id} twice")
        self._ids.add(envelope.id)
        self._check_input(recorded)
        if isinstance(recorded.data, LedgerEntry):
            self._books.take(recorded.data)
        elif isinstance(recorded.data, JobEvent):
            self._take_job(recorded, recorded.data)

    def _check_input(self, recorded: Recorded) -> None:
        """I13: cited inputs grow along each partition of the log, and each is cited for one command only."""
        place = recorded.envelope.input
        at = (TopicPartition(recorded.stream.topic, recorded.partition), place.topic)
        before = self._inputs.get(at, -1)
        self._demand(place.offset >= before, "I13", f"{at[0]} cites {place.offset} after {before}")
        self._inputs[at] = place.offset
        command = self._command_of.setdefault((place.partition, place.offset), recorded.envelope.command_id)
        self._demand(command == recorded.envelope.command_id, "I13", f"{place} is cited for two commands")

    def _take_job(self, recorded: Recorded, event: JobEvent) -> None:
        """I5, I6."""
        if isinstance(event, JobAccepted):
            self.jobs[event.job_id] = Seen(event)
            return
        if isinstance(event, JobDispatched) or _stops(event):
            self.handles.append(recorded)
        job = self.jobs.get(event.job_id)
        if job is None:
            self._fail("I5", f"{event.job_id}: {event.name}, and was never accepted")
            return
        lease = getattr(event, "lease", None)
        self._demand(not job.ends or event.name in AFTERWARDS, "I5", f"{event.job_id}: {event.name} after its end")
        if isinstance(event, OF_THE_LEASE):
            self._demand(job.open and lease == job.lease, "I6", f"{event.job_id}: {event.name} of a stale {lease}")
        match event:
            case JobDispatched():
                self._demand(not job.open, "I6", f"{event.job_id}: attempts {job.lease} and {lease} at once")
                self._demand(lease == job.lease + 1, "I6", f"{event.job_id}: attempt {lease} after {job.lease}")
                job.lease, job.open, job.owners = event.lease, True, set()
            case AttemptBegun():
                job.owners.add(event.owner)
                self._demand(len(job.owners) == 1, "I7", f"{event.job_id}.{lease} has two owners")
            case LeaseExpired() if self._world.scenario.quiet:
                self._fail("I6", f"{event.job_id}.{lease} expired, and nothing has gone wrong")
            case LeaseExpired() if self._held_for_s(event.job_id, lease) > STEADY_S:
                self._fail("I6", f"{event.job_id}.{lease} expired in its holder's hands")
            case AttemptFailed(lease=over) | LeaseExpired(lease=over):
                job.open = False
                job.over.add(over)
            case JobCancelled() if recorded.envelope.actor == "sweepers":
                deadline = datetime.fromisoformat(job.accepted.deadline_at)
                self._demand(recorded.envelope.time >= deadline, "I5", f"{event.job_id} had time left")
        if isinstance(event, ENDS):
            job.ends.append(event)
            job.open = False
            job.over.add(job.lease)
            self._demand(len(job.ends) == 1, "I5", f"{event.job_id} has ended {len(job.ends)} times")

    def _held_for_s(self, job_id: str, lease: object) -> float:
        """How long a dispatcher has said in Redis, without a break, that it holds the lease."""
        key = f"lease:{job_id}"
        held = self._world.redis.get(key) == str(lease).encode()
        return self._world.now - self._world.redis.since[key] if held else 0.0

    def _check_offsets(self) -> None:
        """I12: what a group has committed never goes back, unless an operator has made it."""
        for name, group in self._world.broker.groups.items():
            if name in self._world.rewound:
                self._world.rewound.discard(name)
                self._offsets = {key: at for key, at in self._offsets.items() if key[0] != name}
            for tp, offset in group.offsets.items():
                before = self._offsets.get((name, tp), 0)
                self._demand(offset >= before, "I12", f"{name} went from {before} back to {offset} on {tp}")
                if name == "dispatcher" and offset > before:
                    self._check_handled(tp, before, offset)
                self._offsets[name, tp] = offset

    # --- when nothing moves any more -------------------------------------------------------------------------

    def quiet(self, all_answered: bool) -> bool:
        """Every job has come to its end, nothing is being stopped, and everybody has read everything."""
        self.raise_found()
        return (
            all_answered
            and self._world.wide_awake
            and all(job.ends for job in self.jobs.values())
            and not self._current()
            and not self._lags()
            and all(task.done() for task in self.background)
        )

    def not_quiet(self) -> None:
        live = [job_id for job_id, job in self.jobs.items() if not job.ends]
        raise Violation(
            "I20", f"not quiet: {live=} current={self._current()} lags={self._lags()} exits={self._exits()}"
        )

    def _current(self) -> dict[bytes, bytes]:
        values: dict[bytes, bytes] = {}
        for number in range(self._world.broker.counts[CURRENT_JOBS]):
            for record in self._world.broker.committed(TopicPartition(CURRENT_JOBS, number)):
                values[record.key] = record.value
        return {key: value for key, value in values.items() if value is not None}

    def _lags(self) -> dict[TopicPartition, int]:
        lags = {}
        for group, topic in (("studio.orgs", COMMANDS_ORGS), ("dispatcher", EVENTS_JOBS)):
            for number in range(self._world.broker.counts[topic]):
                tp = TopicPartition(topic, number)
                offset = self._world.broker.group(group).offsets.get(tp, 0)
                unread = self._world.broker.read(tp, offset, committed=True, most=1_000_000)[0]
                if unread:
                    lags[tp] = len(unread)
        if self._world.scenario.projector:
            for topic in TOPICS:
                for number in range(self._world.broker.counts[topic]):
                    tp = TopicPartition(topic, number)
                    start = self._world.documents.positions.get(part(*tp), 0)
                    unread = self._world.broker.read(tp, start, committed=True, most=1_000_000)[0]
                    if unread:
                        lags[tp] = len(unread)
        return lags

    def _check_projected(self) -> None:
        """I10: the documents are what the log makes of nothing, field by field."""
        events = [
            from_record(record)
            for topic in TOPICS
            for number in range(self._world.broker.counts[topic])
            for record in self._world.broker.committed(TopicPartition(topic, number))
        ]
        anew = DocumentServer()
        anew.write(project(events, opened))
        for place in sorted({*anew.documents, *self._world.documents.documents}):
            should, found = anew.documents.get(place), self._world.documents.documents.get(place)
            self._demand(found == should, "I10", f"{place} is {found}, the log says {should}")

    def finally_safe(self) -> None:
        """Whatever has happened, this holds."""
        self.raise_found()
        fallen = [(name, error) for name, error in self._world.exits if not isinstance(error, STOPS + FENCED)]
        self._demand(not fallen, "I20", f"nobody killed them: {fallen[:3]}")
        stopped = [(name, error) for name, error in self._world.exits if isinstance(error, STOPS)]
        self._demand(bool(stopped) == (self._world.rolled_back_at is not None), "I9", f"stopped: {stopped}")
        for number in range(self._world.broker.counts[DEADLETTER_COMMANDS]):
            for record in self._world.broker.committed(TopicPartition(DEADLETTER_COMMANDS, number)):
                reason = dict(record.headers).get("reason")
                self._fail("I4", f"a command was set aside: {reason!r}")
        named = {one for answered in self._answers.values() for one in answered if one.startswith("job_")}
        self._demand(named <= {*self.jobs}, "I4", f"answered, and not on the log: {sorted(named - {*self.jobs})}")
        aborted = self._world.handled - self._ids
        self._demand(not aborted, "I11", f"handled, and never committed: {sorted(aborted)}")
        for job in self.jobs.values():
            if job.ends:
                self._books.check_end(job.accepted, job.ends[0])
        self.raise_found()

    def finally_live(self) -> None:
        """And this, once the world has healed and nothing moves."""
        for job_id, job in self.jobs.items():
            self._demand(bool(job.ends), "I5", f"{job_id} has no end")
        self._books.check_resolved()
        if self._world.scenario.projector:
            self._check_projected()
        self.raise_found()

    def _check_handled(self, tp: TopicPartition, begin: int, end: int) -> None:
        """I15: what a reactor commits has been handled, or overtaken by the end of its attempt."""
        for recorded in self.handles:
            at = TopicPartition(recorded.stream.topic, recorded.partition)
            if at != tp or not begin <= recorded.offset < end or recorded.envelope.id in self._world.handled:
                continue
            overtaken = any(
                later.stream == recorded.stream and later.version > recorded.version and _stops(later.data)
                for later in self.handles
            )
            what = f"{recorded.envelope.type} of {recorded.stream.subject}"
            self._demand(overtaken, "I15", f"{what} lies behind the committed offset, and was never handled")

    def ended(self) -> dict[str, int]:
        return dict(Counter(job.ends[0].name for job in self.jobs.values() if job.ends))

    def given(self) -> dict[str, tuple[str, ...]]:
        given: dict[str, list[str]] = defaultdict(list)
        for job_id, job in self.jobs.items():
            if job.ends:
                given[job.accepted.org_id].append(f"{job_id} {job.ends[0].name} after {job.lease}")
        for org, entries in self._books.told().items():
            given[org] += entries
        return {org: tuple(sorted(lines)) for org, lines in given.items()}

    def _exits(self) -> list[str]:
        return [f"{name}: {error!r}" for name, error in self._world.exits[-5:]]
