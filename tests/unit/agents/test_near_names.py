"""A garbled file name finds its file, and says that it is a guess; a name with another number is another file's."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from events.catalog.current import CurrentModel
from processors.agents.catalog import Catalog
from processors.agents.fitting.fields import verify
from processors.agents.fitting.selector import select
from processors.agents.plan import PlannedStep
from processors.agents.words.references import Known, KnownUpload
from tests.unit.agents.makers import media, model, schema


def known(*names: str) -> Known:
    return Known(
        tuple(KnownUpload(f"image_{n}", "image", f"upl_{n}", f"ast_{n}", name) for n, name in enumerate(names))
    )


@pytest.mark.parametrize(
    ("given_", "names"),
    [
        ("IMG_2044.jpg", ["IMG_2043.jpg"]),
        ("IMG_2044.jpg", ["IMG_20445.jpg"]),
        ("IMG_204.jpg", ["IMG_2044.jpg"]),
        ("DSC_0000123.jpg", ["DSC_00001234.jpg"]),
        ("holiday photo 2.png", ["holiday photo 1.png", "holiday photo 3.png"]),
        ("scene12-take3.png", ["scene12-take4.png"]),
        ("https://x.test/files/invoice-2025.png", ["invoice-2024.png"]),
        ("2024-05-01 beach.jpg", ["2024-05-10 beach.jpg"]),
    ],
)
def test_another_number_is_another_file(given_: str, names: list[str]) -> None:
    assert known(*names).find(given_) is None


@pytest.mark.parametrize(
    ("given_", "names", "sure"),
    [
        ("IMG_2044.jpg", ["IMG_2043.jpg", "IMG_2044.jpg"], True),
        ("img_2044", ["IMG_2043.jpg", "IMG_2044.jpg"], True),
        ("holiday_foto 2.png", ["holiday photo 2.png", "holiday photo 3.png"], False),
        ("holidy photo.jpg", ["holiday photo.jpg"], False),
        ("holiday photo.png", ["holiday photo 1.png"], False),
        ("lighthouse in the fog", ["lighthouse in the fog at dawn.png"], False),
        ("lighthouse in…", ["lighthouse in the fog at dawn.png"], True),
        ("holiday.png", ["holiday.jpg"], False),
        ("holiday.png", ["holiday.jpg", "holiday.png"], True),
    ],
)
def test_a_garbled_name_finds_its_file_and_says_whether_that_is_sure(given_: str, names: list[str], sure: bool) -> None:
    found, certain = known(*names).read(given_)
    assert found is not None
    assert certain == sure


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_no_number_is_taken_for_another(one: int, other: int) -> None:
    assume(one != other)
    assert known(f"picture of the day {one}.jpg").find(f"picture of the day {other}.jpg") is None


def test_a_guess_leaves_a_doubt() -> None:
    spec = model("test/model", "video", ("video",), schema(["image"], image=media("image")))
    step = PlannedStep("s1", "T", "animate", "video", input={"image": "holidy photo.jpg"})
    values, flags, left = verify(spec, step, known("holiday photo.jpg"))
    assert values == {"image": "upload:image_0"}
    assert flags == ("near-name:image",)
    assert [(one.field, one.doubt, one.given) for one in left] == [("image", "near-name", "holidy photo.jpg")]


IMAGES = frozenset({"image"})


@pytest.mark.parametrize(
    ("given_", "names", "found", "sure"),
    [
        ("dog", ["dog.png", "cat.png"], "image_0", True),
        ("dog.png", ["dog.png", "cat.png"], "image_0", True),
        ("Dog", ["dog.png", "dog2.png"], "image_0", True),
        ("dog", ["my dog.png", "cat.png"], "image_0", False),
        ("dog", ["dog.png", "dog.jpg"], None, True),
        ("dog", ["my dog.png", "his dog.png"], None, True),
        ("dog", ["hotdog.png"], None, True),
        ("fox", ["dog.png"], None, True),
        ("1", ["dog 1.png"], None, True),
        ("", ["dog.png"], None, True),
    ],
)
def test_a_short_name_is_a_files_where_only_a_file_can_be(
    given_: str, names: list[str], found: str | None, sure: bool
) -> None:
    one, certain = known(*names).file(given_, IMAGES)
    assert (one.label if one is not None else None, certain) == (found, sure)
    assert known(*names).find(given_) is None or given_.endswith(".png")


def test_of_another_medium_it_is_none() -> None:
    film = Known((KnownUpload("video_1", "video", "upl_1", "ast_1", "dog.mp4"), *known("dog.png").uploads))
    assert film.file("dog", IMAGES)[0] == film.uploads[1]
    assert film.file("dog", frozenset({"audio"}))[0] is None


@pytest.mark.parametrize(
    ("given_", "values"),
    [
        ({"image": "dog"}, {"image": "upload:image_0"}),
        ({"picture": "dog"}, {"image": "upload:image_0"}),
        ({"start_frame": "dog"}, {"image": "upload:image_0"}),
        ({"image": ["dog", "cat"]}, {"image": "upload:image_0"}),
        ({"images": ["dog", "cat.png"]}, {"image": "upload:image_0"}),
        ({"prompt": "dog"}, {"image": "upload:image_1", "prompt": "dog"}),
    ],
)
def test_the_verifier_takes_it(given_: dict[str, object], values: dict[str, str]) -> None:
    spec = model("test/model", "video", ("video",), schema(["image"], image=media("image"), prompt={"type": "string"}))
    step = PlannedStep("s1", "T", "animate", "video", input=given_)
    built, _, _ = verify(spec, step, known("dog.png", "cat.png"))
    assert {"image": built["image"], **({"prompt": built["prompt"]} if "prompt" in given_ else {})} == values


def test_a_list_of_them_is_a_list() -> None:
    images = {"type": "array", "items": media("image"), "x-media": "image"}
    spec = model("test/model", "image", ("image",), schema(["prompt"], prompt={"type": "string"}, images=images))
    step = PlannedStep("s1", "T", "a collage", "image", input={"images": ["dog", "image_1"]})
    assert verify(spec, step, known("dog.png", "cat.png"))[0]["images"] == ["upload:image_0", "upload:image_1"]


@pytest.mark.parametrize(
    "given_", [{"image": "dog"}, {"images": ["dog"]}, {"images": ["dog.png", "cat"]}, {"photo": "cat"}]
)
def test_the_selector_counts_it_as_at_hand(given_: dict[str, object]) -> None:
    motion = model("test/motion", "video", ("video",), schema(["image"], image=media("image")))
    words = model("test/words", "video", ("video",), schema(["prompt"], prompt={"type": "string"}))
    catalog = Catalog.of(CurrentModel(model=one, version=1) for one in (motion, words))
    chosen = select(PlannedStep("s1", "T", "it moves", "video", input=given_), known("dog.png", "cat.png"), catalog)
    assert chosen is not None
    assert chosen.model.id == "test/motion"
