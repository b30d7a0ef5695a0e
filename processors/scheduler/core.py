"""The scheduler's core: from what is known of jobs, caps and workers to the dispatches that fit. Does no I/O."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from events.accounts.current import CurrentOrg
from events.catalog.current import FLEET, CurrentProvider
from events.jobs.current import CurrentJob
from events.jobs.events import Category
from processors.scheduler.accounts import Account
from processors.scheduler.breakers import Breakers
from processors.scheduler.fleet import Fleet, Worker
from processors.scheduler.pool import Pick, Pool
from processors.scheduler.queues import Waiting

CLAIM_LAPSES = timedelta(seconds=30)
"""A dispatch that the log neither shows nor refuses within this time is taken back; a repeat would be refused."""
AFTER_REFUSAL = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Attempt `lease` of the job shall go to `provider`, on `worker` where that is our fleet."""

    job_id: str
    org_id: str
    lease: int
    provider: str
    model: str
    worker: str | None
    considered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flight:
    """A slot taken: by a dispatch that is not on the log yet (`claimed`), or by what the log shows."""

    org_id: str
    provider: str
    model: str
    worker: str | None
    lease: int
    claimed: bool


@dataclass(frozen=True, slots=True)
class BreakerChanged:
    """Calls of the model wait until then; None: they go on."""

    provider: str
    model: str
    until: datetime | None


Decision = Dispatch | BreakerChanged
Decisions = tuple[Decision, ...]


class Scheduler:
    """Every method takes what has become known and the time, and returns what follows from it: dispatches above all."""

    def __init__(self) -> None:
        self._fleet = Fleet()
        self._breakers = Breakers()
        self._changes: list[BreakerChanged] = []
        self._pools: dict[str, Pool] = {}
        self._accounts: dict[str, Account] = {}
        self._jobs: dict[str, CurrentJob] = {}
        self._queued: dict[str, Waiting] = {}
        self._flights: dict[str, Flight] = {}
        self._claims: deque[tuple[datetime, str, int]] = deque()
        self._delayed: list[tuple[datetime, str]] = []
        self._dirty: dict[str, None] = {}
        self._ready = False

    def ready(self, now: datetime) -> Decisions:
        """All is caught up: from now on there are dispatches."""
        self._ready = True
        return self._decide(now)

    def on_job(self, job_id: str, job: CurrentJob | None, now: datetime) -> Decisions:
        """A job's record; None when nothing of it lives any more."""
        self._unqueue(job_id)
        if job is None:
            self._jobs.pop(job_id, None)
            self._land(job_id)
            return self._decide(now)
        self._jobs[job_id] = job
        flight = self._flights.get(job_id)
        if job.phase != "queued":
            self._fly(job_id, Flight(job.org_id, job.provider, job.model, job.worker, job.lease, claimed=False))
        elif flight is None or not flight.claimed or flight.lease != job.lease + 1:
            self._land(job_id)
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

    def on_refused(self, job_id: str, lease: int, now: datetime) -> Decisions:
        """A dispatch was refused: its slot is free; if the log goes on showing the job as queued, it is tried again."""
        flight = self._flights.get(job_id)
        if flight is not None and flight.claimed and flight.lease == lease:
            self._land(job_id)
            self._delay(job_id, now + AFTER_REFUSAL)
        return self._decide(now)

    def on_failed(self, provider: str, model: str, category: Category, now: datetime) -> Decisions:
        """An attempt has failed. What is open already stays as it is."""
        if self._breakers.failed(provider, model, category, now):
            self._changes.append(BreakerChanged(provider, model, self._breakers.until(provider, model)))
        return self._decide(now)

    def on_succeeded(self, provider: str, model: str, now: datetime) -> Decisions:
        if self._breakers.succeeded(provider, model):
            self._let_through(provider, model)
        return self._decide(now)

    def tick(self, now: datetime) -> Decisions:
        """Retries whose time has come, dispatches of which nothing was heard, breakers that let one through."""
        for provider, model in list(self._breakers.tick(now)):
            self._let_through(provider, model)
        while self._claims and self._claims[0][0] + CLAIM_LAPSES <= now:
            _, job_id, lease = self._claims.popleft()
            flight = self._flights.get(job_id)
            if flight is not None and flight.claimed and flight.lease == lease:
                self._land(job_id)
                self._delay(job_id, now)
        while self._delayed and self._delayed[0][0] <= now:
            _, job_id = heapq.heappop(self._delayed)
            job = self._jobs.get(job_id)
            waits = job_id in self._queued or job_id in self._flights
            if job is not None and job.phase == "queued" and not waits:
                self._enqueue(job, now)
        return self._decide(now)

    def next_tick(self) -> datetime | None:
        """When the clock alone may bring something."""
        times = [self._delayed[0][0]] if self._delayed else []
        times += [self._claims[0][0] + CLAIM_LAPSES] if self._claims else []
        times += [until] if (until := self._breakers.next_tick()) is not None else []
        return min(times, default=None)

    def in_flight(self, provider: str) -> int:
        return self._pool(provider).in_use

    def _decide(self, now: datetime) -> Decisions:
        if not self._ready:
            return ()
        decided: list[Decision] = [*self._changes]
        self._changes.clear()
        while self._dirty:
            name = next(iter(self._dirty))
            del self._dirty[name]
            while (pick := self._pools[name].next()) is not None:
                decided.append(self._claim(name, pick, now))
        return tuple(decided)

    def _claim(self, provider: str, pick: Pick, now: datetime) -> Dispatch:
        job = pick.job
        del self._queued[job.job_id]
        lease = self._jobs[job.job_id].lease + 1
        self._flights[job.job_id] = Flight(job.org_id, provider, job.model, pick.worker, lease, claimed=True)
        self._claims.append((now, job.job_id, lease))
        return Dispatch(job.job_id, job.org_id, lease, provider, job.model, pick.worker, pick.considered)

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

    def _fly(self, job_id: str, flight: Flight) -> None:
        before = self._flights.get(job_id)
        if before is not None and replace(before, lease=flight.lease, claimed=False) == flight:
            self._flights[job_id] = flight
            return
        self._land(job_id)
        self._flights[job_id] = flight
        self._pool(flight.provider).occupy(flight.org_id, flight.model, flight.worker)

    def _land(self, job_id: str) -> None:
        if (flight := self._flights.pop(job_id, None)) is None:
            return
        self._dirty[flight.provider] = None
        if self._breakers.over(flight.provider, flight.model, job_id):
            self._pool(flight.provider).breaker_changed(flight.model)
        for name in self._pool(flight.provider).vacate(flight.org_id, flight.model, flight.worker):
            self._pools[name].org_changed(flight.org_id)
            self._dirty[name] = None

    def _let_through(self, provider: str, model: str) -> None:
        self._pool(provider).breaker_changed(model)
        self._dirty[provider] = None
        self._changes.append(BreakerChanged(provider, model, None))

    def _account(self, org_id: str) -> Account:
        account = self._accounts.get(org_id)
        if account is None:
            account = self._accounts[org_id] = Account()
        return account

    def _pool(self, name: str) -> Pool:
        pool = self._pools.get(name)
        if pool is None:
            pool = Pool(name, self._account, self._breakers, self._fleet if name == FLEET else None)
            self._pools[name] = pool
        return pool
