"""Fixtures of the agents' tests."""

from __future__ import annotations

import pytest

from processors.agents.catalog import Catalog
from tests.unit.agents.makers import small_catalog


@pytest.fixture
def catalog() -> Catalog:
    return small_catalog()
