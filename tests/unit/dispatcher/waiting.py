"""Waits for what a far end has seen, which tells nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.contract.providers.worlds import FleetWorld, ReplicateWorld


async def until(happened: Callable[[], bool]) -> None:
    """Waits for what a far end, which tells nobody, has seen."""
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def until_accepted(world: FleetWorld | ReplicateWorld) -> None:
    if isinstance(world, FleetWorld):
        await until(lambda: world.cog.accepted.total() > 0)
    else:
        await until(lambda: len(world.simulator.control.accepted) > 0)
