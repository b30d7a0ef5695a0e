"""Fixtures of the agents' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from processors.agents.catalog import Catalog
from tests.unit.agents.makers import small_catalog


@pytest.fixture
def catalog() -> Catalog:
    return small_catalog()


def alarms() -> float:
    return REGISTRY.get_sample_value("studio_reactor_poison_total", {"group": "agents"}) or 0.0


@pytest.fixture(autouse=True)
def expected_alarms() -> Iterator[list[str]]:
    """Add to it what shall be raised and told as a word; anything else that is raised fails the test."""
    expected: list[str] = []
    before = alarms()
    yield expected
    assert alarms() - before == len(expected), "the rules raised, see the log"
