"""The selector takes what fits, then what the words ask for, then a balanced price."""

from __future__ import annotations

from typing import Any

import pytest

from events.catalog.current import CurrentModel
from events.catalog.events import Price
from processors.agents.catalog import Catalog
from processors.agents.fitting.selector import select
from processors.agents.plan import PlannedStep
from processors.agents.words.references import Known, KnownStep, KnownUpload
from tests.unit.agents.makers import model, schema

IMAGE = KnownStep("i", "stp_X.1.i", frozenset({"image"}))
VIDEO = KnownStep("v", "stp_X.1.v", frozenset({"video"}))
AUDIO = KnownStep("a", "stp_X.1.a", frozenset({"audio"}))
TEXT = KnownStep("t", "stp_X.1.t", frozenset({"text"}))
UPLOAD = KnownUpload("image_1", "image")


def step(kind: str, words: str = "go", **more: Any) -> PlannedStep:
    return PlannedStep("s", "", words, kind, **more)


@pytest.mark.parametrize(
    ("wanted", "known", "chosen"),
    [
        (step("image"), Known(), "local/picture"),
        (step("video"), Known(steps=(IMAGE,)), "local/motion"),
        (step("video"), Known(), "far/cinema"),
        (step("video", "animate image_1"), Known((UPLOAD,)), "local/motion"),
        (step("video", "the sea"), Known((UPLOAD,)), "far/cinema"),
        (step("speech"), Known(steps=(VIDEO,)), "local/voiceover"),
        (step("speech"), Known(), "local/speech"),
        (step("speech"), Known(steps=(TEXT,)), "local/speech"),
        (step("speech"), Known(steps=(VIDEO, TEXT)), "local/voiceover"),
        (step("3d"), Known(), "local/mesh"),
        (step("lipsync"), Known(steps=(AUDIO, IMAGE)), "local/lipsync"),
        (step("text"), Known(), "text/writer"),
        (step("utility", "merge them"), Known(steps=(VIDEO, AUDIO)), "local/merge"),
        (step("utility", "join the clips"), Known(steps=(VIDEO, VIDEO)), "local/concat"),
        (step("utility", "a thumbnail of it"), Known(steps=(VIDEO,)), "local/thumbnail"),
        (step("image", model="local/picture"), Known(), "local/picture"),
        (step("image", model="Local/Pictur"), Known(), "local/picture"),
        (step("image", model="dall-e-9"), Known(), "local/picture"),
        (step("image", model="local/gone"), Known(), "local/picture"),
        (step("image", model="local/music"), Known(), "local/picture"),
        (step("video", model="local/motion"), Known(), "far/cinema"),
        (step("video", model="local/motion"), Known((UPLOAD,)), "local/motion"),
        (step("lipsync", model="local/lipsync"), Known(steps=(IMAGE,)), "local/lipsync"),
        (step("lipsync"), Known(steps=(IMAGE,)), None),
    ],
)
def test_the_model_fits_the_step(catalog: Catalog, wanted: PlannedStep, known: Known, chosen: str | None) -> None:
    choice = select(wanted, known, catalog)
    assert (choice.model.id if choice else None) == chosen


def test_a_longer_video_goes_to_the_model_that_can(catalog: Catalog) -> None:
    only_text = model("near/reel", "video", ("video",), schema(["prompt"], prompt={"type": "string"}), provider="far")
    entries = [CurrentModel(model=spec, version=1) for spec in (*catalog.models.values(), only_text)]
    choice = select(step("video", input={"duration_s": 20}), Known(), Catalog.of(entries))
    assert choice is not None
    assert choice.model.id == "near/reel"


def test_a_hallucinated_model_is_flagged(catalog: Catalog) -> None:
    choice = select(step("image", model="dall-e-9"), Known(), catalog)
    assert choice is not None
    assert choice.flags == ("model-unknown",)


def test_a_model_without_what_it_needs_is_flagged(catalog: Catalog) -> None:
    choice = select(step("video", model="local/motion"), Known(), catalog)
    assert choice is not None
    assert choice.flags == ("model-unfit",)


@pytest.mark.parametrize(
    ("prices", "tags", "chosen"),
    [
        ((100, 120), ("", ""), "x/a"),
        ((100, 120), ("", "recommended"), "x/b"),
        ((100, 900), ("", "recommended"), "x/a"),
        ((100, 900), ("", "anime"), "x/b"),
        ((100, 100), ("", ""), "x/a"),
    ],
)
def test_price_is_balanced(prices: tuple[int, int], tags: tuple[str, str], chosen: str) -> None:
    models = [
        model(name, "image", ("image",), schema([]), price=Price(unit="run", amount=price), tags=(tag,) if tag else ())
        for name, price, tag in zip(("x/a", "x/b"), prices, tags, strict=True)
    ]
    choice = select(
        step("image", "an anime hero"), Known(), Catalog.of(CurrentModel(model=m, version=1) for m in models)
    )
    assert choice is not None
    assert choice.model.id == chosen
    assert choice.reason
