"""What people say, and the plan that follows: kinds of steps in order, and what each is made from."""

from __future__ import annotations

import itertools
import re
from graphlib import TopologicalSorter

import pytest

from adapters.llm.offline.draft import Facts
from adapters.llm.offline.planning import Answer, plan
from adapters.llm.offline.undoing import asks_to_undo
from tests.unit.agents.play import Play, StandIn

UPLOADS = (("image_1", "image"), ("video_1", "video"))


def graph(answer: Answer) -> str:
    """`image; video<1`: a video made from step 1; uploads by their label."""
    place = {step["id"]: str(number) for number, step in enumerate(answer.steps, 1)}

    def sources(step: dict[str, object]) -> list[str]:
        values = step.get("input", {})
        labels = [v for v in values.values() if v in dict(UPLOADS)] if isinstance(values, dict) else []
        depends = step["depends_on"]
        assert isinstance(depends, list)
        return [place[one] for one in depends] + labels

    return "; ".join(
        f"{step['agent_type']}{'<' if (made_from := sources(step)) else ''}{','.join(made_from)}"
        for step in answer.steps
    )


@pytest.mark.parametrize(
    ("request_", "steps"),
    [
        ("generate a product image, animate it into a 5-second video, and add a voiceover", "image; video<1; speech<2"),
        ("write a haiku about rain, read it aloud, and make a picture for it", "text; speech<1; image<1"),
        ("a 3D model of a rocket and a thumbnail", "3d; image"),
        ("compose 20 seconds of calm piano and put it under a 10 second video of the sea", "music; video; utility<2,1"),
        ("three pictures of cats", "image; image; image"),
        ("Draw a red fox in the snow, then turn it into a short clip", "image; video<1"),
        ("Make a poster of a jazz festival and a slogan for it", "image; text"),
        ('create a talking avatar that says "welcome to our shop"', "image; speech; lipsync<1,2"),
        ("Write a script about the moon, narrate it, and merge it with a video of the moon",
         "text; speech<1; video; utility<2,3"),
        ("make two pictures of dogs, animate them and join them into one video",
         "image; image; video<1; video<2; utility<3,4"),
        ("a 10-second video of the sea with a soundtrack", "video; music; utility<1,2"),
        ("generate sound effects of thunder", "audio"),
        ("write a song about summer", "music"),
        ("turn a photo of my cat into a 3d model", "image; 3d<1"),
        ("For my bakery, create a logo and a jingle", "image; music"),
        ("Say hello world in a deep voice", "speech"),
        ("a picture of a cat and a dog", "image"),
        ("Generate an image of a robot, make a 3D model from it, and write a story about it", "image; 3d<1; text"),
        ("Write a short story about a dragon and illustrate it", "text; image<1"),
        ('Generate a portrait of a queen and make her say "we are amused"', "image; speech; lipsync<1,2"),
        ("Narrate a story about bears", "text; speech<1"),
        ("Illustrate a poem about autumn", "text; image<1"),
        ("Create a video of a dog, add music and a voiceover", "video; music; utility<1,2; speech<3"),
        ("give me a 9:16 video of a city at night with a calm voiceover and background music",
         "video; speech<1; music; utility<2,3"),
        ("Create four images of seasons, and a slideshow of them",
         "image; image; image; image; video<1; video<2; video<3; video<4; utility<5,6,7,8"),
        ("a picture of a dog, a picture of a cat and a video that uses both pictures", "image; image; video<1,2"),
        ("two pictures of cats, then animate all of them and join them", "image; image; video<1; video<2; utility<3,4"),
        ("Write a poem about stars and turn it into a song", "text; music<1"),
        ("Draw a map of an island and a 3d model of it", "image; 3d<1"),
        ("Generate a sneaker photo, then a 6 second clip from it, and a slogan", "image; video<1; text"),
        ("Please read this text aloud: Hello everyone, and welcome.", "speech"),
        ("I need a birthday card for my mother with a short poem", "image; text"),
        ("Make an image of a lighthouse, upscale it", "image; image<1"),
        ("design a ceramic mug and turn it into a 3D model", "image; 3d<1"),
        ("Create a dragon, then animate it", "image; video<1"),
        ("write a short welcome and read it aloud", "text; speech<1"),
        ("a short about whales", "video"),
        ("write a visual description of a beach", "text"),
        ("a red fox in the snow", "image"),
        ('say "hello" with a deep male voice', "speech"),
        ('read "hello" with a woman\'s voice', "speech"),
        ("two cats on a sofa", "image"),
        ("use Kling to animate a picture of a fox", "image; video<1"),
        ("with flux: a red mug", "image"),
        ("use the picture to make a video", "video<image_1"),
        # with files of the session
        ("animate image_1", "video<image_1"),
        ("animate this picture", "video<image_1"),
        ("Remove the background from image_1", "image<image_1"),
        ("use image_1 as the first frame of a 4s video", "video<image_1"),
        ('make image_1 say "hello there"', "speech; lipsync<1,image_1"),
        ("add background music to video_1", "music; utility<1,video_1"),
        ('put a voiceover over video_1 saying "buy now"', "speech<video_1"),
        ("make a 3D model from image_1 and then a thumbnail of it", "3d<image_1; image<image_1"),
    ],
)  # fmt: skip
def test_a_sentence_becomes_its_plan(request_: str, steps: str) -> None:
    assert graph(plan(request_, Facts(uploads=UPLOADS))) == steps


@pytest.mark.parametrize(
    ("request_", "steps"),
    [
        ("animate this picture", ""),
        ("extract a thumbnail from the video", ""),
        ("merge them", ""),
        ("hello", ""),
        ("what is 2+2", ""),
        ("how do I make a picture?", ""),
        ("thanks!", ""),
        ("don't make a video", ""),
        ("the weather is nice today", ""),
        ("a friend told me about you", ""),
        ("some people are just nice", ""),
        ("", ""),
        ("!!!", ""),
    ],
)
def test_where_nothing_can_be_made_there_is_a_reason(request_: str, steps: str) -> None:
    answer = plan(request_, Facts())
    assert graph(answer) == steps
    assert answer.reason.endswith((".", "?"))


@pytest.mark.parametrize(
    ("said", "undoes"),
    [
        ("undo", True),
        ("Undo that, please", True),
        ("please undo that!", True),
        ("undo the last change", True),
        ("revert to the previous version", True),
        ("go back", True),
        ("go back to the previous version", True),
        ("roll back", True),
        ("change it back", True),
        ("take that back", True),
        ("bring back the original version", True),
        ("mach das rückgängig", True),
        ("zurück zur vorherigen Version", True),
        ("the dog should go back to the house", False),
        ("go back to the house in the last scene", False),
        ("put it back in the box", False),
        ("make it like before but blue", False),
        ("use the first image", False),
        ("undo the buttons of the shirt", False),
        ("zoom back to the start", False),
    ],
)
def test_only_what_asks_for_nothing_else_asks_to_undo(said: str, undoes: bool) -> None:
    assert asks_to_undo(said) == undoes


def test_what_a_kind_cannot_do_without_is_made_first() -> None:
    needy = Facts(needs={"video": frozenset({"image"}), "lipsync": frozenset({"audio", "image"})})
    assert graph(plan("a video of the sea", needy)) == "image; video<1"
    assert graph(plan("a picture of the sea and a video of the hills", needy)) == "image; image; video<2"


def test_what_no_model_makes_is_left_out() -> None:
    only = Facts(takes={"image": frozenset({"text"})})
    assert graph(plan("a picture of the sea and a song about it", only)) == "image"
    answer = plan("a song about the sea", only)
    assert (graph(answer), "music" in answer.reason) == ("", True)


def test_what_was_said_of_length_size_and_words_is_kept() -> None:
    film = plan('an 8 second 16:9 clip of rain, with a voiceover saying "it rains"', Facts()).steps
    assert film[0]["input"]["duration_s"] == 8
    assert film[0]["input"]["aspect_ratio"] == "16:9"
    assert film[1]["input"]["text"] == "it rains"
    picture = plan("paint a watercolor of Paris, 1280x720", Facts()).steps[0]["input"]
    assert (picture["width"], picture["height"]) == (1280, 720)
    assert plan("half a minute of techno music", Facts()).steps[0]["input"]["duration_s"] == 30


@pytest.mark.parametrize(
    ("sentence", "length"),
    [
        ("a 1:30 min video of the sea", 90),
        ("a video of the sea, 1 minute and 30 seconds", 90),
        ("a 60s style video of a dance", None),
        ("a video that fades in within the first 2 seconds", None),
        ("a 3 minutes long video of rain", 180),
    ],
)
def test_a_length_is_what_is_one_wherever_words_are_read(sentence: str, length: float | None) -> None:
    [film] = plan(sentence, Facts()).steps
    assert (film["agent_type"], film.get("input", {}).get("duration_s")) == ("video", length)


def test_subjects_are_carried_along() -> None:
    steps = plan("draw a red fox, animate it, and add a voiceover", Facts()).steps
    assert all("red fox" in f"{step['description']} {step.get('input')}" for step in steps)


FIRSTS = {
    "image": ["draw a {s}", "create a picture of a {s}", "I'd like an illustration of a {s}"],
    "text": ["write a story about a {s}", "please draft a poem about a {s}"],
    "video": ["make a 6-second video of a {s}", "a short clip of a {s}"],
    "music": ["compose a melody for a {s}", "generate a song about a {s}"],
    "3d": ["a 3D model of a {s}", "generate a 3d object of a {s}"],
    "audio": ["generate the sound of a {s}"],
}
THENS = {
    ("image", "video"): ["animate it", "turn it into a video", "make a clip from it"],
    ("image", "3d"): ["make a 3d model from it", "convert the picture into a 3D model"],
    ("text", "speech"): ["read it aloud", "narrate it"],
    ("text", "image"): ["illustrate it", "make a picture for it"],
    ("text", "music"): ["turn it into a song"],
    ("video", "speech"): ["add a voiceover", "add a narration to it", "put a voiceover over it"],
}
ASIDES = {"image": "a logo for a cafe", "music": "a jingle for a cafe", "text": "a slogan for a cafe",
          "3d": "a 3D model of a chair"}  # fmt: skip
JOINTS = [", then ", " and ", ". Then ", ", and finally "]
THINGS = ["lighthouse", "red dragon", "wooden toy"]


def generated() -> list[tuple[str, str]]:
    """First something, then something from it, sometimes something beside it; in many words."""
    cases = []
    turns = itertools.cycle(itertools.product(JOINTS, THINGS))
    for (first, second), ways in THENS.items():
        for opening, way in itertools.product(FIRSTS[first], ways):
            for aside in (None, *ASIDES):
                for _ in range(2):
                    joint, thing = next(turns)
                    said, steps = opening.format(s=thing) + joint + way, f"{first}; {second}<1"
                    if aside is not None:
                        said, steps = f"{said}{joint}{ASIDES[aside]}", f"{steps}; {aside}"
                    cases.append((said, steps))
    return cases


def test_three_hundred_sentences_become_their_plans() -> None:
    cases = generated()
    assert len(cases) >= 300
    wrong = [(said, steps, graph(plan(said, Facts()))) for said, steps in cases]
    assert [case for case in wrong if case[1] != case[2]] == []


async def test_with_the_models_that_are_shipped_none_of_them_loses_a_step_or_an_edge() -> None:
    """Through all agents, with our own fleet alone."""
    wrong = []
    for said, steps in generated():
        play = Play(model=StandIn())
        await play.hears(said)
        shown = await play.shown()
        places = {name: place for place, name in enumerate(shown, start=1)}
        drawn = [one["kind"] + "".join(f"<{places[name]}" for name in one["after"]) for one in shown.values()]
        if "; ".join(drawn) != steps:
            wrong.append((said, steps, drawn))
    assert wrong == []


def test_no_plan_has_a_circle_or_an_unknown_step() -> None:
    words = re.findall(
        r"\w+", "draw a fox and animate it then add music with a voiceover put it under the video merge them read aloud"
    )
    for start in range(len(words)):
        for length in range(1, 12):
            steps = plan(" ".join(words[start : start + length]), Facts()).steps
            tree = {step["id"]: step["depends_on"] for step in steps}
            assert {up for ups in tree.values() for up in ups} <= set(tree)
            TopologicalSorter(tree).prepare()
            assert all(re.fullmatch(r"s\d+", name) for name in tree)
