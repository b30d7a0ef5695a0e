"""Every model of our own files can be planned, priced and wired."""

from __future__ import annotations

import pytest

from commands import pricing
from events.catalog.events import ModelSpec
from processors.executor.material import OpenedStep
from processors.executor.slots import media_slots, text_slots
from processors.executor.wiring import Unwirable, wire
from tests.catalog import shipped
from tests.unit.executor.makers import upstream

SPECS = [entry.spec for entry in shipped()]
EXAMPLES = {"audio": "audio", "image": "image", "video": "video", "3d": "3d", "text": "text"}

every = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)


@every
def test_the_media_it_takes_have_fields(spec: ModelSpec) -> None:
    kinds = {kind for slot in media_slots(spec.input_schema) for kind in slot.kinds}
    taken = kinds | ({"text"} if text_slots(spec.input_schema) else set())
    assert kinds <= set(spec.media_in)
    assert set(spec.media_in) <= taken


@every
def test_a_step_with_all_its_media_upstream_becomes_a_job_that_costs_something(spec: ModelSpec) -> None:
    given = upstream(*(EXAMPLES[kind] for kind in spec.media_in for _ in range(2)))
    words = "A product film in which a bottle turns slowly in warm light"
    wired = wire(spec, OpenedStep(spec.agent_type, "Film", words, {}, given))
    if isinstance(wired, Unwirable):
        pytest.fail(str(wired))
    _, amount = pricing.estimate(spec, wired)
    assert amount >= 1


@every
def test_its_name_on_the_wire_and_its_provider_are_told(spec: ModelSpec) -> None:
    assert spec.id.count("/") >= 1
    assert spec.description
    assert spec.provider
    assert spec.media_out


def test_each_medium_has_a_known_safe_model() -> None:
    safe = {medium for spec in SPECS if spec.safe for medium in spec.media_out}
    assert {"image", "video", "audio", "text"} <= safe
