"""The world of a run: nodes that are started, killed and frozen, the servers between them, and the clock."""

from __future__ import annotations

import asyncio
import itertools
import random as global_random
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextvars import Context
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

from aiokafka import TopicPartition

from commands.ask import Ask
from tests.simulation.broker import Broker
from tests.simulation.documents import DocumentServer
from tests.simulation.loop import OWNER, VirtualLoop
from tests.simulation.network import Network
from tests.simulation.providers import Execution, Remote
from tests.simulation.redis import RedisServer
from tests.simulation.scenario import EPOCH, PROVIDERS, Scenario

BACK_AFTER_S: Final = (0.3, 3.0)
AWAKE_AFTER_S: Final = 5.0
STORY_LINES: Final = 4_000
UNTOLD: Final = (
    "heartbeat",
    "redis.time",
    "zrangebyscore",
    "mget",
    ".look",
    ".scan",
    ".status",
    ".ends",
    ".begins",
    ".where",
)
"""Ends of what happens all the time and explains nothing: left out of the story, not of the digest."""

T = TypeVar("T")
Main = Callable[["Process"], Coroutine[Any, Any, None]]


class GatewayGone(Exception):
    """The connection to the gateway broke: whether it was done is unknown."""


class Process:
    """One life of a node. When it dies nothing of it runs any more, not even what would tidy up."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.world = node.world
        self.name = node.name
        self.alive = True
        self.frozen = False
        self.held_back: list[asyncio.Handle] = []
        self.ask: Ask | None = None
        self.on_death: list[Callable[[], None]] = []
        self._context = Context()
        self._context.run(OWNER.set, self)

    def clock(self) -> datetime:
        """The machine's wall clock."""
        return EPOCH + timedelta(seconds=self.world.now + self.node.skew_s)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self.world.loop.create_task(work, context=self._context.copy())

    def die(self, why: str) -> None:
        if not self.alive:
            return
        self.alive = False
        self.world.tell(f"{self.name} died: {why}")
        for told in self.on_death:
            told()
        self.node.died()

    def thaw(self) -> None:
        self.frozen = False
        self.world.thawed_at = self.world.now
        self.world.loop._ready.extend(self.held_back)  # type: ignore[attr-defined]
        self.held_back.clear()


class Node:
    """A process that is started anew whenever it has ended."""

    def __init__(self, world: World, name: str, main: Main) -> None:
        self.world = world
        self.name = name
        self.skew_s = 0.0
        self.disk: Path = world.disk / name
        self._main = main
        self.process = Process(self)

    def start(self) -> None:
        if not self.process.alive:
            self.process = Process(self)
        process = self.process
        task = process.spawn(self._main(process))
        task.add_done_callback(lambda done: self._ended(process, done), context=Context())

    def died(self) -> None:
        low, high = BACK_AFTER_S
        self.world.loop.call_later(self.world.random.uniform(low, high), self.start, context=Context())

    def _ended(self, process: Process, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if process.alive:
            self.world.exits.append((self.name, error))
            process.die(f"ended with {error!r}")


class World:
    """Made for one run, in a loop of its own."""

    def __init__(self, scenario: Scenario, loop: VirtualLoop, disk: Path) -> None:
        self.scenario = scenario
        self.loop = loop
        self.disk = disk
        self.random = Random(scenario.seed)
        global_random.seed(scenario.seed)
        self.network = Network(loop, Random(scenario.seed + 1), slow=scenario.slow)
        self.broker = Broker(scenario.partitions, int(EPOCH.timestamp() * 1000))
        self.redis = RedisServer(loop.time)
        self.documents = DocumentServer()
        self.remotes = {
            name: Remote(PROVIDERS[name], self, Random(f"{scenario.seed}/{name}"), scenario.badness)
            for name in scenario.providers
        }
        self.nodes: dict[str, Node] = {}
        self.exits: list[tuple[str, BaseException | None]] = []
        self.story: deque[str] = deque(maxlen=STORY_LINES)
        self.digest = 0
        """Of everything that was told: two runs of one scenario tell the same."""
        self.on_accepted: Callable[[Remote, Execution], None] = lambda _remote, _execution: None
        self.handled: set[str] = set()
        """Ids of the events that a dispatcher has handled to the end."""
        self.turning_points: list[int] = []
        """Numbers of the effects at which another turn may make a difference: all but what only looks."""
        self.thawed_at = 0.0
        """When the last frozen process went on."""
        self.rolled_back_at: float | None = None
        self.rewound: set[str] = set()
        """Groups whose offsets an operator has set back."""
        self.marking: set[tuple[int, TopicPartition | None]] = set()
        """Markers that are on their way."""
        self.marked: Callable[[TopicPartition | None], None] = lambda _tp: None
        self._numbers = itertools.count(1)
        self._readers: dict[TopicPartition, list[asyncio.Future[None]]] = {}

    @property
    def now(self) -> float:
        return self.loop.time()

    def fresh(self, prefix: str) -> str:
        return f"{prefix}-{next(self._numbers)}"

    def tell(self, line: str) -> None:
        told = f"{self.now:10.4f}  {line}"
        if not line.endswith(UNTOLD):
            self.story.append(told)
        self.digest = zlib.crc32(told.encode(), self.digest)

    # --- nodes -------------------------------------------------------------------------------------------

    def add(self, name: str, main: Main) -> None:
        self.nodes[name] = Node(self, name, main)
        self.nodes[name].start()

    @property
    def wide_awake(self) -> bool:
        """Nobody sleeps, and who did has had the time to do what it was about to."""
        asleep = any(node.process.frozen for node in self.nodes.values())
        return not asleep and (self.thawed_at == 0.0 or self.now - self.thawed_at > AWAKE_AFTER_S)

    def freeze(self, name: str, seconds: float) -> None:
        process = self.nodes[name].process
        if process.alive and not process.frozen:
            process.frozen = True
            self.tell(f"{name} is frozen for {seconds} s")
            self.loop.call_later(seconds, process.thaw, context=Context())

    def connected(self, process: Process, execution: Execution) -> None:
        """A call that lives as long as its connection."""

        def broken() -> None:
            if execution.runs(self.now):
                execution.stopped_at = self.now

        process.on_death.append(broken)

    def accepted(self, remote: Remote, execution: Execution) -> None:
        self.tell(f"{remote.traits.name} accepted {execution.job_id}.{execution.lease} as {execution.provider_job_id}")
        self.on_accepted(remote, execution)

    async def through_gateway(self, work: Callable[[Ask], Awaitable[T]]) -> T:
        """Raises GatewayGone, or what the work raises."""
        process = self.nodes["gateway"].process
        if not process.alive or process.ask is None:
            raise GatewayGone
        answer: asyncio.Future[T] = self.loop.create_future()
        ask = process.ask

        async def answering() -> None:
            try:
                result = await work(ask)
            except Exception as error:  # noqa: BLE001 - the asker's, whatever it is
                if not answer.done():
                    answer.set_exception(error)
            else:
                if not answer.done():
                    answer.set_result(result)

        process.spawn(answering())
        process.on_death.append(lambda: None if answer.done() else answer.set_exception(GatewayGone()))
        return await answer

    # --- who waits for the log ---------------------------------------------------------------------------

    def wake(self, *partitions: TopicPartition) -> None:
        for tp in partitions:
            for waiting in self._readers.pop(tp, ()):
                if not waiting.done():
                    waiting.set_result(None)

    async def something_new(self, partitions: Iterable[TopicPartition], within_s: float) -> None:
        waiting: asyncio.Future[None] = self.loop.create_future()
        for tp in partitions:
            self._readers.setdefault(tp, []).append(waiting)
        timer = self.loop.call_later(within_s, lambda: None if waiting.done() else waiting.set_result(None))
        try:
            await waiting
        finally:
            timer.cancel()
            waiting.cancel()
