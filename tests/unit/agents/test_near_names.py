"""A garbled file name finds its file, and says that it is a guess; a name with another number is another file's."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from processors.agents.fitting.fields import verify
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
