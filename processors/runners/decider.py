"""The decider runner: takes the partitions that its group assigns, and is their only writer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition

import events
from commands.model import Decider
from events.log.clients import close, consumer, give_up_membership, is_dead, producer
from events.registry import Registry
from events.topics import DEADLETTER_COMMANDS
from events.types import REGISTRY
from processors.runners import fingerprint
from processors.runners.partition import DeciderSettings, PartitionWorker

log = logging.getLogger(__name__)

MEMBERSHIP_POLL_MS: Final = 1000
BATCH_STUCK_S: Final = 60.0
"""A batch that has been on its way for so long will not end by itself: the process does."""
LAST_BATCHES_S: Final = 15.0


class PartitionCountsDiffer(RuntimeError):
    """The decider's topics do not have equal partition counts: a stream would have two writers."""


class BatchStuck(RuntimeError):
    """A transaction does not end; what became of it is read from the log after a restart."""


class ReplierDied(RuntimeError):
    """The producer of replies has met an error that it does not survive."""


class DeciderRunner:
    """Runs one `Decider` on Kafka until `stop`; deciders share a process only with deciders.

    Crash-only: a lost fence, an unknown producer error, a fold that fails, a gap in the log, all raise out of
    `run`. The process must then exit; it is started anew and goes on from the log.
    """

    def __init__(
        self,
        bootstrap: str,
        decider: Decider,
        *,
        data_dir: Path,
        instance_id: str,
        app: str = "studio",
        registry: Registry = REGISTRY,
        code: str | None = None,
    ) -> None:
        """`instance_id` is the member's static name; `code` the fingerprint of what states are made of."""
        if code is None:
            code = fingerprint.of_package(events, leave_out=frozenset({"log"}))
        self._settings = DeciderSettings(bootstrap, data_dir, app, code, registry)
        self._decider = decider
        self._instance_id = instance_id
        self._membership: AIOKafkaConsumer | None = None
        self._replier: AIOKafkaProducer | None = None
        self._workers: dict[int, tuple[PartitionWorker, asyncio.Task[None]]] = {}
        self._failed: asyncio.Future[None] | None = None
        self._assigned = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Decides until `stop` is set, then ends between batches."""
        self._failed = asyncio.get_running_loop().create_future()
        self._replier = producer(self._settings.bootstrap)
        # It only tells which partitions are ours: each partition reads its commands by a consumer of its own,
        # which starts where its log says. So nothing that was fetched before an assignment can slip in.
        self._membership = consumer(
            self._settings.bootstrap,
            group=self._settings.group(self._decider),
            instance_id=f"{self._settings.group(self._decider)}.{self._instance_id}",
            reset="earliest",
            partition_bytes=1,
        )
        watching: list[asyncio.Task[None]] = []
        try:
            await self._replier.start()
            self._membership.subscribe([self._decider.command_topic], listener=_Listener(self))
            await self._membership.start()
            watching = [
                asyncio.create_task(_until(stop)),
                asyncio.create_task(self._stay_member(), name=f"membership {self._decider.name}"),
            ]
            done, _ = await asyncio.wait([*watching, self._failed], return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                ended.result()
        finally:
            for task in watching:
                task.cancel()
            await self._end(in_order=stop.is_set())
        if (late := self._failure()) is not None:
            raise late

    async def ready(self) -> None:
        """Returns once partitions are assigned and all of them take commands."""
        await self._assigned.wait()
        for worker, _ in list(self._workers.values()):
            await worker.running.wait()

    async def _stay_member(self) -> None:
        """Keeps the membership alive, surfaces its errors, and ends the process when a batch does not end."""
        assert self._membership is not None
        assert self._replier is not None
        while True:
            await self._membership.getmany(timeout_ms=MEMBERSHIP_POLL_MS)
            if is_dead(self._replier):
                raise ReplierDied(f"{self._decider.name} can answer nobody any more")
            for worker, _ in self._workers.values():
                if worker.busy_s > BATCH_STUCK_S:
                    raise BatchStuck(f"{self._decider.name}: a batch has been on its way for {worker.busy_s:.0f} s")

    async def take(self, partitions: Collection[TopicPartition]) -> None:
        """Becomes the owner of these partitions; not who has failed.

        A zombie whose batch was refused may be back in its group, under its name, before its process has ended: it
        would fence the living owner.
        """
        if self._failure() is not None:
            return
        assert self._membership is not None
        assert self._replier is not None
        self._membership.pause(*partitions)
        count = await self._partition_count()
        for tp in partitions:
            worker = PartitionWorker(
                self._settings,
                self._decider,
                tp.partition,
                partitions=count,
                membership=self._membership,
                replier=self._replier,
            )
            task = asyncio.create_task(worker.run(), name=f"{self._decider.name}/{tp.partition}")
            task.add_done_callback(self._ended)
            self._workers[tp.partition] = (worker, task)
        self._assigned.set()

    async def leave(self) -> None:
        """Ends all partitions between batches, before another may become their owner."""
        self._assigned.clear()
        for worker, _ in self._workers.values():
            worker.stop.set()
        tasks = [task for _, task in self._workers.values()]
        if tasks:
            await asyncio.wait(tasks)
        self._workers.clear()

    def fail(self, error: BaseException) -> None:
        """The first failure ends `run`."""
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("%s stops: %r", task.get_name(), error, exc_info=error)
            self.fail(error)

    def _failure(self) -> BaseException | None:
        failed = self._failed
        if failed is None or failed.cancelled() or not failed.done():
            return None
        return failed.exception()

    async def _partition_count(self) -> int:
        """The partition count that all topics of the decider share; raises where they do not."""
        assert self._replier is not None
        counts = {
            topic: len(await self._replier.partitions_for(topic))
            for topic in (self._decider.command_topic, *self._decider.folds)
        }
        count = counts[self._decider.command_topic]
        if set(counts.values()) != {count}:
            raise PartitionCountsDiffer(f"{counts}")
        if len(await self._replier.partitions_for(DEADLETTER_COMMANDS)) < count:
            raise PartitionCountsDiffer(f"{DEADLETTER_COMMANDS} has not {count} partitions")
        return count

    async def _end(self, *, in_order: bool) -> None:
        """Every partition may finish its batch; what takes longer ends with the process.

        Who was told to end hands its partitions on; who fails is started anew, and comes back to them.
        """
        for worker, _ in self._workers.values():
            worker.stop.set()
        tasks = [task for _, task in self._workers.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_BATCHES_S)
        assert self._membership is not None
        assert self._replier is not None
        if in_order:
            give_up_membership(self._membership)
        await close(self._membership, self._replier)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Passes assignments on. aiokafka only logs what a listener raises, so failures are handed over."""

    def __init__(self, runner: DeciderRunner) -> None:
        self._runner = runner

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:  # noqa: ARG002
        await self._runner.leave()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        try:
            await self._runner.take(assigned)
        except Exception as error:
            log.exception("an assignment failed")
            self._runner.fail(error)


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()
