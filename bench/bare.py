"""The bare client on the same broker: a transactional loop of the decider's shape with nothing of ours in it.

Commands from one topic, events and the input offset in one transaction, replies after it: what is measured against
this is the price of everything that the product adds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from ulid import ULID

from bench.load import Sample, drive
from commands.wire import encode_answer
from events.log.clients import Record, consumer, producer, transactional_producer
from events.log.request_reply import RequestReply, reply_address
from events.topics import REPLIES

PARTITIONS = 4
BATCH_MAX = 500
COMMANDS = "bench.commands"
COMMAND = b"c" * 600
ANSWER = encode_answer(None, {})
ANSWER_WITHIN_S = 30


@dataclass(frozen=True)
class Recipe:
    """What a command becomes: for each topic, how many records on average and of how many bytes."""

    records: tuple[tuple[str, float, int], ...]

    def of(self, number: int) -> Sequence[tuple[str, int]]:
        """Topic and size of each record of the n-th command; the averages come out over many."""
        return [
            (topic, size)
            for topic, count, size in self.records
            for _ in range(int((number + 1) * count) - int(number * count))
        ]

    def as_json(self) -> str:
        return json.dumps(self.records)

    @classmethod
    def of_json(cls, text: str) -> Recipe:
        return cls(tuple((topic, count, size) for topic, count, size in json.loads(text)))


ACCEPTED = Recipe((("jobs", 2, 400), ("credits", 1, 400), ("current", 1, 400)))
"""About what the acceptance of a job is on the log."""


class Loop:
    """One partition of a decider without a decision."""

    def __init__(self, bootstrap: str, run: str, partition: int, recipe: Recipe) -> None:
        self.bootstrap = bootstrap
        self.run = run
        self.input = TopicPartition(COMMANDS, partition)
        self.recipe = recipe
        self.number = 0

    async def serve(self) -> None:
        async with self._clients() as (transactional, replies, source):
            while True:
                batches = await source.getmany(timeout_ms=200, max_records=BATCH_MAX)
                records = batches.get(self.input, [])
                if not records:
                    continue
                async with transactional.transaction():
                    await self._send(transactional, records)
                for record in records:
                    to = reply_address(record.headers)
                    if to is not None:
                        await replies.send(REPLIES, ANSWER, key=to.token, partition=to.partition)

    async def _send(self, transactional: AIOKafkaProducer, records: Sequence[Record]) -> None:
        sends = []
        for record in records:
            for topic, size in self.recipe.of(self.number):
                value, where = b"x" * size, self.input.partition
                sends.append(
                    await transactional.send(f"bench.{topic}.{self.run}", value, key=record.key, partition=where)
                )
            self.number += 1
        await asyncio.gather(*sends)
        await transactional.send_offsets_to_transaction({self.input: records[-1].offset + 1}, f"bench-{self.run}")

    @contextlib.asynccontextmanager
    async def _clients(self) -> AsyncIterator[tuple[AIOKafkaProducer, AIOKafkaProducer, AIOKafkaConsumer]]:
        transactional = transactional_producer(self.bootstrap, f"bench.{self.run}.{self.input.partition}")
        replies, source = producer(self.bootstrap), consumer(self.bootstrap)
        await transactional.start()
        await replies.start()
        await source.start()
        source.assign([self.input])
        await source.seek_to_end(self.input)
        await source.position(self.input)
        try:
            yield transactional, replies, source
        finally:
            await asyncio.gather(transactional.stop(), replies.stop(), source.stop())


@contextlib.asynccontextmanager
async def serve(bootstrap: str, recipe: Recipe) -> AsyncIterator[None]:
    """Four loops on topics of their own, taking from `bench.commands` whatever comes while the context lasts."""
    run = str(ULID())
    topics = [f"bench.{topic}.{run}" for topic, _, _ in recipe.records]
    await create([COMMANDS, *topics], bootstrap)
    loops = [asyncio.create_task(Loop(bootstrap, run, number, recipe).serve()) for number in range(PARTITIONS)]
    try:
        yield
    finally:
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await delete(topics, bootstrap)


async def measure(bootstrap: str, calls: int, clients: int, keys: int) -> Sample:
    """Commands a second through the bare loop, asked and answered over Kafka."""
    async with serve(bootstrap, ACCEPTED), RequestReply(bootstrap, "bench-bare") as requests:

        async def ask(number: int) -> None:
            key = b"%d" % (number % keys)
            await requests.request(COMMANDS, key, COMMAND, [], timeout_s=ANSWER_WITHIN_S)

        await drive(min(clients * 2, calls), clients, ask)
        return await drive(calls, clients, ask)


async def create(names: Sequence[str], bootstrap: str) -> None:
    """Makes those that are not there and waits until the broker leads them all."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names if name not in there])
        async with asyncio.timeout(ANSWER_WITHIN_S):
            while not _led(await admin.describe_topics(list(names))):  # noqa: ASYNC110 - the broker tells nobody
                await asyncio.sleep(0.05)
    finally:
        await admin.close()


def _led(topics: Sequence[Any]) -> bool:
    return all(not topic["error_code"] and topic["partitions"] for topic in topics)


async def delete(names: Sequence[str], bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.delete_topics(list(names))
    await admin.close()
