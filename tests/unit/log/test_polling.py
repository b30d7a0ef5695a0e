"""A reader's polls: a stop ends the one that waits, and there is none after it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer

from events.log.polling import polling

HOUR_MS = 3_600_000


class Client:
    """A consumer for which nothing ever comes, or whose own call takes too long."""

    def __init__(self, error: Exception | None = None) -> None:
        self.polled = asyncio.Event()
        self.polls = 0
        self._error = error

    async def getmany(self, **_: Any) -> Any:
        self.polls += 1
        self.polled.set()
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()


async def test_a_stop_ends_the_poll_that_waits_and_all_later_ones() -> None:
    client, stop = Client(), asyncio.Event()
    async with polling(cast("AIOKafkaConsumer", client), stop) as polls:
        waiting = asyncio.create_task(polls.next(timeout_ms=HOUR_MS))
        await client.polled.wait()
        stop.set()
        assert await waiting == {}
        assert await polls.next(timeout_ms=HOUR_MS) == {}
    assert client.polls == 1


async def test_what_takes_too_long_inside_the_client_is_no_end() -> None:
    client = Client(TimeoutError("a request"))
    async with polling(cast("AIOKafkaConsumer", client), asyncio.Event()) as polls:
        with pytest.raises(TimeoutError, match="a request"):
            await polls.next(timeout_ms=HOUR_MS)


async def test_who_is_cancelled_while_it_polls_is_cancelled() -> None:
    client = Client()
    async with polling(cast("AIOKafkaConsumer", client), asyncio.Event()) as polls:
        waiting = asyncio.create_task(polls.next(timeout_ms=HOUR_MS))
        await client.polled.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
