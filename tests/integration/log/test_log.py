"""The log's clients on a real broker: topics, followers, tables, questions and progress."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import ConsumerRecord

from events.log.admin import PartitionCountDiffers, ensure, ensure_topics
from events.log.clients import consumer, producer, transactional_producer
from events.log.follower import Follower
from events.log.polling import polling
from events.log.progress import ProgressSender
from events.log.request_reply import (
    NoReply,
    ProducerDied,
    ReplyAddress,
    RequestReply,
    RequestTooLarge,
    reply_address,
)
from events.log.table import CompactedTable
from events.model import Frozen
from events.progress import Progress
from events.topics import PROGRESS, REPLIES, Topic, topics
from tests.servers import Servers

pytestmark = pytest.mark.servers

COMPACT = {"cleanup.policy": "compact"}


class Value(Frozen):
    n: int


@pytest.fixture
async def topic(servers: Servers) -> Topic:
    made = Topic(f"test.{uuid.uuid4().hex[:8]}", 2, COMPACT)
    await ensure_topics(servers.kafka_bootstrap)
    await ensure(servers.kafka_bootstrap, (made,))
    return made


@asynccontextmanager
async def following(follower: Any) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(follower.run(stop))
    await asyncio.wait_for(follower.ready(), 60)
    yield
    stop.set()
    await asyncio.wait_for(task, 60)


async def test_topics_are_made_once_and_refused_where_counts_differ(servers: Servers) -> None:
    await asyncio.gather(*(ensure_topics(servers.kafka_bootstrap) for _ in range(3)))
    with pytest.raises(PartitionCountDiffers):
        await ensure(servers.kafka_bootstrap, topics(5))


async def test_a_follower_is_ready_once_it_has_seen_what_was_there(servers: Servers, topic: Topic) -> None:
    sender = producer(servers.kafka_bootstrap)
    await sender.start()
    for n in range(50):
        await sender.send_and_wait(topic.name, b"%d" % n, key=b"%d" % n, partition=n % 2)
    seen: list[bytes] = []
    late: list[bytes] = []
    arrived = asyncio.Event()

    def on_late(record: ConsumerRecord[bytes, bytes]) -> None:
        late.append(record.value or b"")
        arrived.set()

    first = Follower(
        servers.kafka_bootstrap, [topic.name], on_record=lambda r: seen.append(r.value or b""), start="beginning"
    )
    second = Follower(servers.kafka_bootstrap, [topic.name], on_record=on_late)
    async with following(first), following(second):
        assert sorted(seen, key=int) == [b"%d" % n for n in range(50)]
        assert first.position == {f"{topic.name}/0": 25, f"{topic.name}/1": 25}
        assert late == []
        await sender.send_and_wait(topic.name, b"new", key=b"new", partition=0)
        await asyncio.wait_for(arrived.wait(), 10)
        assert late == [b"new"]
        assert second.position[f"{topic.name}/0"] == 26
    await sender.stop()


async def test_a_stop_ends_a_poll_and_takes_nothing(servers: Servers, topic: Topic) -> None:
    """What comes while a poll is ended is there for the next reader's poll, as if there had been none before."""
    client, stop = consumer(servers.kafka_bootstrap, reset="earliest"), asyncio.Event()
    await client.start()
    tp = TopicPartition(topic.name, 0)
    client.assign([tp])
    async with polling(client, stop) as polls:
        assert await client.position(tp) == 0
        waiting = asyncio.create_task(polls.next(timeout_ms=3_600_000))
        await asyncio.sleep(0)
        stop.set()
        assert await waiting == {}
    sender = producer(servers.kafka_bootstrap)
    await sender.start()
    await sender.send_and_wait(topic.name, b"later", key=b"k", partition=0)
    assert await client.position(tp) == 0
    [found] = (await client.getmany(tp, timeout_ms=30_000))[tp]
    assert found.value == b"later"
    await sender.stop()
    await client.stop()


async def test_nobody_sees_what_was_aborted(servers: Servers, topic: Topic) -> None:
    writer = transactional_producer(servers.kafka_bootstrap, f"test.{uuid.uuid4().hex}")
    await writer.start()
    await writer.begin_transaction()
    await writer.send_and_wait(topic.name, b'{"n":1}', key=b"ghost", partition=0)
    await writer.abort_transaction()
    async with writer.transaction():
        await writer.send_and_wait(topic.name, b'{"n":2}', key=b"real", partition=0)
    table = CompactedTable(servers.kafka_bootstrap, topic.name, Value)
    async with following(table):
        assert dict(table.items()) == {"real": Value(n=2)}
    await writer.stop()


async def test_a_table_follows_its_topic(servers: Servers, topic: Topic) -> None:
    sender = producer(servers.kafka_bootstrap)
    await sender.start()
    changes: list[tuple[str, Value | None]] = []
    table = CompactedTable(servers.kafka_bootstrap, topic.name, lambda key, raw: Value.model_validate_json(raw))
    table.on_change(lambda key, value: changes.append((key, value)))
    await sender.send_and_wait(topic.name, b'{"n":1}', key=b"a")
    async with following(table):
        assert table.get("a") == Value(n=1)
        waiting = asyncio.create_task(table.wait_for("b", 10))
        await sender.send_and_wait(topic.name, b'{"n":2}', key=b"b")
        assert await waiting == Value(n=2)
        assert await table.wait_for("never", 0.05) is None
        await sender.send_and_wait(topic.name, None, key=b"a")
        await sender.send_and_wait(topic.name, b'{"n":3}', key=b"c")
        assert await table.wait_for("c", 10) == Value(n=3)
    assert changes[:2] == [("a", Value(n=1)), ("b", Value(n=2))]
    assert sorted(changes[2:], key=str) == [("a", None), ("c", Value(n=3))]
    assert len(table) == 2
    await sender.stop()


async def test_a_refusal_counts_where_it_answers_the_last_copy(servers: Servers, topic: Topic) -> None:
    """An answerer that stood a while: it refuses the first copy; what changed meanwhile lets the next in."""
    answerer = producer(servers.kafka_bootstrap)
    await answerer.start()
    copies: list[ReplyAddress] = []

    async def answer(record: ConsumerRecord[bytes, bytes]) -> None:
        to = reply_address(record.headers)
        assert to is not None
        copies.append(to)
        if len(copies) == 2:
            for one, said in zip(copies, (b"refused", b"accepted"), strict=True):
                await answerer.send_and_wait(REPLIES, said, key=one.token, partition=one.partition)

    follower = Follower(servers.kafka_bootstrap, [topic.name], on_record=answer)
    async with following(follower), RequestReply(servers.kafka_bootstrap, "patient") as requests:
        kept = b"accepted".__eq__
        assert await requests.request(topic.name, b"k", b"may I?", [], timeout_s=30, remembered=kept) == b"accepted"
    await answerer.stop()


async def test_each_question_gets_its_own_answer(servers: Servers, topic: Topic) -> None:
    answerer = producer(servers.kafka_bootstrap)
    await answerer.start()
    ignored: set[bytes] = set()

    async def answer(record: ConsumerRecord[bytes, bytes]) -> None:
        to = reply_address(record.headers)
        assert to is not None
        assert record.value is not None
        if record.value.startswith(b"lost") and record.value not in ignored:
            ignored.add(record.value)
            return
        for _ in range(2):  # a reply that comes twice does no harm
            await answerer.send_and_wait(REPLIES, b"re:" + record.value, key=to.token, partition=to.partition)

    follower = Follower(servers.kafka_bootstrap, [topic.name], on_record=answer)
    async with (
        following(follower),
        RequestReply(servers.kafka_bootstrap, "one") as one,
        RequestReply(servers.kafka_bootstrap, "one") as twin,  # shares the reply partition
    ):
        asked = [
            requests.request(topic.name, b"same key", b"%s %d" % (name, n), [], timeout_s=10)
            for n in range(20)
            for name, requests in ((b"one", one), (b"twin", twin))
        ]
        assert await asyncio.gather(*asked) == [
            b"re:%s %d" % (name, n) for n in range(20) for name in (b"one", b"twin")
        ]
        assert await one.request(topic.name, b"k", b"lost once", [], timeout_s=10) == b"re:lost once"
    await answerer.stop()


async def test_without_an_answer_the_asker_is_told_in_time(servers: Servers, topic: Topic) -> None:
    async with RequestReply(servers.kafka_bootstrap, "lonely") as requests:
        with pytest.raises(NoReply):
            await requests.request(topic.name, b"k", b"anyone?", [], timeout_s=0.3)
        assert requests._waiting == {}


async def test_what_the_log_will_never_take_is_told_at_once(servers: Servers, topic: Topic) -> None:
    async with RequestReply(servers.kafka_bootstrap, "large") as requests:
        with pytest.raises(RequestTooLarge):
            await requests.request(topic.name, b"k", b"x" * 2_000_000, [], timeout_s=60)
        assert requests._waiting == {}


async def test_progress_keeps_a_sessions_order_and_drops_what_does_not_fit(servers: Servers, topic: Topic) -> None:
    session = f"ses_{uuid.uuid4().hex}"
    seen: list[int] = []
    all_there = asyncio.Event()

    def on_record(record: ConsumerRecord[bytes, bytes]) -> None:
        if record.key == session.encode() and record.value is not None:
            seen.append(Progress.model_validate_json(record.value).data["n"])
            if len(seen) == 300:
                all_there.set()

    follower = Follower(servers.kafka_bootstrap, [PROGRESS], on_record=on_record)
    async with following(follower), ProgressSender(servers.kafka_bootstrap) as sender:
        for n in range(300):
            await sender.send(Progress(org_id="org", session_id=session, event="x", data={"n": n}))
        await asyncio.wait_for(all_there.wait(), 10)
        assert sender.dropped == 0
        for n in range(3000):  # faster than anything is sent: no turn of the loop in between
            await sender.send(Progress(org_id="org", event="x", data={"n": n}))
        assert sender.dropped == 1000
    assert seen == list(range(300))


async def test_what_the_body_raises_goes_on_as_it_is(servers: Servers, topic: Topic) -> None:
    with pytest.raises(KeyError):
        async with RequestReply(servers.kafka_bootstrap, "body"):
            raise KeyError("mine")


async def test_who_can_ask_no_more_is_ended(servers: Servers, topic: Topic) -> None:
    async def body() -> None:
        async with RequestReply(servers.kafka_bootstrap, "dying") as requests:
            requests._producer._sender.sender_task.cancel()
            await asyncio.wait_for(asyncio.Event().wait(), 60)

    with pytest.raises(ProducerDied):
        await body()


async def test_who_cannot_begin_says_why(servers: Servers) -> None:
    with pytest.raises(KafkaConnectionError):
        async with RequestReply("127.0.0.1:1", "nowhere"):
            raise AssertionError("never begun")
