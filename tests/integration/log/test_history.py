"""Reading the log in bulk, on a real broker: every committed record once, from given offsets to the end."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest
from aiokafka import TopicPartition

from events.log.admin import ensure
from events.log.clients import Record, close, consumer, transactional_producer
from events.log.history import History, in_step
from events.log.routing import partition_of
from events.topics import Topic
from tests.servers import Servers

pytestmark = pytest.mark.servers


@pytest.fixture
async def topic(servers: Servers) -> str:
    name = f"test.{uuid.uuid4().hex[:8]}"
    await ensure(servers.kafka_bootstrap, (Topic(name, 2, {}), Topic(f"{name}.b", 2, {})))
    return name


class Writer:
    """Transactions on one partition each; they return once readers can see them."""

    def __init__(self, bootstrap: str) -> None:
        self.producer = transactional_producer(bootstrap, f"test.{uuid.uuid4().hex}")
        self.reader = consumer(bootstrap)
        self._ends: Counter[TopicPartition] = Counter()

    async def commit(self, topic: str, values: range, partition: int = 0) -> None:
        async with self.producer.transaction():
            for value in values:
                await self.producer.send(topic, b"%d" % value, partition=partition, timestamp_ms=1_000 + value)
        await self._visible(topic, partition, len(values))

    async def abort(self, topic: str, partition: int = 0) -> None:
        await self.producer.begin_transaction()
        await self.producer.send_and_wait(topic, b"ghost", partition=partition)
        await self.producer.abort_transaction()
        await self._visible(topic, partition, 1)

    async def _visible(self, topic: str, partition: int, count: int) -> None:
        """The broker answers a commit before its marker, which takes an offset too, is written."""
        tp = TopicPartition(topic, partition)
        self._ends[tp] += count + 1
        async with asyncio.timeout(30):
            while (await self.reader.end_offsets([tp]))[tp] < self._ends[tp]:
                pass


@pytest.fixture
async def writer(servers: Servers) -> AsyncIterator[Writer]:
    made = Writer(servers.kafka_bootstrap)
    await made.producer.start()
    await made.reader.start()
    yield made
    await close(made.producer, made.reader)


async def all_of(history: History, topic: str, partition: int) -> list[int]:
    read: list[int] = []
    while records := await history.batch(topic, partition):
        read += numbers(records)
    return read


def numbers(records: Sequence[Record]) -> list[int]:
    return [int(record.value or b"") for record in records]


async def test_every_committed_record_is_read_once_and_the_end_is_reached(
    servers: Servers, topic: str, writer: Writer
) -> None:
    await writer.commit(topic, range(10_000))
    await writer.abort(topic)
    await writer.commit(topic, range(10_000, 10_003), partition=1)
    await writer.abort(topic, partition=1)
    async with History(servers.kafka_bootstrap, [topic]) as history:
        assert history.numbers == [0, 1]
        assert (history.done, history.total) == (0, 10_003 + 2 + 2 * 2)
        assert await all_of(history, topic, 0) == list(range(10_000))
        assert await all_of(history, topic, 1) == [10_000, 10_001, 10_002]
        assert history.done == history.total
        assert history.position == {f"{topic}/0": 10_003, f"{topic}/1": 6}


async def test_reading_begins_at_the_offsets_given_and_goes_on_where_the_log_went_on(
    servers: Servers, topic: str, writer: Writer
) -> None:
    await writer.commit(topic, range(10))
    async with History(servers.kafka_bootstrap, [topic], starts={f"{topic}/0": 7}) as history:
        assert await all_of(history, topic, 0) == [7, 8, 9]
        assert await history.extend() is False
        await writer.commit(topic, range(10, 12))
        assert await all_of(history, topic, 0) == []
        assert await history.extend() is True
        assert await all_of(history, topic, 0) == [10, 11]


async def test_nobody_waits_for_a_transaction_that_is_open(servers: Servers, topic: str, writer: Writer) -> None:
    await writer.commit(topic, range(3))
    await writer.producer.begin_transaction()
    await writer.producer.send_and_wait(topic, b"3", partition=0)
    async with History(servers.kafka_bootstrap, [topic]) as history:
        assert await all_of(history, topic, 0) == [0, 1, 2]
    await writer.producer.commit_transaction()


async def test_with_a_key_only_its_partitions_are_read(servers: Servers, topic: str, writer: Writer) -> None:
    at = partition_of("org_A", 2)
    await writer.commit(topic, range(3), partition=at)
    await writer.commit(topic, range(3), partition=1 - at)
    async with History(servers.kafka_bootstrap, [topic], key="org_A") as history:
        assert history.numbers == [at]
        assert history.total == 4


async def test_two_topics_come_in_the_order_of_their_time(servers: Servers, topic: str, writer: Writer) -> None:
    """Within what one fetch holds: a batch of the one never runs further ahead than a batch of the other."""
    both = [topic, f"{topic}.b"]
    for start in range(0, 60, 20):
        await writer.commit(both[0], range(start, start + 10))
        await writer.commit(both[1], range(start + 10, start + 20))
    async with History(servers.kafka_bootstrap, both) as history:
        read = [(batch[0].topic, numbers(batch)) async for batch in in_step(history, 0, both)]
    for name in both:
        of_one = [value for topic, values in read if topic == name for value in values]
        assert of_one == sorted(of_one)
        assert len(of_one) == 30
    firsts = [values[0] for _, values in read]
    assert firsts == sorted(firsts)
