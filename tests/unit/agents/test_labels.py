"""A file goes to a step only where its label is really meant: not for a number that counts, nor for a title's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.agents.words.labels import read_label, spoken, written
from processors.agents.words.references import Known, KnownUpload
from tests.unit.agents.makers import small_catalog, wide_catalog
from tests.unit.agents.play import Play

NOT_LABELS = """
a video 5 seconds long of the sea
make the video 2 seconds long
make the video 2s long
make the video 10 % longer
play the video 3 times
video 2 x faster
video 16:9
video 2-minute cut
Video 1: intro
Video 1 - the intro
image 2 (a cat)
image 1 of a cat
image 3 shows a dog
image 1 a cat, image 2 a dog, image 3 a horse
image 1024x768
image 4 people on a sofa
text 20 words long
audio 90 sec
video 30 fps
video 2.5 s
video 1.5x
image1.png
my_image_1.png
photos/image_1/large
image_12_final
ein Video 5 Sekunden lang
Video 3 mal abspielen
zeige Bild 1
""".strip().splitlines()


@pytest.mark.parametrize("text", NOT_LABELS)
def test_a_number_that_counts_is_no_label(text: str) -> None:
    assert list(spoken(text)) == []
    assert list(written(text)) == []


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("image_1", "image_1"),
        ("animate image 1", "image_1"),
        ("Animate Image 1, please", "image_1"),
        ("make image 1 blue", "image_1"),
        ("image 1 and image 2", "image_1 image_2"),
        ("put image #2 into video 1.", "image_2 video_1"),
        ("is image 3 better?", "image_3"),
        ("image 3 is better", "image_3"),
        ("use video-2 as it was", "video_2"),
        ("made_image_1 in front of image 01", "made_image_1 image_1"),
        ("video number 2", "video_2"),
        ("video_1 5 seconds long", "video_1"),
    ],
)
def test_a_person_may_write_a_label_in_several_ways(text: str, labels: str) -> None:
    assert [found.label for found in spoken(text)] == labels.split()


def test_only_the_platforms_own_way_counts_in_what_a_planner_writes() -> None:
    assert [found.label for found in written("Image_1 beside image 2 and image3 and made_video_4.")] == [
        "image_1",
        "made_video_4",
    ]


@given(st.sampled_from(["image", "made_video", "3D", "Text"]), st.sampled_from("_ -"), st.integers(0, 9999))
def test_a_whole_value_is_read_however_it_is_written(medium: str, gap: str, number: int) -> None:
    assert read_label(f" {medium}{gap}{number} ") == f"{medium.lower()}_{number}"


FILES = Known((KnownUpload("image_1", "image"), KnownUpload("image_2", "image"), KnownUpload("video_5", "video")))


@pytest.mark.parametrize(
    ("description", "said", "meant"),
    [
        ("animate image_1", "", ["image_1"]),
        ("animate image 1", "", []),
        ("animate image 1", "animate image 1", ["image_1"]),
        ("animate Image 2 and image_1", "image 2 is nice", ["image_2", "image_1"]),
        ("a video 5 seconds long", "a video 5 seconds long", []),
        ("animate image 1", "three images, image 1: a cat", []),
    ],
)
def test_running_text_names_a_file_as_people_do_only_where_the_person_did(
    description: str, said: str, meant: list[str]
) -> None:
    known = Known(FILES.uploads, said=said)
    assert [one.label for one in known.mentioned(description)] == meant


def step(name: str, kind: str, description: str, title: str = "T") -> dict[str, Any]:
    return {"id": name, "title": title, "description": description, "agent_type": kind, "depends_on": []}


async def made_of(request: str, files: list[str], *steps: dict[str, Any], wide: bool = False) -> str:
    """The inputs of a plan in a session with files that came with an earlier message."""
    play = Play(json.dumps({"title": "T", "steps": steps}))
    play.catalog = wide_catalog() if wide else small_catalog()
    await play.says("hello")
    for name in files:
        await play.uploads(name)
    await play.hears(request)
    return str([one["input"] for one in (await play.shown()).values()])


async def test_a_numbered_title_takes_no_file() -> None:
    words = ["a cat on a sofa", "a cat in a tree", "a cat at sea"]
    steps = [step(f"s{n}", "image", text, f"Image {n}") for n, text in enumerate(words, 1)]
    assert "upload:" not in await made_of("three pictures of cats", ["my_passport.png", "logo.png"], *steps)


async def test_a_length_takes_no_file() -> None:
    one = step("s1", "video", "a video 5 seconds long of the sea at dawn")
    files = [f"{n}.mp4" for n in range(5)]
    assert "upload:" not in await made_of("a video 5 seconds long of the sea at dawn", files, one, wide=True)


async def test_a_file_that_the_person_and_the_planner_name_is_taken() -> None:
    one = step("s1", "video", "animate Image 1")
    assert "upload:image_1" in await made_of("animate image 1", ["a.png", "b.png"], one)
