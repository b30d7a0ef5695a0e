"""One provider's pool: who is dispatched next within its caps, and who waits for which cap."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from events.catalog.current import UNLIMITED, unsaid
from events.jobs.events import Priority
from events.jobs.slots import Caps
from processors.scheduler.accounts import Account
from processors.scheduler.breakers import ALL, Breakers
from processors.scheduler.fleet import Fleet
from processors.scheduler.queues import PRIORITY_WEIGHTS, OrgQueue, Waiting
from processors.scheduler.rotation import Rotation

_SHOWN = 5

Cap = tuple[str, ...]
"""`("breaker", model)`: it fails again and again; `("api", model)`: the provider's; `("org", org, model)`: an
organisation's; `("fleet", model)`: workers with room."""


@dataclass(frozen=True, slots=True)
class Pick:
    job: Waiting
    worker: str | None
    considered: tuple[str, ...]
    caps: Caps


@lru_cache(maxsize=4096)
def token(org_id: str) -> str:
    """An organisation as others may see it: stable, and not to be turned back."""
    return hashlib.sha256(org_id.encode()).hexdigest()[:8]


class Pool:
    """Work-conserving: after `next` has returned None, no waiting job fits within the caps."""

    def __init__(
        self,
        name: str,
        accounts: Callable[[str], Account],
        breakers: Breakers,
        fleet: Fleet | None = None,
        weights: Mapping[Priority, int] = PRIORITY_WEIGHTS,
    ) -> None:
        self.name = name
        self.limit = unsaid(name).concurrent
        self.in_use = 0
        self._accounts = accounts
        self._breakers = breakers
        self._fleet = fleet
        self._weights = weights
        self._orgs: Rotation[str] = Rotation()
        self._queues: dict[str, OrgQueue] = {}
        self._api_limits: dict[str, int] = {}
        self._by_model: Counter[str] = Counter()
        self._parked: dict[Cap, Rotation[str]] = {}
        self._parked_of: dict[str, dict[Cap, None]] = {}
        """Of these the caps that are one organisation's own, by organisation."""
        self._freed: dict[Cap, None] = {}

    def add(self, job: Waiting) -> None:
        queue = self._queues.get(job.org_id)
        if queue is None:
            queue = self._queues[job.org_id] = OrgQueue(self._weights)
        queue.add(job)
        self._enter(job.org_id)

    def remove(self, job: Waiting) -> None:
        queue = self._queues[job.org_id]
        queue.remove(job.job_id)
        self._settle(job.org_id, queue)

    def has(self, job: Waiting) -> bool:
        """Whether the job is in its queue."""
        queue = self._queues.get(job.org_id)
        return queue is not None and queue.has(job.job_id)

    def next(self) -> Pick | None:
        """The next dispatch, taken from its queue and counted; None when nothing fits."""
        if self.in_use >= self.limit:
            return None
        self._wake()
        while True:
            pick = self._first_that_fits()
            if pick is not None or not self._wake():
                return pick

    def occupy(self, org_id: str, model: str, worker: str | None) -> None:
        """A call is in flight."""
        self.in_use += 1
        self._by_model[model] += 1
        self._accounts(org_id).take(model)
        if self._fleet is not None and worker is not None:
            self._fleet.take(worker)

    def vacate(self, org_id: str, model: str, worker: str | None) -> tuple[str, ...]:
        """A call is over. Returns the providers whose pools may consider the organisation again."""
        self.in_use -= 1
        self._by_model[model] -= 1
        self._free(("api", model), ("org", org_id, model))
        if self._fleet is not None and worker is not None:
            self.workers_changed(self._fleet.release(worker))
        return self._accounts(org_id).release(model)

    def limit_to(self, concurrent: int, per_api: dict[str, int]) -> None:
        self.limit, self._api_limits = concurrent, dict(per_api)
        self._free(*(cap for cap in self._parked if cap[0] == "api"))

    def breaker_changed(self, model: str) -> None:
        """Calls of the model, or of ALL, may begin again, one or all of them."""
        if model == ALL:
            self._free(*(cap for cap in self._parked if cap[0] == "breaker"))
        else:
            self._free(("breaker", model))

    def workers_changed(self, models: frozenset[str]) -> None:
        self._free(*(("fleet", model) for model in sorted(models)))

    def org_changed(self, org_id: str) -> None:
        """Its limits or weight are others, or it is below its limit again."""
        self._free(*self._parked_of.get(org_id, ()))
        self._enter(org_id)

    def _first_that_fits(self) -> Pick | None:
        while self.in_use < self.limit and (org_id := self._orgs.first()) is not None:
            account, queue = self._accounts(org_id), self._queues[org_id]
            if account.full:
                self._orgs.leave(org_id)
                account.waiting[self.name] = None
                continue
            job = queue.head()
            cap = self._full_cap(job, account)
            if cap is None:
                return self._take(job, account, queue)
            self._park(cap, job.priority, job, queue)
        return None

    def _take(self, job: Waiting, account: Account, queue: OrgQueue) -> Pick:
        considered = self._considered(job, account)
        worker = self._fleet.pick(job.model) if self._fleet is not None else None
        queue.take(job)
        self._orgs.charge(job.org_id)
        if (waiting := self._parked.get(("api", job.model))) is not None:
            waiting.charge(job.org_id, account.limits.weight)
        self._settle(job.org_id, queue)
        self.occupy(job.org_id, job.model, worker)
        return Pick(job, worker, considered, self._caps(job.model, account))

    def _full_cap(self, job: Waiting, account: Account) -> Cap | None:
        model = job.model
        caps: tuple[Cap, ...] = (("breaker", model), ("org", job.org_id, model), ("api", model), ("fleet", model))
        return next((cap for cap in caps if self._is_full(cap, account)), None)

    def _is_full(self, cap: Cap, account: Account | None = None) -> bool:
        model = cap[-1]
        if cap[0] == "breaker":
            return self._breakers.blocks(self.name, model)
        if cap[0] == "org":
            return (account or self._accounts(cap[1])).full_at(model)
        if cap[0] == "api":
            limit = self._api_limits.get(model)
            return limit is not None and self._by_model[model] >= limit
        return self._fleet is not None and self._fleet.pick(model) is None

    def _caps(self, model: str, account: Account) -> Caps:
        limits = account.limits
        return Caps(limits.concurrent, limits.per_api.get(model), self.limit, self._api_limits.get(model))

    def _park(self, cap: Cap, priority: Priority, job: Waiting, queue: OrgQueue) -> None:
        queue.park(priority, job.model)
        weight = self._accounts(job.org_id).limits.weight
        self._parked.setdefault(cap, Rotation()).enter(job.org_id, weight)
        if cap[0] == "org":
            self._parked_of.setdefault(job.org_id, {})[cap] = None
        self._settle(job.org_id, queue)

    def _free(self, *caps: Cap) -> None:
        """There may be room at these caps; who waits for them is woken when the pool itself has room."""
        self._freed |= dict.fromkeys(cap for cap in caps if cap in self._parked)

    def _wake(self) -> bool:
        """One organisation that waits for a cap with room takes part again."""
        while self._freed:
            cap = next(iter(self._freed))
            waiting = self._parked.get(cap)
            org_id = waiting.first() if waiting is not None and not self._is_full(cap) else None
            if waiting is None or org_id is None:
                del self._freed[cap]
                continue
            waiting.leave(org_id)
            if cap[0] == "org":
                self._unpark(cap)
            if (queue := self._queues.get(org_id)) is not None:
                queue.unpark(cap[-1])
                self._enter(org_id)
                return True
        return False

    def _unpark(self, cap: Cap) -> None:
        """One organisation alone waits for a cap of its own."""
        del self._parked[cap]
        own = self._parked_of[cap[1]]
        del own[cap]
        if not own:
            del self._parked_of[cap[1]]

    def _enter(self, org_id: str) -> None:
        queue = self._queues.get(org_id)
        if queue is not None and queue.eligible:
            self._orgs.enter(org_id, self._accounts(org_id).limits.weight)

    def _settle(self, org_id: str, queue: OrgQueue) -> None:
        if not queue.eligible:
            self._orgs.leave(org_id)
        if len(queue) == 0:
            del self._queues[org_id]

    def _considered(self, job: Waiting, account: Account) -> tuple[str, ...]:
        """Whose turn was near, with weight, what they have in flight and what waits; the first was chosen."""
        near = [job.org_id, *(org_id for org_id in self._orgs.leaders(_SHOWN) if org_id != job.org_id)][:_SHOWN]
        lines = [
            f"org:{token(org_id)} w{self._accounts(org_id).limits.weight} "
            f"in-flight {self._accounts(org_id).in_use} waiting {self._queues[org_id].sizes()}"
            for org_id in near
        ]
        limit = "fleet" if self.limit == UNLIMITED else str(self.limit)
        chosen = f"chosen {job.priority} {job.model}"
        caps = f"org {account.in_use}/{account.limits.concurrent} {self.name} {self.in_use}/{limit}"
        return (*lines, f"{chosen}; {caps}; {len(self._orgs)} organisations in turn")
