"""Of several files of a step the one that suits a field best is taken, and a person may name another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from processors.executor.material import Material, OpenedStep, Upstream
from processors.executor.wiring import Unwirable, wire
from tests.unit.executor.makers import file, model, names

MOTION = model({"image": {"type": "string", "x-media": "image"}, "aspect_ratio": {"type": "string"}, "size": {}})


def picture(name: str, width: int | None = None, height: int | None = None) -> Material:
    made = file(name)
    return replace(made, asset=made.asset.model_copy(update={"width": width, "height": height}))


SMALL, WIDE, TALL = picture("image-1", 320, 180), picture("image-2", 1600, 900), picture("image-3", 900, 1600)
UNKNOWN = picture("image-4")


def taken(*files: Material, **given: Any) -> str:
    step = OpenedStep("video", "t", "w", given, (Upstream("stp_X.1.s1", files),))
    wired = wire(MOTION, step)
    assert not isinstance(wired, Unwirable), str(wired)
    return str(names(wired)["image"])


@pytest.mark.parametrize(
    ("files", "given", "best"),
    [
        ((SMALL, WIDE), {}, "image-2"),
        ((UNKNOWN, SMALL), {}, "image-1"),
        ((WIDE, TALL), {}, "image-2"),
        ((WIDE, TALL), {"aspect_ratio": "9:16"}, "image-3"),
        ((TALL, SMALL), {"aspect_ratio": "16:9"}, "image-1"),
        ((TALL, SMALL, WIDE), {"size": "1280x720"}, "image-2"),
        ((TALL, UNKNOWN), {"aspect_ratio": "16:9"}, "image-3"),
        ((WIDE, TALL), {"aspect_ratio": "wide"}, "image-2"),
        ((TALL, WIDE), {"aspect_ratio": "16:9", "image": "step:s1"}, "image-2"),
        ((WIDE, TALL, SMALL), {"image": "step:s1#3"}, "image-1"),
        ((WIDE, TALL), {"image": "step:stp_X.1.s1#2"}, "image-3"),
    ],
)
def test_the_best_of_a_step_is_taken(files: tuple[Material, ...], given: dict[str, Any], best: str) -> None:
    assert taken(*files, **given) == best


@pytest.mark.parametrize("number", ["0", "3", "x", "-1", "1.5", "٣"])
def test_a_file_that_the_step_has_not_made_is_not_there(number: str) -> None:
    step = OpenedStep("video", "t", "w", {"image": f"step:s1#{number}"}, (Upstream("stp_X.1.s1", (WIDE, TALL)),))
    assert isinstance(wire(MOTION, step), Unwirable)
