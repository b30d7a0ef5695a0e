"""What the stand-in cannot do it says, and plans nothing for it: missing files, reading, cloning, other languages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.llm.offline.draft import Facts
from adapters.llm.offline.editing import edit
from adapters.llm.offline.planning import plan

PHOTO = Facts(uploads=(("image_1", "image"),))
SOUND = Facts(uploads=(("audio_1", "audio"),))


@pytest.mark.parametrize(
    ("says", "hears"),
    [
        ("animate it", "what “it” is"),
        ("read it aloud", "what “it” is"),
        ("make a video of this", "what “this” is"),
        ("animate image_1", "no image_1"),
        ("upscale image_3", "no image_3"),
        ("make a video from image_2 and add music", "no image_2"),
        ("animate this picture (see attached)", "Nothing is attached"),
        ("(see attached) make a video of this", "Nothing is attached"),
        ("make a 3D model of the attached photo", "Nothing is attached"),
        ("I uploaded a photo, animate it", "Nothing is attached"),
        ("animate ast_01ABCDEF and add music", "which file ast_01ABCDEF is"),
    ],
)
def test_a_file_that_is_not_there_is_asked_for(says: str, hears: str) -> None:
    answer = plan(says, Facts())
    assert answer.steps == ()
    assert hears in answer.reason
    assert "To attach one" in answer.reason


@pytest.mark.parametrize(
    "says",
    ["use my photo as the first frame of a video", "animate my photo of a dog", "lip sync this video to this audio",
     "remove the background", "remove the background and then upscale it"],
)  # fmt: skip
def test_what_is_pointed_at_and_is_not_there_is_not_made_up(says: str) -> None:
    answer = plan(says, Facts())
    assert answer.steps == ()
    assert "could not find" in answer.reason


@pytest.mark.parametrize(
    ("says", "facts", "kinds"),
    [
        ("animate this picture (see attached)", PHOTO, ["video"]),
        ("animate it", PHOTO, ["video"]),
        ("a picture of a house with the attached garage", Facts(), ["image"]),
        ('a picture of a sign that says "see attached"', Facts(), ["image"]),
        ("Create a dragon, then animate it", Facts(), ["image", "video"]),
        ("remove the background", PHOTO, ["image"]),
        ("draw a cat and describe it", Facts(), ["image", "text"]),
        ("animate the picture of a dog", Facts(), ["image", "video"]),
    ],
)
def test_what_is_there_or_can_be_made_is_planned(says: str, facts: Facts, kinds: Sequence[str]) -> None:
    assert [step["agent_type"] for step in plan(says, facts).steps] == kinds


@pytest.mark.parametrize("facts", [Facts(), PHOTO, SOUND])
@pytest.mark.parametrize(
    "says",
    ["describe this image", "summarize this pdf", "transcribe this audio", "what is in this image?",
     "please summarise my report", "extract the text from this screenshot", "write a summary of this document"],
)  # fmt: skip
def test_nothing_reads_a_file(says: str, facts: Facts) -> None:
    answer = plan(says, facts)
    assert answer.steps == ()
    assert "Nothing here reads" in answer.reason


def test_a_voice_is_not_cloned_and_it_is_said() -> None:
    assert "not cloned" in plan("clone my voice", Facts()).reason
    for says in ('clone my voice and say "hello"', "read this in my voice: hello"):
        answer = plan(says, Facts())
        assert [step["input"]["text"] for step in answer.steps] == ["hello"]
        assert "own voice" in answer.left_out


def test_where_a_model_takes_a_voice_nothing_is_said_of_it() -> None:
    able = Facts(takes={"speech": frozenset({"text", "audio"})})
    assert plan('say "hello" in my own voice', able).left_out == ""


@pytest.mark.parametrize(
    "says",
    [
        "Ein Bild von einem Hund",
        "Erstelle ein Video vom Meer und füge Musik hinzu",
        "una imagen de un gato y un video",
        "fais une vidéo de la mer",
        "een foto van een kat",
        "画一只猫",
        "нарисуй кота",
        "صورة قطة",
    ],
)
def test_another_language_is_refused_with_what_helps(says: str) -> None:
    answer = plan(says, Facts())
    assert answer.steps == ()
    assert "English only" in answer.reason
    assert "STUDIO_LLM_BASE_URL" in answer.reason


@pytest.mark.parametrize(
    "says",
    ["a poster of La La Land with El Nino", 'a picture of "der Hund und die Katze"', "a picture of 北京 at night",
     "draw a croissant and a café", "a photo of Rio de Janeiro", "un-branded mug photo", "die cast car picture"],
)  # fmt: skip
def test_foreign_words_in_english_are_english(says: str) -> None:
    assert [step["agent_type"] for step in plan(says, Facts()).steps] == ["image"]


@pytest.mark.parametrize(
    ("says", "hears"),
    [
        ("animate image_4", "no image_4"),
        ("animate the attached photo", "Nothing is attached"),
        ("summarize this pdf", "Nothing here reads"),
    ],
)
def test_an_edit_says_it_too(says: str, hears: str) -> None:
    present = {"title": "T", "steps": plan("a picture of a cat", Facts()).steps}
    answer = edit(says, present, Facts(), [])
    assert answer.steps == ()
    assert hears in answer.reason
