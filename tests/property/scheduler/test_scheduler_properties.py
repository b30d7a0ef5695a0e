"""Whatever comes in whatever order: caps hold, nothing that fits waits, and equal organisations have equal turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from events.accounts.events import Limits
from events.catalog.current import FLEET
from events.jobs.current import CurrentJob
from tests.unit.scheduler.makers import Bench

ORGS, MODELS, PRIORITIES = ("o1", "o2"), ("x", "y"), ("HIGH", "NORMAL", "LOW")
WORKERS = {"w1": ("x",), "w2": ("x", "y")}
numbers = st.integers(0, 3)


class World(Bench):
    """The bench, with limits remembered, so that each invariant can be recounted from scratch."""

    def __init__(self, *, fleet: bool) -> None:
        super().__init__(fleet=fleet)
        self.limits: dict[str, Limits] = {}
        self.capacity: dict[str, int] = {}
        self.pool: tuple[int, dict[str, int]] = (8, {}) if not fleet else (1_000_000, {})
        self.made = 0
        if fleet:
            self.staff(1, 1)

    def fresh(self, org_id: str) -> str:
        self.made += 1
        return f"{org_id}.{self.made}"

    def restrict(self, concurrent: int, per_model: int) -> None:
        self.pool = (concurrent, {"x": per_model})
        self.limit(concurrent, x=per_model)

    def restrict_org(self, org_id: str, concurrent: int, per_model: int, weight: int) -> None:
        self.limits[org_id] = Limits(concurrent=concurrent, per_api={"y": per_model}, weight=weight)
        self.org(org_id, **self.limits[org_id].model_dump())

    def staff(self, first: int, second: int) -> None:
        self.capacity = {"w1": first, "w2": second}
        self.workers(**{"_".join((name, *WORKERS[name])): size for name, size in self.capacity.items()})

    def room(self, job: CurrentJob) -> bool:
        """Whether this job fits now, counted anew."""
        flying = [other for other in self.jobs.values() if other.phase != "queued"]
        mine = [other for other in flying if other.org_id == job.org_id]
        limits = self.limits.get(job.org_id, Limits())
        checks: list[tuple[int, float]] = [
            (len(flying), self.pool[0]),
            (sum(other.model == job.model for other in flying), self.pool[1].get(job.model, 99)),
            (len(mine), limits.concurrent),
            (sum(other.model == job.model for other in mine), limits.per_api.get(job.model, 99)),
        ]
        return all(used < limit for used, limit in checks) and self.staffed(job.model)

    def staffed(self, model: str) -> bool:
        taken = Counter(job.worker for job in self.jobs.values() if job.phase != "queued")
        serving = [name for name in self.capacity if model in WORKERS[name]]
        return self.provider != FLEET or any(taken[name] < self.capacity[name] for name in serving)


Step = Callable[[World], None]


def ending(n: int) -> Step:
    def step(world: World) -> None:
        flying = [job.job_id for job in world.jobs.values() if job.phase != "queued"]
        if flying:
            world.end(flying[n % len(flying)])

    return step


def retrying(n: int) -> Step:
    def step(world: World) -> None:
        flying = [job.job_id for job in world.jobs.values() if job.phase != "queued"]
        if flying:
            world.change(flying[n % len(flying)], phase="queued", worker=None)

    return step


def cancelling(n: int) -> Step:
    def step(world: World) -> None:
        waiting = [job.job_id for job in world.jobs.values() if job.phase == "queued"]
        if waiting:
            world.end(waiting[n % len(waiting)])

    return step


def queueing(org: str, model: str, priority: str) -> Step:
    return lambda world: world.queue(world.fresh(org), model=model, priority=priority)


def restricting(concurrent: int, per_model: int) -> Step:
    return lambda world: world.restrict(concurrent, per_model)


def restricting_org(org: str, concurrent: int, per_model: int, weight: int) -> Step:
    return lambda world: world.restrict_org(org, concurrent, per_model, weight)


def staffing(first: int, second: int) -> Step:
    return lambda world: world.staff(first, second)


queueings = st.builds(queueing, st.sampled_from(ORGS), st.sampled_from(MODELS), st.sampled_from(PRIORITIES))
steps = st.one_of(
    queueings,
    queueings,
    queueings,
    queueings,
    st.builds(ending, st.integers(0, 9)),
    st.builds(ending, st.integers(0, 9)),
    st.builds(ending, st.integers(0, 9)),
    st.builds(retrying, st.integers(0, 9)),
    st.builds(cancelling, st.integers(0, 9)),
    st.builds(restricting, numbers, numbers),
    st.builds(restricting_org, st.sampled_from(ORGS), numbers, numbers, st.integers(1, 4)),
    st.builds(staffing, numbers, numbers),
)


histories = st.lists(steps, min_size=25, max_size=60)


@settings(max_examples=100, deadline=None)
@given(st.booleans(), histories)
def test_nothing_that_fits_waits(fleet: bool, played: list[Step]) -> None:
    world = World(fleet=fleet)
    for step in played:
        step(world)
        waiting = [job for job in world.jobs.values() if job.phase == "queued"]
        assert not [job.job_id for job in waiting if world.room(job)]


@settings(max_examples=100, deadline=None)
@given(st.booleans(), histories)
def test_a_dispatch_always_fits(fleet: bool, played: list[Step]) -> None:
    world = World(fleet=fleet)
    before = world._record

    def record(job: CurrentJob) -> None:
        if job.phase == "dispatched":
            assert world.room(world.jobs[job.job_id])
            assert job.worker is None or job.model in WORKERS[job.worker]
        before(job)

    world._record = record  # type: ignore[method-assign]
    for step in played:
        step(world)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.integers(1, 4), st.integers(5, 30))
def test_equal_organisations_are_never_more_than_one_turn_apart(orgs: int, slots: int, turns: int) -> None:
    bench = Bench(concurrent=0)
    for n in range(turns):
        for org in range(orgs):
            bench.queue(f"o{org}.{n}")
    bench.limit(slots)
    while len(bench.order) < turns:
        bench.end(bench.order[len(bench.order) - bench.in_flight.total()])
    for end in range(1, turns):
        counts = Counter(name.split(".")[0] for name in bench.order[:end])
        assert max(counts.values()) - min(counts[f"o{org}"] for org in range(orgs)) <= 1
