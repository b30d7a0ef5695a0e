"""Bugs in jobs, leases and caps, in money, and in read models."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any, Final
from unittest.mock import patch

from commands.orgs import end_job, ledger
from events.credits.events import LedgerEntry
from events.jobs.events import PriceLine
from events.jobs.state import EndedJob, LiveJob
from processors.dispatcher.creation import Creation
from processors.dispatcher.errors import ProviderError
from processors.dispatcher.leases import Leases
from processors.dispatcher.ports import NeverArrived, Reconciled
from processors.runners.clock import Clock
from processors.scheduler.core import Flight, Scheduler
from processors.sweepers.core import GRACE, Sweep, Sweeper
from processors.sweepers.slots import Mend
from processors.sweepers.slots_ticking import SlotSweeperTicks
from projections.applied import Document, applied
from projections.writes import Insert, Update, Write
from tests.simulation.documents import DocumentStore
from tests.simulation.plants.log import long_jobs
from tests.simulation.plants.plant import Plant, Seam, orders
from tests.simulation.scenario import Fault, Order, Scenario
from tests.simulation.slots import Scripts
from tests.simulation.users import Users


def _unfenced() -> tuple[Seam, ...]:
    def holds(job: LiveJob | EndedJob, _lease: int) -> bool:
        return isinstance(job, LiveJob)

    return (patch.object(end_job, "_holds", holds),)


def _frozen_dispatcher(seed: int) -> Scenario:
    """Longer than its leases last, with results waiting for it when it comes back."""
    frozen = Fault("freeze", at=3.0, node="dispatcher-0", seconds=37.0 + seed % 8)
    return Scenario(seed, orders(1), (frozen,), orgs=1, partitions=1, max_runtime_s=20, heals=False)


def _not_renewed() -> tuple[Seam, ...]:
    async def run(self: Leases, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._wake.wait()
            self._wake.clear()
            fresh, self._fresh = self._fresh, []
            await self._write(fresh)

    return (patch.object(Leases, "run", run),)


def _silence_is_absence() -> tuple[Seam, ...]:
    """A look-up that the provider does not answer has found nothing."""

    async def looked_for(self: Creation) -> Reconciled:
        try:
            return await self._provider.reconcile(self._call)
        except ProviderError:
            return NeverArrived()

    return (patch.object(Creation, "_looked_for", looked_for), patch("processors.dispatcher.creation.LOOKS", 1))


def _lost_sight_of(seed: int) -> Scenario:
    """The answer to a create is lost, and then the provider stands still for a while."""
    order, stalls = Order(1.0, 0, "asked/a"), Fault("provider_stalls", 6.0, "asked", 12.0)
    return Scenario(
        seed, (order,), (stalls,), ("asked",), orgs=1, partitions=1, fates=("late_answer",), max_runtime_s=60
    )


def _freed_unconfirmed() -> tuple[Seam, ...]:
    def queued_again(job: LiveJob, not_before: str | None, _unstopped: datetime | None) -> LiveJob:
        return replace(job, phase="queued", not_before=not_before, worker=None, provider_job_id=None, unstopped=None)

    return (patch("events.jobs.state._queued_again", queued_again),)


def _frozen_beside_it(seed: int) -> Scenario:
    """A dispatcher stands still for longer than its lease lasts, and its provider cannot be stopped."""
    frozen = Fault("freeze", at=4.0 + seed / 3, node="dispatcher-0", seconds=45.0)
    return Scenario(
        seed, (Order(1.0, 0, "stubborn/a"),), (frozen,), ("stubborn",), orgs=1, partitions=1, max_runtime_s=120
    )


class Counters(Scripts):
    """INCR at a dispatch and DECR at an end: whoever put it there has no name, so nobody can put it back."""

    def free(self, keys: Sequence[str], _holder: str) -> None:
        for key in keys:
            self._count(key, -1)

    def take_one(self, keys: Sequence[str], _holder: str, caps: Sequence[int], _ttl_ms: float) -> int:
        counts = [self._count(key, 1) for key in keys]
        full = next((n + 1 for n, cap in enumerate(caps) if 0 <= cap < counts[n]), 0)
        if full:
            self.free(keys, _holder)
        return full

    def put(self, _keys: Sequence[str], _args: Sequence[Any]) -> None:
        """There is nobody to be put back."""

    def _count(self, key: str, by: int) -> int:
        counts = self.server.hashes.setdefault("counters", {})
        counts[key] = str(max(0, int(counts.get(key, "0")) + by))
        return int(counts[key])


def _forgetful() -> Seam:
    """A scheduler that has come back does not know who holds what: Redis alone keeps the caps."""

    def fly(self: Scheduler, job_id: str, flight: Flight) -> None:
        if job_id in self._flights:
            self._flights[job_id] = flight

    return patch.object(Scheduler, "_fly", fly)


def _counted_only() -> tuple[Seam, ...]:
    """A number that goes up and down, in Redis as in the scheduler."""
    return (_forgetful(), patch("tests.simulation.slots.Scripts", Counters))


class Lapsing(Scripts):
    """Leases are renewed, and slots stand for as long as they were taken for."""

    def renew(self, keys: Sequence[str], args: Sequence[Any]) -> int:
        for n in range(len(keys) // 5):
            self.server.set(keys[5 * n], b"%d" % args[2 + 2 * n], args[0] / 1000)
        return 0


def _slots_not_renewed() -> tuple[Seam, ...]:
    """By nobody: neither by who holds them nor by who mends them."""

    async def perform(_self: SlotSweeperTicks, _mend: Mend) -> None:
        """It does not."""

    mending = patch.object(SlotSweeperTicks, "perform", perform)
    return (_forgetful(), patch("tests.simulation.slots.Scripts", Lapsing), mending)


def _outlived(seed: int) -> Scenario:
    """A scheduler comes back while calls run that have begun longer ago than a slot lives."""
    killed = Fault("crash", at=70.0, node="scheduler")
    return Scenario(seed, orders(12), (killed,), orgs=1, partitions=1, max_runtime_s=100)


def _forgotten(seed: int) -> Scenario:
    """Both that count forget at once."""
    faults = (Fault("redis_flush", at=6.0 + seed), Fault("crash", at=6.0 + seed, node="scheduler"))
    return Scenario(seed, orders(20), faults, orgs=1, partitions=1, max_runtime_s=20, heals=False)


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
    return Scenario(seed, orders(10, again=3), (flushed,), orgs=1, partitions=1, heals=False)


def _by_wall_clock() -> tuple[Seam, ...]:
    def due(self: Sweeper, now: datetime, *, looked: bool) -> Iterator[Sweep]:
        for job in self._jobs.values() if looked else ():
            running = job.phase in ("dispatched", "running") and job.dispatched_at is not None
            lapses = timedelta(seconds=job.max_runtime_s) + GRACE
            if running and datetime.fromisoformat(job.dispatched_at or "") + lapses < now:
                yield Sweep("expire_lease", job.job_id, job.org_id, job.lease)

    def unsteady(wall: Clock, _elapsed_s: object) -> Clock:
        return wall

    return (patch.object(Sweeper, "_due", due), patch("tests.simulation.processes.steady", unsteady))


def _clock_set(seed: int) -> Scenario:
    stepped = Fault("clock_step", at=15.0 + seed % 5, node="sweepers-0", seconds=7200.0)
    return Scenario(seed, orders(6), (stepped,), orgs=1, partitions=1, max_runtime_s=50, heals=False)


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
    return Scenario(seed, orders(3), (), orgs=1, partitions=1)


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
    return Scenario(seed, orders(15), killed, orgs=1, partitions=1, max_runtime_s=3, projector=True)


HOUSE: Final = (
    Plant("no fence check on result", _unfenced, frozenset({"I6"}), _frozen_dispatcher),
    Plant("look-up error taken as never arrived", _silence_is_absence, frozenset({"I7"}), _lost_sight_of),
    Plant("unconfirmed stop frees the slot", _freed_unconfirmed, frozenset({"I7"}), _frozen_beside_it),
    Plant("slot TTL not renewed, nor the lease", _not_renewed, frozenset({"I6"}), long_jobs),
    Plant("slot TTL not renewed", _slots_not_renewed, frozenset({"I8"}), _outlived),
    Plant("INCR-based cap", _counted_only, frozenset({"I8"}), _forgotten),
    Plant("idempotency key only in Redis", _key_in_redis, frozenset({"I4"}), _flushed),
    Plant("ledger clamp without posting", _silent_clamp, frozenset({"I3"}), _adjusted),
    Plant("float money", _by_floats, frozenset({"I14"}), _quiet),
    # What was never written is missing, or ends the projector that comes to change it.
    Plant("checkpoint before Mongo write", _position_first, frozenset({"I10", "I20"}), _killed_projector),
    Plant("projector counter `$inc` without seq guard", _unguarded, frozenset({"I10"}), _killed_projector),
    Plant("sweeper by wall clock", _by_wall_clock, frozenset({"I6"}), _clock_set),
)
