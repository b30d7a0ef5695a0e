"""Looking for something ends when it is there or time is up, also where a look swallows what should end it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from projections.looking import found_within

WITHIN_S = 0.2
AT_MOST_S = 5.0


def a_moment() -> Awaitable[None]:
    return asyncio.sleep(0.01)


async def for_ever() -> str | None:
    await asyncio.Event().wait()
    return None


async def on_a_busy_machine() -> str | None:
    """As the driver writes to its socket; time runs out while nothing else can run."""

    async def write() -> None:
        time.sleep(2 * WITHIN_S)  # noqa: ASYNC251 - nothing else runs meanwhile

    await asyncio.wait_for(write(), AT_MOST_S)
    return None


async def nothing() -> str | None:
    return None


@pytest.mark.parametrize("look", [nothing, for_ever, on_a_busy_machine])
async def test_what_is_not_there_is_given_up_in_time(look: Callable[[], Awaitable[str | None]]) -> None:
    async with asyncio.timeout(AT_MOST_S):
        assert await found_within(look, WITHIN_S, a_moment) is None
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_appears_is_found() -> None:
    looks = iter([None, None, "there"])

    async def look() -> str | None:
        return next(looks)

    assert await found_within(look, AT_MOST_S, a_moment) == "there"


async def test_a_rest_may_end_early() -> None:
    arrived = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.01, arrived.set_result, "there")

    async def look() -> str | None:
        return arrived.result() if arrived.done() else None

    began = time.monotonic()
    found = await found_within(look, AT_MOST_S, lambda: asyncio.wait([arrived], timeout=AT_MOST_S))
    assert found == "there"
    assert time.monotonic() - began < AT_MOST_S


async def test_who_is_cancelled_is_cancelled() -> None:
    looking = asyncio.ensure_future(found_within(nothing, AT_MOST_S, a_moment))
    await asyncio.sleep(0)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
