"""Bugs that are planted in the house, each at the one seam where it would be made: the harness has to find them all.

A plant changes the real code as somebody might have written it. `rules` are the invariants that may catch it; a
scenario is one in which it has a chance to show, and in which the house as it is breaks nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any, Final
from unittest.mock import patch

from aiokafka.errors import ProducerFenced
from aiokafka.structs import RecordMetadata

from commands.orgs import end_job, ledger
from events.credits.events import LedgerEntry
from events.jobs.current import CurrentJob
from events.jobs.events import PriceLine
from events.jobs.state import EndedJob, LiveJob
from events.log.clients import close, transactional_producer
from events.registry import UnknownEventType
from processors.dispatcher.leases import Leases
from processors.runners.clock import Clock
from processors.runners.decide import FoldFailed
from processors.runners.partition import PartitionWorker
from processors.runners.recovery import Folding
from processors.scheduler.core import Flight, Scheduler
from processors.sweepers.core import GRACE, Purpose, Sweeper
from projections.applied import Document, applied
from projections.writes import Insert, Update, Write
from tests.simulation.clients import SimConsumer, SimProducer
from tests.simulation.documents import DocumentStore
from tests.simulation.loop import OWNER
from tests.simulation.scenario import Fault, Order, Scenario
from tests.simulation.users import Users

TO_THE_COORDINATOR_S: Final = 2.0
"""How long it takes in this plant until the coordinator hears of the new owner: the window that the order closes."""
Seam = Any
"""A context manager that plants something."""


@dataclass(frozen=True, slots=True)
class Plant:
    name: str
    seams: Callable[[], tuple[Seam, ...]]
    rules: frozenset[str]
    scenario: Callable[[int], Scenario]
    """By seed."""
    seeds: int = 40
    """How many are tried at most."""

    @contextmanager
    def planted(self) -> Iterator[None]:
        with ExitStack() as stack:
            for seam in self.seams():
                stack.enter_context(seam)
            yield


# --- the decider's protocol --------------------------------------------------------------------------------


def _orders(count: int, model: str = "blind/a", **more: Any) -> tuple[Order, ...]:
    return tuple(Order(round(1.0 + 40.0 * n / count, 2), 0, model, **more) for n in range(count))


def _zombie(seed: int) -> Scenario:
    """A decider is frozen for longer than its session, while another takes its partition over."""
    frozen = Fault("freeze", at=4.0 + seed % 7, node="decider-0", seconds=21.0 + seed % 5, nth=1 + seed % 9)
    return Scenario(
        seed, _orders(30, again=1), (frozen,), orgs=1, partitions=1, deciders=2, max_runtime_s=3, heals=False
    )


def _random_id() -> tuple[Seam, ...]:
    def transactional_id(_self: object, decider: Any, partition: int) -> str:
        process: Any = OWNER.get()
        return f"{decider.name}.{partition}.{process.world.fresh('life')}"

    return (patch("processors.runners.partition.DeciderSettings.transactional_id", transactional_id),)


class Reinitialised(SimProducer):
    """Fenced, it makes itself anew in place, and goes on."""

    async def _again(self, what: str, effect: Any) -> Any:
        try:
            return await super()._again(what, effect)
        except ProducerFenced:
            self._fenced = False
            await self.start()
            return await super()._again(what, effect)


class Impatient(SimProducer):
    """A commit that takes too long counts as failed: it is aborted, and its batch is sent again."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._batch: list[tuple[str, bytes | None, dict[str, Any]]] = []

    async def begin_transaction(self) -> None:
        self._batch = []
        await super().begin_transaction()

    async def send(self, topic: str, value: bytes | None = None, **more: Any) -> asyncio.Future[RecordMetadata]:
        self._batch.append((topic, value, more))
        return await super().send(topic, value, **more)

    async def commit_transaction(self) -> None:
        try:
            await asyncio.wait_for(super().commit_transaction(), 0.1)
        except TimeoutError:
            await self.abort_transaction()
            for topic, value, more in list(self._batch):
                await super().send(topic, value, **more)
            await super().commit_transaction()


def _fold_before_fence() -> tuple[Seam, ...]:
    async def run(self: PartitionWorker) -> None:
        committed = await self._membership.committed(self._input)
        await self._catch_up()
        await asyncio.sleep(TO_THE_COORDINATOR_S)
        producer = transactional_producer("", self._settings.transactional_id(self._decider, self._partition))
        try:
            await producer.start()
            await self._process(producer, committed or 0)
        finally:
            await close(producer)

    return (patch.object(PartitionWorker, "run", run),)


def _handing_over(seed: int) -> Scenario:
    """A frozen decider comes back just when another folds its log."""
    frozen = Fault("freeze", at=4.5, node="decider-0", seconds=19.5 + seed * 0.3)
    return Scenario(seed, _orders(40), (frozen,), orgs=1, partitions=1, deciders=2, max_runtime_s=3, heals=False)


def _killed_deciders(seed: int) -> Scenario:
    killed = tuple(
        Fault("crash", at=2.0 + 4.0 * n, node="decider-0", nth=1 + (seed * 5 + n) % 12, after=bool((seed + n) % 2))
        for n in range(10)
    )
    return Scenario(seed, _orders(20), killed, orgs=1, partitions=1, max_runtime_s=3, slow=0.05)


def _slow_house(seed: int) -> Scenario:
    return Scenario(seed, _orders(20), (), orgs=1, partitions=1, max_runtime_s=3, slow=0.1, heals=False)


# --- readers -----------------------------------------------------------------------------------------------


class Uncommitted(SimConsumer):
    def __init__(self, *topics: str, **options: Any) -> None:
        super().__init__(*topics, **options | {"isolation_level": "read_uncommitted"})


class AutoCommitting(SimConsumer):
    """Of the deciders, which commit in their transactions."""

    groups = ("studio.orgs",)

    def __init__(self, *topics: str, **options: Any) -> None:
        wrong = {"enable_auto_commit": True} if options.get("group_id") in self.groups else {}
        super().__init__(*topics, **options | wrong)


class AutoCommittingReactor(AutoCommitting):
    """Of the dispatchers, which commit what is finished."""

    groups = ("dispatcher",)


class FromTheEnd(SimConsumer):
    def __init__(self, *topics: str, **options: Any) -> None:
        super().__init__(*topics, **options | {"auto_offset_reset": "latest"})


def _consumer(kind: type[SimConsumer]) -> Callable[[], tuple[Seam, ...]]:
    return lambda: (patch("tests.simulation.clients.SimConsumer", kind),)


def _producer(kind: type[SimProducer]) -> Callable[[], tuple[Seam, ...]]:
    return lambda: (patch("tests.simulation.clients.SimProducer", kind),)


def _long_jobs(seed: int) -> Scenario:
    return Scenario(seed, _orders(6), (), orgs=1, partitions=1, max_runtime_s=50)


def _offsets_gone(seed: int) -> Scenario:
    gone = Fault("rewind", at=20.0)
    return Scenario(seed, _orders(12), (gone,), orgs=1, partitions=1, max_runtime_s=20, heals=False)


def _skipping() -> tuple[Seam, ...]:
    fold = Folding.fold

    def skip(self: Folding, record: Any) -> None:
        try:
            fold(self, record)
        except FoldFailed as error:
            if not isinstance(error.__cause__, UnknownEventType):
                raise

    return (patch.object(Folding, "fold", skip),)


def _rolled_back(seed: int) -> Scenario:
    """Nothing happens to the job after the event that older code cannot read, so that nothing else gives it away."""
    faults = (Fault("freeze", at=0.5, node="scheduler", seconds=40.0), Fault("roll_back", at=5.0))
    orders = (Order(1.0, 0, "blind/a"), Order(20.0, 0, "blind/a"))
    return Scenario(seed, orders, faults, orgs=1, partitions=1, heals=False)


# --- jobs, leases, caps ------------------------------------------------------------------------------------


def _unfenced() -> tuple[Seam, ...]:
    def holds(job: LiveJob | EndedJob, _lease: int) -> bool:
        return isinstance(job, LiveJob) and job.phase != "queued"

    return (patch.object(end_job, "_holds", holds),)


def _frozen_dispatcher(seed: int) -> Scenario:
    """Longer than its leases last, with results waiting for it when it comes back."""
    frozen = Fault("freeze", at=3.0, node="dispatcher-0", seconds=37.0 + seed % 8)
    return Scenario(seed, _orders(1), (frozen,), orgs=1, partitions=1, max_runtime_s=20, heals=False)


def _not_renewed() -> tuple[Seam, ...]:
    async def run(self: Leases, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._wake.wait()
            self._wake.clear()
            fresh, self._fresh = self._fresh, []
            await self._write(fresh)

    return (patch.object(Leases, "run", run),)


def _counted_only() -> tuple[Seam, ...]:
    """A number that goes up at a dispatch and down at an end: who came back does not know who holds what."""

    def fly(self: Scheduler, job_id: str, flight: Flight) -> None:
        if job_id in self._flights:
            self._flights[job_id] = flight

    return (patch.object(Scheduler, "_fly", fly),)


def _killed_scheduler(seed: int) -> Scenario:
    killed = Fault("crash", at=6.0 + seed, node="scheduler")
    return Scenario(seed, _orders(20), (killed,), orgs=1, partitions=1, max_runtime_s=20, heals=False)


def _key_in_redis() -> tuple[Seam, ...]:
    def job_id(self: Users, org: str, key: str) -> str:
        redis = self._world.redis
        known = redis.get(f"key:{org}:{key}")
        if known is None:
            known = self._world.fresh("job").encode()
            redis.set(f"key:{org}:{key}", known)
        return known.decode()

    return (patch.object(Users, "_job_id", job_id),)


def _flushed(seed: int) -> Scenario:
    flushed = Fault("redis_flush", at=6.0 + seed % 10)
    return Scenario(seed, _orders(10, again=3), (flushed,), orgs=1, partitions=1, heals=False)


def _by_wall_clock() -> tuple[Seam, ...]:
    def purpose(_self: Sweeper, job: CurrentJob, now: datetime) -> Purpose | None:
        running = job.phase in ("dispatched", "running") and job.dispatched_at is not None
        lapses = timedelta(seconds=job.max_runtime_s) + GRACE
        lapsed = running and datetime.fromisoformat(job.dispatched_at or "") + lapses < now
        return "expire_lease" if lapsed else None

    def unsteady(wall: Clock, _elapsed_s: object) -> Clock:
        return wall

    return (patch.object(Sweeper, "_purpose", purpose), patch("tests.simulation.processes.steady", unsteady))


def _clock_set(seed: int) -> Scenario:
    stepped = Fault("clock_step", at=15.0 + seed % 5, node="sweepers-0", seconds=7200.0)
    return Scenario(seed, _orders(6), (stepped,), orgs=1, partitions=1, max_runtime_s=50, heals=False)


# --- money -------------------------------------------------------------------------------------------------


def _silent_clamp() -> tuple[Seam, ...]:
    entry = ledger._entry

    def silent(*arguments: Any, **members: Any) -> LedgerEntry:
        return entry(*arguments, **members | {"uncollected": None})

    return (patch.object(ledger, "_entry", silent),)


def _adjusted(seed: int) -> Scenario:
    orders = (Order(1.0, 0, "blind/a"), Order(3.0, 0, "blind/a", adjust=-700))
    return Scenario(seed, orders, (), orgs=1, partitions=1, credits_each=400)


def _by_floats() -> tuple[Seam, ...]:
    def priced(price: Any, units: Decimal) -> PriceLine:
        amount = ceil(float(units) * price.amount)
        return PriceLine(unit=price.unit, quantity=str(units.normalize()), unit_amount=price.amount, amount=amount)

    return (patch("processors.dispatcher.cost.priced", priced),)


def _quiet(seed: int) -> Scenario:
    return Scenario(seed, _orders(3), (), orgs=1, partitions=1)


# --- read models -------------------------------------------------------------------------------------------


def _position_first() -> tuple[Seam, ...]:
    async def apply(self: DocumentStore, _name: str, writes: Sequence[Write], positions: Mapping[str, int]) -> None:
        await self.call("position", lambda: self.server.positions.update(positions))
        await self.call("write", lambda: self.server.write(writes))

    return (patch.object(DocumentStore, "apply", apply),)


def _unguarded() -> tuple[Seam, ...]:
    """Without a transaction the documents may be written twice, and what is added is added twice."""

    def as_new(document: Document | None, write: Insert | Update) -> Document | None:
        if document is not None and isinstance(write, Update):
            document["_v"] = -1
        return applied(document, write)

    async def apply(self: DocumentStore, _name: str, writes: Sequence[Write], positions: Mapping[str, int]) -> None:
        await self.call("write", lambda: self.server.write(writes))
        await self.call("position", lambda: self.server.positions.update(positions))

    return (patch("tests.simulation.documents.applied", as_new), patch.object(DocumentStore, "apply", apply))


def _killed_projector(seed: int) -> Scenario:
    killed = tuple(
        Fault("crash", at=2.0 + 4.0 * n, node="projector", nth=2 + (seed + n) % 5, after=bool(n % 2)) for n in range(8)
    )
    return Scenario(seed, _orders(15), killed, orgs=1, partitions=1, max_runtime_s=3, projector=True)


_TWICE = frozenset({"I4", "I9", "I12", "I13"})
"""How it shows that a command was decided twice."""

PLANTS = (
    Plant("random transactional id", _random_id, _TWICE, _zombie),
    Plant("re-init on fence", _producer(Reinitialised), _TWICE, _zombie),
    Plant("read_uncommitted", _consumer(Uncommitted), frozenset({"I6", "I7", "I9", "I13", "I20"}), _killed_deciders),
    Plant("auto-commit on, of a decider", _consumer(AutoCommitting), frozenset({"I12"}), _long_jobs),
    Plant("auto-commit on, of a reactor", _consumer(AutoCommittingReactor), frozenset({"I15"}), _long_jobs),
    Plant("seek before InitProducerId omitted", _fold_before_fence, _TWICE, _handing_over),
    Plant("commit wrapped in wait_for", _producer(Impatient), frozenset({"I4", "I9", "I13"}), _slow_house),
    Plant("no fence check on result", _unfenced, frozenset({"I6"}), _frozen_dispatcher),
    Plant("slot TTL not renewed", _not_renewed, frozenset({"I6"}), _long_jobs),
    Plant("INCR-based cap", _counted_only, frozenset({"I8"}), _killed_scheduler),
    Plant("idempotency key only in Redis", _key_in_redis, frozenset({"I4"}), _flushed),
    Plant("ledger clamp without posting", _silent_clamp, frozenset({"I3"}), _adjusted),
    Plant("float money", _by_floats, frozenset({"I14"}), _quiet),
    Plant("checkpoint before Mongo write", _position_first, frozenset({"I10"}), _killed_projector),
    Plant("projector counter `$inc` without seq guard", _unguarded, frozenset({"I10"}), _killed_projector),
    Plant("latest as reset", _consumer(FromTheEnd), frozenset({"I15"}), _offsets_gone),
    Plant("unknown version skipped", _skipping, frozenset({"I9"}), _rolled_back),
    Plant("sweeper by wall clock", _by_wall_clock, frozenset({"I6"}), _clock_set),
)
