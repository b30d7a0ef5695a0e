"""One run of a scenario: the house starts, users ask, faults happen, the world heals, and what must hold is checked."""

from __future__ import annotations

import asyncio
import gc
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import Context
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import orjson
from ulid import ULID

from events.catalog.current import FLEET, CurrentModel, CurrentProvider
from events.catalog.events import ModelLimits, ModelSpec, Price
from events.topics import CURRENT_CATALOG
from tests.simulation import clients, codes, processes
from tests.simulation.faults import Faults
from tests.simulation.invariants import Judge
from tests.simulation.loop import Standstill, VirtualLoop
from tests.simulation.network import Caller
from tests.simulation.scenario import FAULTS_UNTIL_S, Scenario, nodes_of
from tests.simulation.users import Users
from tests.simulation.violation import Violation
from tests.simulation.world import UNTOLD, World

HEALED_WITHIN_S: Final = 240.0
RUNS_WITHIN: Final = 30.0
"""How many longest runs more: attempts in a row, each of which may keep a slot for all of it."""
LOOK_EVERY_S: Final = 5.0
MARKED_WITHIN_S: Final = 0.004
WORKERS: Final = ("w1", "w2")
PRICE: Final = 50
"""A megapixel; pictures here have 1.1, for which floats and integers do not agree."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run."""

    scenario: Scenario
    violation: Violation | None
    story: tuple[str, ...]
    digest: int
    effects: int
    turning_points: tuple[int, ...]
    """Numbers of the effects at which another turn may make a difference: all but what only looks."""
    ended: dict[str, int]
    """How many jobs came to which end."""
    given: dict[str, tuple[str, ...]]
    """Organisation → what it was given: its jobs' ends and its entries, without times."""
    calls: int
    """How often a provider was called."""
    seconds: float
    """Of virtual time."""

    def told(self) -> Report:
        """Without what is only read when somebody looks into it."""
        return replace(self, story=(), turning_points=(), given={})


def run(scenario: Scenario) -> Report:
    """The same scenario leads to the same report."""
    disk = Path(tempfile.mkdtemp(prefix="simulation-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    loop = VirtualLoop()
    world = World(scenario, loop, disk)
    judge = Judge(world)
    violation: Violation | None = None
    rolled_back = any(fault.kind == "roll_back" for fault in scenario.faults)
    with _simulated(world), codes.newer() if rolled_back else nullcontext():
        try:
            loop.run_until_complete(_play(world, judge))
        except Violation as found:
            violation = found
        except Standstill as error:
            violation = Violation("I20", str(error))
        finally:
            loop.bury()
            shutil.rmtree(disk, ignore_errors=True)
    if loop.broken and violation is None:
        raise loop.broken[0]
    return Report(
        scenario,
        violation,
        tuple(world.story),
        world.digest,
        world.network.effects,
        tuple(world.turning_points),
        judge.ended(),
        judge.given(),
        sum(remote.calls for remote in world.remotes.values()),
        loop.time(),
    )


async def _play(world: World, judge: Judge) -> None:
    scenario = world.scenario
    faults, users = Faults(world), Users(world, judge)
    _catalogue(world)
    _wire(world, judge, faults)
    for name in nodes_of(scenario):
        world.add(name, getattr(processes, name.split("-")[0]))
    _tick(world)
    await users.open_orgs()
    asking = [asyncio.ensure_future(users.place(number, order)) for number, order in enumerate(scenario.orders)]
    faults.begin()
    await asyncio.sleep(FAULTS_UNTIL_S - world.now if scenario.faults else 1.0)
    if not scenario.heals:
        judge.finally_safe()
        return
    if scenario.faults:
        faults.heal()
    until = world.now + HEALED_WITHIN_S + RUNS_WITHIN * scenario.max_runtime_s
    while not judge.quiet(all(task.done() for task in asking)):
        if world.now >= until:
            judge.not_quiet()
        await asyncio.sleep(LOOK_EVERY_S)
        judge.raise_found()
    for task in asking:
        task.result()
    judge.finally_safe()
    judge.finally_live()


def _wire(world: World, judge: Judge, faults: Faults) -> None:
    """Everybody who looks at each effect."""

    def before(number: int, caller: Caller, what: str) -> bool:
        world.tell(f"{caller.name} {what}")
        if not what.endswith(UNTOLD):
            world.turning_points.append(number)
        return faults.survives(number, caller, after=False)

    def after(number: int, caller: Caller, what: str) -> None:
        _mark_soon(world)
        judge.step(what)
        faults.survives(number, caller, after=True)

    world.network.before, world.network.after, world.network.late = before, after, faults.late
    world.on_accepted = judge.accepted
    world.marked = lambda _tp: judge.step("mark")


def _mark_soon(world: World) -> None:
    """Decided transactions become visible, partition by partition, each in its own time."""
    for transaction, tp in world.broker.unmarked:
        if (id(transaction), tp) not in world.marking:
            world.marking.add((id(transaction), tp))
            delay = world.network.latency()
            world.loop.call_later(delay, _mark, world, transaction, tp, context=Context())


def _mark(world: World, transaction: Any, tp: Any) -> None:
    world.broker.mark(transaction, tp)
    world.marking.discard((id(transaction), tp))
    if tp is not None:
        world.wake(tp)
    world.marked(tp)


def _tick(world: World) -> None:
    """What servers do by themselves, each second: transactions lapse, workers of the fleet say that they are there."""
    world.broker.expire(world.now)
    _mark_soon(world)
    if FLEET in world.remotes and world.now >= world.redis.away_until:
        for worker in WORKERS:
            said = {"worker_id": worker, "models": list(world.remotes[FLEET].traits.catalog_ids), "capacity": 2}
            world.redis.set(f"fleet:worker:{worker}", orjson.dumps(said), 6.0)
            world.redis.scores.setdefault("fleet:workers", {})[worker.encode()] = (world.now + 6.0) * 1000
    world.loop.call_later(1.0, _tick, world, context=Context())


def _catalogue(world: World) -> None:
    for remote in world.remotes.values():
        traits = remote.traits
        current = CurrentProvider(
            provider=traits.name, active=True, concurrent=traits.concurrent, per_api=dict(traits.per_api), version=1
        )
        world.broker.append(
            CURRENT_CATALOG, None, f"provider:{traits.name}".encode(), current.model_dump_json().encode(), (), 0.0
        )
        for model in traits.catalog_ids:
            spec = ModelSpec(
                id=model,
                title=model,
                media_out=("image",),
                agent_type="image",
                input_schema={},
                limits=ModelLimits(max_runtime_s=world.scenario.max_runtime_s),
                price=Price(unit="megapixel", amount=PRICE),
                provider=traits.name,
            )
            listed = CurrentModel(model=spec, version=1)
            world.broker.append(
                CURRENT_CATALOG, None, f"model:{model}".encode(), listed.model_dump_json().encode(), (), 0.0
            )


def _ulid(world: World) -> type[ULID]:
    class Drawn(ULID):
        def __init__(self, value: bytes | None = None) -> None:
            super().__init__(world.random.randbytes(16) if value is None else value)

    return Drawn


@contextmanager
def _simulated(world: World) -> Iterator[None]:
    """The seams: whoever makes a Kafka client gets one of the simulated broker; ids come from the seed."""
    enabled = gc.isenabled()
    gc.disable()
    logging.disable(logging.CRITICAL)
    with (
        patch("events.log.clients.AIOKafkaProducer", clients.SimProducer),
        patch("events.log.clients.AIOKafkaConsumer", clients.SimConsumer),
        patch("processors.runners.recovery.AIOKafkaConsumer", clients.SimConsumer),
        patch("events.ids.ULID", _ulid(world)),
    ):
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
            if enabled:
                gc.enable()
