"""What is waited for again and again is late when it is, and only then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from adapters.llm.watch import Watch

SOON = 0.02
NEVER = 60.0


async def after(*waits: float) -> AsyncIterator[int]:
    for number, wait in enumerate(waits):
        await asyncio.sleep(wait)
        yield number


async def at_once() -> AsyncIterator[int]:
    while True:
        yield 0


def within(seconds: float) -> float:
    return time.monotonic() + seconds


async def test_what_comes_in_time_is_given_back_and_the_end_is_none() -> None:
    things = after(0, 0)
    with Watch() as watch:
        assert [await watch.next(things, within(NEVER)) for _ in range(3)] == [0, 1, None]


async def test_what_is_late_is_cancelled() -> None:
    things = after(NEVER)
    with Watch() as watch, pytest.raises(TimeoutError):
        await watch.next(things, within(SOON))
    assert await anext(things, None) is None
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_each_has_a_time_of_its_own_though_one_timer_is_set() -> None:
    things = after(0, 3 * SOON, NEVER)
    with Watch() as watch:
        assert await watch.next(things, within(2 * SOON)) == 0
        assert await watch.next(things, within(NEVER)) == 1
        async with asyncio.timeout(NEVER / 2):
            with pytest.raises(TimeoutError):
                await watch.next(things, within(SOON))


async def test_nobody_is_late_while_nobody_waits() -> None:
    things = after(0, 0)
    with Watch() as watch:
        assert await watch.next(things, within(SOON)) == 0
        await asyncio.sleep(2 * SOON)
        assert await watch.next(things, within(NEVER)) == 1


async def test_what_comes_without_a_pause_and_without_end_is_over_in_time() -> None:
    things, until = at_once(), within(SOON)

    async def all_of_them(watch: Watch) -> None:
        while True:
            await watch.next(things, until)

    with Watch() as watch, pytest.raises(TimeoutError):
        await all_of_them(watch)


async def test_a_cancel_from_outside_stays_a_cancel() -> None:
    waiting = asyncio.Event()

    async def wait() -> None:
        with Watch() as watch:
            waiting.set()
            await watch.next(after(NEVER), within(NEVER))

    task = asyncio.create_task(wait())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_takes_no_notice_is_late_all_the_same() -> None:
    async def deaf() -> AsyncIterator[int]:
        try:
            await asyncio.sleep(NEVER)
        except asyncio.CancelledError:
            yield 0

    with Watch() as watch, pytest.raises(TimeoutError):
        await watch.next(deaf(), within(SOON))
