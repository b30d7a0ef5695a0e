"""The catalog says of our engines what the engines say of themselves."""

from __future__ import annotations

import pytest

from gpu_workers.engines.base import Engine
from gpu_workers.engines.registry import engines
from tests.catalog import shipped

LISTED = {
    entry.spec.id: entry.spec for entry in shipped() if entry.spec.provider == "fleet" and entry.spec.announced is None
}
"""What any worker can run."""


def test_every_engine_is_listed_and_nothing_else() -> None:
    assert set(LISTED) == {engine.spec.model for engine in engines()}


@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.spec.model)
def test_the_entry_is_the_engine(engine: Engine) -> None:
    entry = LISTED[engine.spec.model]
    assert entry.input_schema == engine.spec.input_schema
    assert entry.media_out == engine.spec.media_out
    assert entry.limits.max_runtime_s == engine.spec.max_runtime_s
    assert "local-cpu" in entry.title
    assert "local-cpu" in entry.tags
    assert engine.spec.name.startswith("local-cpu/")
    assert entry.active


@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.spec.model)
def test_stated_limits_are_those_of_the_fields(engine: Engine) -> None:
    limits, rules = LISTED[engine.spec.model].limits, engine.spec.input_schema["properties"]
    for name in ("width", "height", "duration_s"):
        if name in rules:
            assert getattr(limits, f"max_{name}") == rules[name]["maximum"]
