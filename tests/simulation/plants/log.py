"""Bugs in how the log is written and read: the deciders' protocol, and what consumers are set to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final
from unittest.mock import patch

from aiokafka.errors import ProducerFenced
from aiokafka.structs import RecordMetadata

from events.log.clients import close, transactional_producer
from events.registry import UnknownEventType
from processors.runners.decide import FoldFailed
from processors.runners.partition import PartitionWorker
from processors.runners.recovery import Folding
from tests.simulation.clients import SimConsumer, SimProducer
from tests.simulation.loop import OWNER
from tests.simulation.plants.plant import Plant, Seam, orders
from tests.simulation.scenario import Fault, Order, Scenario

TO_THE_COORDINATOR_S: Final = 2.0
"""How long it takes in this plant until the coordinator hears of the new owner: the window that the order closes."""


def _zombie(seed: int) -> Scenario:
    """A decider is frozen for longer than its session, while another takes its partition over."""
    frozen = Fault("freeze", at=4.0 + seed % 7, node="decider-0", seconds=21.0 + seed % 5, nth=1 + seed % 9)
    return Scenario(
        seed, orders(30, again=1), (frozen,), orgs=1, partitions=1, deciders=2, max_runtime_s=3, heals=False
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
    return Scenario(seed, orders(40), (frozen,), orgs=1, partitions=1, deciders=2, max_runtime_s=3, heals=False)


def _killed_deciders(seed: int) -> Scenario:
    killed = tuple(
        Fault("crash", at=2.0 + 4.0 * n, node="decider-0", nth=1 + (seed * 5 + n) % 12, after=bool((seed + n) % 2))
        for n in range(10)
    )
    return Scenario(seed, orders(20), killed, orgs=1, partitions=1, max_runtime_s=3, slow=0.05)


def _slow_house(seed: int) -> Scenario:
    return Scenario(seed, orders(20), (), orgs=1, partitions=1, max_runtime_s=3, slow=0.1, heals=False)


# --- readers ---------------------------------------------------------------------------------------------


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


def long_jobs(seed: int) -> Scenario:
    return Scenario(seed, orders(6), (), orgs=1, partitions=1, max_runtime_s=50)


def _offsets_gone(seed: int) -> Scenario:
    gone = Fault("rewind", at=20.0)
    return Scenario(seed, orders(12), (gone,), orgs=1, partitions=1, max_runtime_s=20, heals=False)


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


_TWICE: Final = frozenset({"I4", "I9", "I12", "I13"})
"""How it shows that a command was decided twice."""

LOG: Final = (
    Plant("random transactional id", _random_id, _TWICE, _zombie),
    Plant("re-init on fence", _producer(Reinitialised), _TWICE, _zombie),
    Plant("read_uncommitted", _consumer(Uncommitted), frozenset({"I6", "I7", "I9", "I13", "I20"}), _killed_deciders),
    Plant("auto-commit on, of a decider", _consumer(AutoCommitting), frozenset({"I12"}), long_jobs),
    Plant("auto-commit on, of a reactor", _consumer(AutoCommittingReactor), frozenset({"I15"}), long_jobs),
    Plant("seek before InitProducerId omitted", _fold_before_fence, _TWICE, _handing_over),
    Plant("commit wrapped in wait_for", _producer(Impatient), frozenset({"I4", "I9", "I13"}), _slow_house),
    Plant("latest as reset", _consumer(FromTheEnd), frozenset({"I15"}), _offsets_gone),
    Plant("unknown version skipped", _skipping, frozenset({"I9"}), _rolled_back),
)
