"""A stream ends with its client, whatever it is just doing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from gateway.live.sse import EventStream

AT_MOST_S = 5.0


async def reading_without_end() -> AsyncGenerator[bytes]:
    """As the database's driver does it: up to Python 3.11 a cancellation that comes when a write is done is lost."""

    async def write() -> None:
        pass

    while True:
        await asyncio.wait_for(write(), AT_MOST_S)
        yield b": keep\n"


async def taken(_: Any) -> None:
    pass


@pytest.mark.parametrize("turns", range(8))
async def test_it_ends_once_the_client_is_gone(turns: int) -> None:
    """In whichever turn of the loop that is."""

    async def gone() -> dict[str, str]:
        for _ in range(10 + turns):
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    chunks = reading_without_end()
    async with asyncio.timeout(AT_MOST_S):
        await EventStream(chunks)({"type": "http"}, gone, taken)
    with pytest.raises(StopAsyncIteration):
        await anext(chunks)


async def test_it_ends_with_what_it_sends() -> None:
    async def two() -> AsyncGenerator[bytes]:
        yield b"one"
        yield b"two"

    async def stays() -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async with asyncio.timeout(AT_MOST_S):
        await EventStream(two())({"type": "http"}, stays, send)
    assert b"".join(one.get("body", b"") for one in sent) == b"onetwo"


async def test_what_it_fails_of_is_raised() -> None:
    async def fails() -> AsyncGenerator[bytes]:
        yield b"one"
        raise RuntimeError("no more")

    async def stays() -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(RuntimeError, match="no more"):
        await EventStream(fails())({"type": "http"}, stays, taken)
