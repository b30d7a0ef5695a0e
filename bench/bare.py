"""The bare client on the same broker: a transactional loop of the decider's shape with nothing of ours in it.

Commands from one topic, two event topics and the input offset in one transaction, replies after it: what is measured
against this is the price of everything that the product adds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from ulid import ULID

from bench.load import Sample, drive
from events.log.clients import consumer, producer, transactional_producer

PARTITIONS = 4
BATCH_MAX = 500
EVENT = b"x" * 400
COMMAND = b"c" * 600


class Loop:
    """One partition of a decider without a decision."""

    def __init__(self, bootstrap: str, run: str, partition: int) -> None:
        self.bootstrap = bootstrap
        self.run = run
        self.input = TopicPartition(f"bench.commands.{run}", partition)

    async def serve(self) -> None:
        async with self._clients() as (transactional, replies, source):
            while True:
                batches = await source.getmany(timeout_ms=200, max_records=BATCH_MAX)
                records = batches.get(self.input, [])
                if not records:
                    continue
                async with transactional.transaction():
                    sends = [
                        await transactional.send(
                            f"bench.{topic}.{self.run}", EVENT, key=record.key, partition=self.input.partition
                        )
                        for record in records
                        for topic in ("jobs", "jobs", "credits", "current")
                    ]
                    await asyncio.gather(*sends)
                    await transactional.send_offsets_to_transaction(
                        {self.input: records[-1].offset + 1}, f"bench-{self.run}"
                    )
                for record in records:
                    await replies.send(f"bench.replies.{self.run}", b"{}", key=record.key, partition=0)

    @contextlib.asynccontextmanager
    async def _clients(self) -> AsyncIterator[tuple[AIOKafkaProducer, AIOKafkaProducer, AIOKafkaConsumer]]:
        transactional = transactional_producer(self.bootstrap, f"bench.{self.run}.{self.input.partition}")
        replies, source = producer(self.bootstrap), consumer(self.bootstrap)
        await transactional.start()
        await replies.start()
        await source.start()
        source.assign([self.input])
        await source.seek_to_beginning(self.input)
        try:
            yield transactional, replies, source
        finally:
            await asyncio.gather(transactional.stop(), replies.stop(), source.stop())


async def measure(bootstrap: str, calls: int, clients: int, keys: int) -> Sample:
    """Commands a second through the bare loop, asked and answered over Kafka."""
    run = str(ULID())
    await _create_topics(bootstrap, run)
    loops = [asyncio.create_task(Loop(bootstrap, run, partition).serve()) for partition in range(PARTITIONS)]
    asking, answers = producer(bootstrap), consumer(bootstrap)
    await asking.start()
    await answers.start()
    replies = TopicPartition(f"bench.replies.{run}", 0)
    answers.assign([replies])
    await answers.seek_to_beginning(replies)
    waiting: dict[bytes, asyncio.Future[None]] = {}

    async def read() -> None:
        async for record in answers:
            if record.key in waiting:
                waiting.pop(record.key).set_result(None)

    async def ask(number: int) -> None:
        key = b"%d" % number
        waiting[key] = asyncio.get_running_loop().create_future()
        partition = (number % keys) % PARTITIONS
        answered = waiting[key]
        await asking.send(f"bench.commands.{run}", COMMAND, key=key, partition=partition)
        await asyncio.wait_for(answered, timeout=30)

    reading = asyncio.create_task(read())
    try:
        await drive(min(clients * 2, calls), clients, lambda number: ask(number + calls))
        return await drive(calls, clients, ask)
    finally:
        for task in (*loops, reading):
            task.cancel()
        await asyncio.gather(*loops, reading, return_exceptions=True)
        await asyncio.gather(asking.stop(), answers.stop())
        await _delete_topics(bootstrap, run)


async def _create_topics(bootstrap: str, run: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    names = ("commands", "jobs", "credits", "current", "replies")
    await admin.create_topics([NewTopic(f"bench.{name}.{run}", PARTITIONS, 1) for name in names])
    await admin.close()


async def _delete_topics(bootstrap: str, run: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.delete_topics([f"bench.{n}.{run}" for n in ("commands", "jobs", "credits", "current", "replies")])
    await admin.close()
