"""What cannot be wired is said before anything runs, in the schema's words alone."""

from __future__ import annotations

from typing import Any

import pytest

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


IMAGE: dict[str, Any] = {"type": "string", "x-media": "image"}
TALKS = model({"prompt": {"type": "string"}}, "prompt")


@pytest.mark.parametrize(
    ("before", "spec", "left_over"),
    [
        (["image"], TALKS, ["s1"]),
        (["text"], TALKS, []),
        (["text", "image"], TALKS, ["s2"]),
        (["text"], model({"image": IMAGE}), ["s1"]),
        (["image", "image", "image"], model({"image": IMAGE}), ["s2", "s3"]),
        (["image", "image", "image"], model({"images": {"type": "array", "items": IMAGE, "maxItems": 2}}), ["s3"]),
        (["image video"], model({"image": IMAGE}), []),
        (["image"], model({"image": IMAGE}), []),
        ([""], model({"image": IMAGE}), []),
    ],
)
def test_what_comes_out_and_goes_nowhere_is_said(before: list[str], spec: ModelSpec, left_over: list[str]) -> None:
    upstream = {f"stp_X.1.s{n}": media.split() for n, media in enumerate(before, 1)}
    told = unwirable(spec, rehearsal("video", "t", "Animate it", {}, upstream, {}))
    assert [flag.split(":")[:2] for flag in told] == [["unused", step] for step in left_over]


def test_what_a_persons_own_file_takes_the_place_of_is_left_over() -> None:
    opened = rehearsal("video", "t", "w", {"image": "upload:image_1"}, {"s1": ["image"]}, {"image_1": "image"})
    assert len(unwirable(model({"image": IMAGE}), opened)) == 1
