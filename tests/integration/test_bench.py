"""The benchmarks' clients speak as the product does today: what they ask for is decided, not refused."""

from __future__ import annotations

import pytest

from bench.pair_client import Client
from bench.pairs import recipe_of
from events.topics import EVENTS_CREDITS
from tests.platform import Core

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]


async def test_pairs_are_reserved_and_captured(core: Core) -> None:
    async with Client(core.servers.kafka_bootstrap, "orgs") as client:
        await client.open(2)
        await client.pairs(orgs=2, in_flight=4, count=6)
    recipe = await recipe_of(core.servers.kafka_bootstrap, 6)
    assert EVENTS_CREDITS in {topic for topic, _, _ in recipe.records}
