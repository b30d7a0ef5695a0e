"""Looks again and again until something is there, or time is up by the clock.

A time-out that is raised into a look may be lost: up to Python 3.11 `asyncio.wait_for`, which the MongoDB driver writes
with, swallows a cancellation where what it waits for has ended by the time it wakes, as a write to a socket mostly has.
On a busy machine those moments are long. A loop that nothing but that time-out ends would then never end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def found_within(
    look: Callable[[], Awaitable[T | None]], within_s: float, rest: Callable[[], Awaitable[object]]
) -> T | None:
    """What a look has found; None when time is up. After each look that finds nothing comes a `rest`."""
    loop = asyncio.get_running_loop()
    by = loop.time() + within_s
    try:
        async with asyncio.timeout_at(by):
            while (found := await look()) is None and loop.time() < by:
                await rest()
            return found
    except TimeoutError:
        return None
