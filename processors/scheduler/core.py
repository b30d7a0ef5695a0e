"""The scheduler's core: from what is known of jobs, caps and workers to the dispatches that fit. Does no I/O."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from events.accounts.current import CurrentOrg
from events.catalog.current import FLEET, CurrentProvider
from events.jobs.current import CurrentJob
from events.jobs.events import Priority
from events.jobs.slots import Slot, slot_of
from processors.scheduler.accounts import Account
from processors.scheduler.beliefs import Belief
from processors.scheduler.breakers import ALL, PROBE_MARGIN, Breakers, Failure
from processors.scheduler.decisions import BreakerChanged, Decision, Decisions, Dispatch, Release
from processors.scheduler.fleet import Fleet, Worker
from processors.scheduler.pool import Pick, Pool
from processors.scheduler.queues import PRIORITY_WEIGHTS, Waiting

CLAIM_LAPSES = timedelta(seconds=30)
"""A dispatch that the log neither shows nor refuses within this time is taken back; a repeat would be refused."""
AFTER_REFUSAL = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Flight:
    """A slot taken: by a dispatch that is not on the log yet (`claimed`), or by what the log shows."""

    slot: Slot
    worker: str | None
    claimed: bool


class Scheduler:
    """Every method takes what has become known and the time, and returns what follows from it: dispatches above all."""

    def __init__(self, weights: Mapping[Priority, int] = PRIORITY_WEIGHTS) -> None:
        """`weights`: of the priorities, within each organisation."""
        self._weights = weights
        self._fleet = Fleet()
        self._breakers = Breakers()
        self._told: list[Decision] = []
        """Decided already, to be returned with the next dispatches, before them."""
        self._pools: dict[str, Pool] = {}
        self._accounts: dict[str, Account] = {}
        self._jobs: dict[str, CurrentJob] = {}
        self._queued: dict[str, Waiting] = {}
        self._flights: dict[str, Flight] = {}
        self._claims: deque[tuple[datetime, str, int]] = deque()
        self._delayed: list[tuple[datetime, str]] = []
        self._asleep: dict[str, datetime] = {}
        """Until when: what stands last in `_delayed`."""
        self._dirty: dict[str, None] = {}
        self._ready = False
        self._held = False
        self._mine: Callable[[str], bool] = lambda _: True

    def ready(self, now: datetime) -> Decisions:
        """All is caught up: from now on there are dispatches."""
        self._ready = True
        return self._decide(now)

    def hold(self) -> None:
        """Nothing is dispatched until `go_on`: slots cannot be taken."""
        self._held = True

    def go_on(self, now: datetime) -> Decisions:
        self._held = False
        return self._decide(now)

    def own(self, mine: Callable[[str], bool]) -> None:
        """The providers whose pools are scheduled here from now on; all else is known, and left to others."""
        self._mine = mine
        self._dirty |= dict.fromkeys(self._pools)

    def on_job(self, job_id: str, job: CurrentJob | None, now: datetime) -> Decisions:
        """A job's record; None when nothing of it lives any more."""
        self._unqueue(job_id)
        if job is None:
            self._jobs.pop(job_id, None)
            self._release(job_id)
            return self._decide(now)
        self._jobs[job_id] = job
        flight = self._flights.get(job_id)
        if (slot := slot_of(job)) is not None:
            self._fly(job_id, Flight(slot, job.worker, claimed=False))
            if job.phase in ("queued", "stopping"):
                self._over(slot.provider, slot.model, slot.holder)
        elif flight is None or not flight.claimed or flight.slot.lease != job.lease + 1:
            self._release(job_id)
            self._enqueue(job, now)
        return self._decide(now)

    def on_org(self, org_id: str, org: CurrentOrg | None, now: datetime) -> Decisions:
        if org is not None:
            account = self._account(org_id)
            account.limits = org.limits
            account.resumed()
            for name, pool in self._pools.items():
                pool.org_changed(org_id)
                self._dirty[name] = None
        return self._decide(now)

    def on_provider(self, provider: CurrentProvider, now: datetime) -> Decisions:
        concurrent = provider.concurrent if provider.active else 0
        self._pool(provider.provider).limit_to(concurrent, provider.per_api)
        self._dirty[provider.provider] = None
        return self._decide(now)

    def on_fleet(self, workers: Iterable[Worker], now: datetime) -> Decisions:
        """The workers that are registered now."""
        if changed := self._fleet.register(workers):
            self._pool(FLEET).workers_changed(changed)
            self._dirty[FLEET] = None
        return self._decide(now)

    def on_refused(self, job_id: str, lease: int, now: datetime, *, by_decider: bool = True) -> Decisions:
        """A dispatch was refused: if the log goes on showing the job as queued, it is tried again.

        Its slot is not given back: it may be that another scheduler has dispatched this very attempt.
        """
        flight = self._flights.get(job_id)
        if flight is not None and flight.claimed and flight.slot.lease == lease:
            self._land(job_id)
            self._delay(job_id, now + AFTER_REFUSAL if by_decider else now)
        return self._decide(now)

    def on_failed(self, failure: Failure, now: datetime) -> Decisions:
        """An attempt has failed. What is open already stays as it is."""
        if (key := self._breakers.failed(failure, now)) is not None:
            self._tell(*key)
        self._over(failure.provider, failure.model, failure.holder)
        return self._decide(now)

    def on_succeeded(self, provider: str, model: str, holder: str, now: datetime) -> Decisions:
        for key in self._breakers.succeeded(provider, model, holder):
            self._let_through(*key)
        return self._decide(now)

    def restate(self, job_id: str, job: CurrentJob | None, now: datetime) -> Decisions:
        """As `on_job`, where something else is believed of it than the log says: whatever that is, it is dropped."""
        self._unqueue(job_id)
        self._land(job_id)
        return self.on_job(job_id, job, now)

    def tick(self, now: datetime) -> Decisions:
        """Retries whose time has come, dispatches of which nothing was heard, breakers that let one through."""
        for provider, model in list(self._breakers.tick(now)):
            self._let_through(provider, model)
        while self._claims and self._claims[0][0] + CLAIM_LAPSES <= now:
            _, job_id, lease = self._claims.popleft()
            flight = self._flights.get(job_id)
            if flight is not None and flight.claimed and flight.slot.lease == lease:
                self._land(job_id)
                self._delay(job_id, now)
        while self._delayed and self._delayed[0][0] <= now:
            until, job_id = heapq.heappop(self._delayed)
            if self._asleep.get(job_id) == until:
                del self._asleep[job_id]
            job = self._jobs.get(job_id)
            waits = job_id in self._queued or job_id in self._flights
            if job is not None and job.phase == "queued" and not waits:
                self._enqueue(job, now)
        return self._decide(now)

    def in_flight(self, provider: str) -> int:
        return self._pool(provider).in_use

    def known(self) -> tuple[str, ...]:
        """All jobs of which something is believed."""
        return tuple(self._jobs.keys() | self._flights.keys())

    def belief(self, job_id: str) -> Belief | None:
        if (flight := self._flights.get(job_id)) is not None:
            return Belief("flies", flight.slot.lease)
        job, waiting = self._jobs.get(job_id), self._queued.get(job_id)
        waits = self._pool(waiting.provider).has(waiting) if waiting is not None else job_id in self._asleep
        return Belief("waits", job.lease) if job is not None and waits else None

    def miscounted(self) -> tuple[str, ...]:
        """The providers whose count of calls in flight is not what it should be."""
        flying = Counter(flight.slot.provider for flight in self._flights.values())
        return tuple(name for name, pool in self._pools.items() if pool.in_use != flying[name])

    def slots(self) -> tuple[Slot, ...]:
        """Whatever is taken: what the log shows, and what is on its way there."""
        return tuple(flight.slot for flight in self._flights.values())

    def _decide(self, now: datetime) -> Decisions:
        if not self._ready:
            return ()
        decided, self._told = self._told, []
        while self._dirty and not self._held:
            name = next(iter(self._dirty))
            del self._dirty[name]
            while self._mine(name) and (pick := self._pools[name].next()) is not None:
                decided.append(self._claim(name, pick, now))
        told, self._told = self._told, []
        return _last_words((*decided, *told))

    def _claim(self, provider: str, pick: Pick, now: datetime) -> Dispatch:
        job = pick.job
        del self._queued[job.job_id]
        known = self._jobs[job.job_id]
        lease = known.lease + 1
        slot = Slot(job.job_id, lease, job.org_id, provider, job.model)
        self._flights[job.job_id] = Flight(slot, pick.worker, claimed=True)
        self._claims.append((now, job.job_id, lease))
        longest_until = now + timedelta(seconds=known.max_runtime_s) + PROBE_MARGIN
        for key in self._breakers.began(provider, job.model, slot.holder, longest_until):
            self._tell(*key)
        return Dispatch(job.job_id, job.org_id, lease, provider, job.model, pick.worker, pick.considered, pick.caps)

    def _enqueue(self, job: CurrentJob, now: datetime) -> None:
        not_before = datetime.fromisoformat(job.not_before) if job.not_before is not None else now
        if not_before > now:
            self._delay(job.job_id, not_before)
            return
        accepted_at = datetime.fromisoformat(job.accepted_at)
        waiting = Waiting(job.job_id, job.org_id, job.provider, job.model, job.priority, accepted_at)
        self._queued[job.job_id] = waiting
        self._pool(job.provider).add(waiting)
        self._dirty[job.provider] = None

    def _unqueue(self, job_id: str) -> None:
        if (waiting := self._queued.pop(job_id, None)) is not None:
            self._pool(waiting.provider).remove(waiting)

    def _delay(self, job_id: str, until: datetime) -> None:
        heapq.heappush(self._delayed, (until, job_id))
        self._asleep[job_id] = until

    def _fly(self, job_id: str, flight: Flight) -> None:
        before = self._flights.get(job_id)
        if before is not None and before.slot.lease != flight.slot.lease:
            self._told.append(Release(before.slot))
        if before is not None and _alike(before, flight):
            self._flights[job_id] = flight
            return
        self._land(job_id)
        self._flights[job_id] = flight
        slot = flight.slot
        self._pool(slot.provider).occupy(slot.org_id, slot.model, flight.worker)

    def _release(self, job_id: str) -> None:
        """The log is beyond the attempt: what it took is free, here and in Redis."""
        if (flight := self._flights.get(job_id)) is not None:
            self._told.append(Release(flight.slot))
        self._land(job_id)

    def _land(self, job_id: str) -> None:
        if (flight := self._flights.pop(job_id, None)) is None:
            return
        slot = flight.slot
        self._dirty[slot.provider] = None
        self._over(slot.provider, slot.model, slot.holder)
        for name in self._pool(slot.provider).vacate(slot.org_id, slot.model, flight.worker):
            self._pools[name].org_changed(slot.org_id)
            self._dirty[name] = None

    def _over(self, provider: str, model: str, holder: str) -> None:
        """The log is beyond the attempt, whether it may still run or not: it will not say how its provider does."""
        for key in self._breakers.over(provider, model, holder):
            self._pool(provider).breaker_changed(ALL)
            self._dirty[provider] = None
            self._tell(*key)

    def _let_through(self, provider: str, model: str) -> None:
        self._pool(provider).breaker_changed(model)
        self._dirty[provider] = None
        self._tell(provider, model)

    def _tell(self, provider: str, model: str) -> None:
        state, until = self._breakers.trouble(provider, model), self._breakers.until(provider, model)
        self._told.append(BreakerChanged(provider, model, state, until))

    def _account(self, org_id: str) -> Account:
        account = self._accounts.get(org_id)
        if account is None:
            account = self._accounts[org_id] = Account()
        return account

    def _pool(self, name: str) -> Pool:
        pool = self._pools.get(name)
        if pool is None:
            fleet = self._fleet if name == FLEET else None
            pool = Pool(name, self._account, self._breakers, fleet, self._weights)
            self._pools[name] = pool
        return pool


def _alike(one: Flight, other: Flight) -> bool:
    """Whether both take the same room, whatever the attempt's number."""
    mine, theirs = replace(one.slot, lease=0), replace(other.slot, lease=0)
    return mine == theirs and one.worker == other.worker


def _last_words(decided: Iterable[Decision]) -> Decisions:
    """Of each breaker the last one only: whoever writes them down does it in any order."""
    found = tuple(decided)
    last = {(one.provider, one.model): one for one in found if isinstance(one, BreakerChanged)}
    return tuple(one for one in found if not isinstance(one, BreakerChanged) or last[one.provider, one.model] is one)
