"""A reader's rest: nothing is fetched meanwhile, and afterwards everything that is still its own."""

from __future__ import annotations

import asyncio

from aiokafka import TopicPartition

from events.log.clients import consumer
from events.log.resting import resting

ONE, TWO = TopicPartition("events.jobs", 0), TopicPartition("events.jobs", 1)
REST_S = 0.05


async def test_nothing_is_fetched_until_the_rest_is_over() -> None:
    client, loop = consumer("127.0.0.1:9"), asyncio.get_running_loop()
    client.assign([ONE, TWO])
    began = loop.time()
    async with resting(client, REST_S):
        assert client.paused() == {ONE, TWO}
    assert loop.time() - began >= REST_S
    assert client.paused() == frozenset()


async def test_a_partition_that_has_gone_meanwhile_stays_gone() -> None:
    client = consumer("127.0.0.1:9")
    client.assign([ONE, TWO])
    async with resting(client, REST_S):
        client.assign([TWO])
    assert client.assignment() == {TWO}
    assert client.paused() == frozenset()


async def test_no_rest_changes_nothing() -> None:
    client = consumer("127.0.0.1:9")
    client.assign([ONE])
    async with resting(client, 0.0):
        assert client.paused() == frozenset()
