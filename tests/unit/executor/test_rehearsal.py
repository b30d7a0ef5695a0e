"""What cannot be wired is said before anything runs, in the schema's words alone."""

from __future__ import annotations

from commands.ports import StepToWire
from events.catalog.events import ModelSpec
from processors.executor.rehearsal import rehearsal, unwirable, unwirable_plan
from tests.unit.executor.makers import model

PAINTER = model({"prompt": {"type": "string", "maxLength": 12}}, "prompt").model_copy(update={"media_out": ("image",)})
MOTION = model({"image": {"type": "string", "x-media": "image"}}, "image").model_copy(update={"media_out": ("video",)})


def step(step_id: str, spec: ModelSpec | None, *depends_on: str, words: str = "A bottle") -> StepToWire:
    return StepToWire(step_id, "image", words, words, spec, {}, depends_on)


def test_a_plan_that_can_run_has_no_flag() -> None:
    assert unwirable_plan([step("stp_X.1.s1", PAINTER), step("stp_X.1.s2", MOTION, "stp_X.1.s1")], {}) == ()
    assert unwirable_plan([step("stp_X.1.s1", MOTION)], {"image_1": "image"}) == ()


def test_another_model_above_is_felt_below() -> None:
    speaker = PAINTER.model_copy(update={"media_out": ("audio",)})
    told = unwirable_plan([step("stp_X.1.s1", speaker), step("stp_X.1.s2", MOTION, "stp_X.1.s1")], {})
    assert told == ("s2:unwirable:image: needs image; there is audio to take it from",)


def test_a_step_without_a_model_says_nothing_yet() -> None:
    [told] = unwirable_plan([step("stp_X.1.s1", None), step("stp_X.1.s2", MOTION, "stp_X.1.s1")], {})
    assert told.startswith("s2:unwirable:image: needs image; there is nothing")


def test_what_stands_in_the_input_is_not_told() -> None:
    opened = rehearsal("image", "t", "My secret wish of a life", {}, {}, {})
    assert unwirable(PAINTER, opened) == ("unwirable:prompt: must have at most 12 characters",)
