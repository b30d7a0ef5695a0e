"""What a sentence's quotations, colons, shapes and refusals belong to: a sign, a voice, a picture's cut, nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.llm.offline.draft import Facts
from adapters.llm.offline.planning import plan


def made(says: str) -> list[str]:
    return [step["agent_type"] for step in plan(says, Facts()).steps]


@pytest.mark.parametrize(
    ("says", "shown"),
    [
        ('make an image of a robot holding a sign that says "Welcome"', "a sign that says “Welcome”"),
        ('generate a poster of a queen that says "hi"', "that says “hi”"),
        ('a poster with the text: "Big Sale"', "with the text “Big Sale”"),
        ('make a picture of "The Old Mill"', "of “The Old Mill”"),
        ('picture of "The Old Mill"', "of “The Old Mill”"),
        ('draw "The Old Mill"', "of “The Old Mill”"),
    ],
)
def test_a_quotation_in_a_picture_is_written_there(says: str, shown: str) -> None:
    [step] = plan(says, Facts()).steps
    assert step["agent_type"] == "image"
    assert shown in step["input"]["prompt"]


@pytest.mark.parametrize(
    "says", ['make the robot say "hi"', 'create a talking avatar that says "hi"', 'make a robot that says "hi"']
)
def test_who_is_made_to_talk_talks(says: str) -> None:
    assert made(says) == ["image", "speech", "lipsync"]


@pytest.mark.parametrize(
    ("says", "text"),
    [
        ('speech with elevenlabs: "hello"', "hello"),
        ("speech with elevenlabs: hello there", "hello there"),
        ("text to speech: The quick brown fox.", "The quick brown fox"),
        ('text to speech: "The quick brown fox."', "The quick brown fox."),
        ('text-to-speech "hello there"', "hello there"),
        ("tts: hello there", "hello there"),
        ("voiceover: Welcome to our shop", "Welcome to our shop"),
        ('a voiceover called "Intro" that says "hi"', "hi"),
    ],
)
def test_what_stands_behind_the_colon_of_a_voice_is_spoken(says: str, text: str) -> None:
    [step] = plan(says, Facts()).steps
    assert (step["agent_type"], step["input"]["text"]) == ("speech", text)


@pytest.mark.parametrize(
    ("says", "kind", "of"),
    [
        ("create an image: a cat on a roof", "image", "a cat on a roof"),
        ("text to image: a cat", "image", "a cat"),
        ("text to video of a cat", "video", "a cat"),
        ("poem: the sea at night", "text", "the sea at night"),
    ],
)
def test_what_stands_behind_the_colon_of_a_thing_is_what_it_shows(says: str, kind: str, of: str) -> None:
    [step] = plan(says, Facts()).steps
    assert step["agent_type"] == kind
    assert of in step["input"]["prompt"]


@pytest.mark.parametrize(
    ("says", "kind", "ratio"),
    [
        ("a poster of a band, portrait", "image", "9:16"),
        ("draw a cat, landscape", "image", "16:9"),
        ("I want a picture of a cat. Portrait please.", "image", "9:16"),
        ("a picture of a cat in portrait", "image", "9:16"),
        ("a portrait mode video of a waterfall", "video", "9:16"),
        ("portrait video of a waterfall", "video", "9:16"),
        ("a landscape video of a dog", "video", "16:9"),
        ("a portrait of a queen", "image", None),
        ("a picture of a landscape", "image", None),
    ],
)
def test_portrait_and_landscape_are_shapes_where_they_say_how_it_is_cut(
    says: str, kind: str, ratio: str | None
) -> None:
    [step] = plan(says, Facts()).steps
    assert (step["agent_type"], step["input"].get("aspect_ratio")) == (kind, ratio)


@pytest.mark.parametrize(
    ("says", "kinds"),
    [
        ("I don't want a video, just a picture", ["image"]),
        ("we don't need a voiceover, only a video of the sea", ["video"]),
        ("a picture of a cat, no video", ["image"]),
        ("not a picture but a video of a cat", ["video"]),
        ("not a picture but a video", ["video"]),
        ("not only a picture but also a video of a cat", ["image", "video"]),
    ],
)
def test_what_is_not_wanted_is_not_made(says: str, kinds: Sequence[str]) -> None:
    assert made(says) == kinds
    assert all("want" not in step["description"] for step in plan(says, Facts()).steps)


def test_a_title_is_not_read_aloud_as_if_it_were_the_book() -> None:
    [step] = plan('make an audiobook of "Moby Dick"', Facts()).steps
    assert step["input"]["text"].startswith("This is Moby Dick.")


def test_sounds_that_come_with_a_film_are_all_laid_under_it() -> None:
    says = "a commercial for my shop with a voiceover and upbeat music"
    steps = plan(says, Facts()).steps
    assert [step["agent_type"] for step in steps] == ["video", "speech", "music", "utility"]
    assert steps[-1]["depends_on"] == [steps[1]["id"], steps[2]["id"]]


@pytest.mark.parametrize("says", ["is it possible to make a video of a dog?", "can I get a video of a dog?"])
def test_a_polite_question_is_a_request(says: str) -> None:
    assert made(says) == ["video"]
