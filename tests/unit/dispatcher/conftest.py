"""The far ends that these tests may ask for, and the house between them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.providers.worlds import FleetWorld, ReplicateWorld, fleet_world, replicate_world
from tests.unit.dispatcher.house import House


@pytest.fixture
async def fleet() -> AsyncIterator[FleetWorld]:
    async with fleet_world() as world:
        yield world


@pytest.fixture
async def remote() -> AsyncIterator[ReplicateWorld]:
    async with replicate_world() as world:
        yield world


@pytest.fixture
def house(request: pytest.FixtureRequest) -> House:
    """With the providers that the test asks for."""
    worlds = [request.getfixturevalue(name) for name in ("fleet", "remote") if name in request.fixturenames]
    return House(*(world.provider for world in worlds))
