"""What a run is made of: who is there, what is asked for, what goes wrong and when. Drawn from a seed, or written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Final, Literal

from events.accounts.events import Limits
from events.jobs.events import Priority
from tests.simulation.providers import Fate, Traits

EPOCH: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""When every run begins."""
FAULTS_UNTIL_S: Final = 60.0

PROVIDERS: Final = {
    traits.name: traits
    for traits in (
        Traits("fleet", ("draw", "film"), 100_000, {"fleet/film": 1}, idempotent=True, takes_our_name=True),
        Traits("keyed", ("a",), idempotent=True),
        Traits("blind", ("a", "b"), webhooks=True),
        Traits("asked", ("a", "b"), 3, {"asked/b": 1}, tells=True),
        Traits("sync", ("a",), at_once=True),
        Traits("stubborn", ("a",), tells=True, can_stop=False),
    )
}

FaultKind = Literal[
    "crash", "freeze", "lose_disk", "redis_flush", "redis_away", "kafka_stalls", "provider_stalls", "redeliver",
    "rewind", "lower_cap", "clock_step", "roll_back",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """At `at` seconds. A crash or a freeze is before or after the node's `nth` effect from then on."""

    kind: FaultKind
    at: float
    node: str = ""
    seconds: float = 0.0
    nth: int = 0
    after: bool = True


Turn = Literal["killed_before", "killed_after", "frozen_after", "late", "redelivered", "rewound"]


@dataclass(frozen=True, slots=True)
class Deviation:
    """At the effect of this number, counted over the whole run: what happens to its caller, to itself, or just after it
    to what was read before: all commands arrive once more, or the dispatchers begin to read anew."""

    effect: int
    turn: Turn


@dataclass(frozen=True, slots=True)
class Order:
    """A user who wants a job: asks once more where no answer comes, perhaps `again`, and perhaps cancels it."""

    at: float
    org: int
    model: str
    reserve: int = 100
    priority: Priority = "NORMAL"
    max_attempts: int = 3
    again: int = 0
    cancel_after: float | None = None
    adjust: int = 0
    """An operator's correction of the organisation's credits, instead of a job."""


@dataclass(frozen=True, slots=True)
class Scenario:
    seed: int
    orders: tuple[Order, ...]
    faults: tuple[Fault, ...] = ()
    providers: tuple[str, ...] = ("blind",)
    orgs: int = 2
    partitions: int = 2
    deciders: int = 1
    dispatchers: int = 1
    sweepers: int = 1
    together: bool = False
    """The scheduler is of one process with the first dispatcher, as on a laptop; otherwise it has its own."""
    projector: bool = False
    deviations: tuple[Deviation, ...] = ()
    fates: tuple[Fate, ...] = ()
    """What becomes of the first calls of providers, one after the other; of the others, as `badness` has it."""
    badness: float = 0.0
    """Share of provider calls that do not go well."""
    slow: float = 0.0
    """Share of calls in the house that take long."""
    credits_each: int = 100_000
    org_limits: Limits = field(default_factory=Limits)
    """Of each organisation."""
    max_runtime_s: int = 6
    heals: bool = True
    """Liveness: faults end and everything must come to its end. Otherwise only safety is asked for, and they do not."""

    @property
    def quiet(self) -> bool:
        """Nothing goes wrong in it."""
        return not self.faults and not self.deviations and not self.fates and not self.badness

    def without(self, index: int) -> Scenario:
        """One fault less: what a failure can do without is no part of it."""
        return replace(self, faults=self.faults[:index] + self.faults[index + 1 :])

    def with_fewer_orders(self, index: int) -> Scenario:
        return replace(self, orders=self.orders[:index] + self.orders[index + 1 :])


def nodes_of(scenario: Scenario) -> tuple[str, ...]:
    named = [
        *(f"decider-{n}" for n in range(scenario.deciders)),
        *(f"dispatcher-{n}" for n in range(int(scenario.together), scenario.dispatchers)),
        *(f"sweepers-{n}" for n in range(scenario.sweepers)),
    ]
    scheduler = "workers" if scenario.together else "scheduler"
    return (*named, scheduler, "gateway", *(("projector",) if scenario.projector else ()))


def drawn(seed: int, *, heals: bool = True) -> Scenario:
    """A scenario with a bit of everything."""
    random = Random(seed)
    names = tuple(random.sample(sorted(PROVIDERS), random.randint(1, 3)))
    models = [model for name in names for model in PROVIDERS[name].catalog_ids]
    scenario = Scenario(
        seed=seed,
        orders=(),
        providers=names,
        orgs=random.randint(1, 3),
        partitions=random.randint(1, 2),
        deciders=random.randint(1, 2),
        dispatchers=random.randint(1, 2),
        sweepers=random.randint(1, 2),
        together=bool(seed % 2),
        projector=random.random() < 0.3,
        badness=random.choice((0.0, 0.1, 0.4)),
        slow=random.choice((0.0, 0.005, 0.03)),
        credits_each=random.choice((400, 2_000, 100_000)),
        heals=heals,
    )
    orders = tuple(_order(random, scenario, models) for _ in range(random.randint(2, 12)))
    faults = tuple(_fault(random, scenario) for _ in range(random.randint(1, 8 if heals else 20)))
    limits = Limits(concurrent=random.choice((1, 2, 3, 16)), per_api=random.choice(({}, {models[0]: 1})))
    in_order = tuple(sorted(faults, key=lambda fault: fault.at))
    longest = random.choice((6, 30, 90))
    return replace(scenario, orders=orders, faults=in_order, org_limits=limits, max_runtime_s=longest)


def _order(random: Random, scenario: Scenario, models: list[str]) -> Order:
    return Order(
        at=random.choice((1.0, random.uniform(1.0, 40.0))),
        org=random.randrange(scenario.orgs),
        model=random.choice(models),
        reserve=random.choice((60, 100, 250)),
        priority=random.choice(("HIGH", "NORMAL", "LOW")),
        max_attempts=random.choice((1, 2, 3)),
        again=random.choice((0, 0, 1, 3)),
        cancel_after=random.choice((None, None, None, random.uniform(0.0, 12.0))),
        adjust=random.choice((0, 0, 0, 0, 0, 0, 0, -700, 50)),
    )


def _fault(random: Random, scenario: Scenario) -> Fault:
    kinds: tuple[FaultKind, ...] = (
        "crash", "crash", "crash", "crash", "freeze", "freeze", "lose_disk", "redis_flush", "redis_away",
        "kafka_stalls", "provider_stalls", "redeliver", "rewind", "lower_cap", "clock_step",
    )  # fmt: skip
    kind = random.choice(kinds)
    nodes = nodes_of(scenario)
    node = random.choice(nodes)
    if kind == "lose_disk":
        node = random.choice([name for name in nodes if name.startswith("decider")])
    elif kind == "clock_step":
        node = random.choice([name for name in nodes if name.startswith(("sweepers", "scheduler", "workers"))])
    elif kind in ("provider_stalls", "lower_cap"):
        node = random.choice(scenario.providers)
    seconds = random.choice((-7200.0, 7200.0)) if kind == "clock_step" else random.choice((0.5, 3.0, 12.0, 30.0))
    return Fault(
        kind,
        at=round(random.uniform(0.5, FAULTS_UNTIL_S - 10.0), 3),
        node=node,
        seconds=seconds,
        nth=random.choice((0, random.randint(1, 40))),
        after=random.random() < 0.5,
    )
