"""What of the diffusion engine holds without torch: its sizes, and that it is served where it can be."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_workers.engines.diffusion import INSTALL, MODEL, SCHEMA, SIDE_MAX_PX, SIDE_STEP_PX, missing, size_of
from gpu_workers.engines.registry import engines, engines_by
from gpu_workers.settings import WorkerSettings
from tests.catalog import shipped

SIDES = st.integers(64, SIDE_MAX_PX)


@pytest.mark.parametrize(
    ("asked", "picture", "size"),
    [
        ({}, None, (1024, 1024)),
        ({"width": 1000, "height": 700}, None, (992, 688)),
        ({"aspect": "16:9", "width": 64}, None, (1280, 720)),
        ({}, (3000, 1500), (1536, 768)),
        ({}, (200, 100), (192, 96)),
        ({"width": 512}, (200, 100), (512, 1024)),
        ({}, (3000, 20), (1536, 64)),
    ],
)
def test_a_size_is_what_was_asked_for_else_the_pictures_within_bounds(
    asked: dict[str, Any], picture: tuple[int, int] | None, size: tuple[int, int]
) -> None:
    assert size_of(asked, picture) == size


@given(st.fixed_dictionaries({}, optional={"width": SIDES, "height": SIDES}), st.tuples(*[st.integers(1, 60_000)] * 2))
def test_every_size_is_one_that_a_model_can_make(asked: dict[str, int], picture: tuple[int, int]) -> None:
    for given_picture in (None, picture):
        assert all(64 <= side <= SIDE_MAX_PX and side % SIDE_STEP_PX == 0 for side in size_of(asked, given_picture))


def test_without_the_extra_the_model_is_not_served_and_one_line_says_what_to_install(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        served = {engine.spec.model for engine in engines_by(WorkerSettings(worker_diffusion_model="owner/model"))}
    assert (MODEL in served) == (not missing())
    assert [INSTALL in record.getMessage() for record in caplog.records] == ([True] if missing() else [])
    assert served - {MODEL} == {engine.spec.model for engine in engines()}


def test_without_a_model_that_is_set_nothing_is_looked_for(caplog: pytest.LogCaptureFixture) -> None:
    assert MODEL not in {engine.spec.model for engine in engines_by(WorkerSettings())}
    assert not caplog.records


def test_the_catalog_says_of_it_what_it_says_of_itself() -> None:
    (listed,) = (entry.spec for entry in shipped() if entry.spec.id == MODEL)
    assert listed.input_schema == SCHEMA
    assert (listed.limits.max_width, listed.limits.max_height, listed.limits.max_runtime_s) == (1536, 1536, 600)
    assert listed.announced is False
