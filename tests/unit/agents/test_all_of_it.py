"""No part of a request is dropped without a word: a wish about what it makes changes that, all else is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from adapters.llm.offline.draft import Facts
from adapters.llm.offline.planning import plan
from tests.unit.agents.play import Play, StandIn


@pytest.mark.parametrize(
    ("says", "place", "has"),
    [
        ("a picture of a dog, make it black and white", 0, {"prompt": "Picture of a dog, black and white"}),
        ("a picture of a cat and make it blue", 0, {"prompt": "Picture of a cat, blue"}),
        ("a picture of a cat, add a hat", 0, {"prompt": "Picture of a cat, with a hat"}),
        ("make a picture of a cat. The cat should wear a hat.", 0,
         {"prompt": "Picture of a cat, the cat should wear a hat"}),
        ("a song about rain, make it sad", 0, {"prompt": "Song about rain, sad"}),
        ("write a poem about rain, make it longer", 0, {"prompt": "Longer poem about rain"}),
        ("a voiceover about rain, make it slower", 0, {"speed": 0.8}),
        ("a video of a dog, trim it to 2 seconds", 0, {"duration_s": 2.0}),
        ("a picture of a cat, resize it to 512x512", 0, {"width": 512, "height": 512}),
        ("draw a fox, animate it and make it vertical", 1, {"aspect_ratio": "9:16"}),
        ("write a story about a lighthouse in German", 0, {"prompt": "Story about a lighthouse, in German"}),
        ('translate "good morning" to French', 0, {"prompt": "translate “good morning” to French"}),
        ("a photo of a woman, f/1.8, 35mm", 0, {"prompt": "Photo of a woman f/1.8 35mm"}),
        ("a video of a fox in 9:16 for a phone", 0, {"prompt": "Video of a fox for a phone", "aspect_ratio": "9:16"}),
        ('say "bonjour" in French', 0, {"text": "bonjour", "language": "fr"}),
    ],
)  # fmt: skip
def test_a_wish_about_what_is_made_is_in_its_input(says: str, place: int, has: Mapping[str, Any]) -> None:
    values = plan(says, Facts()).steps[place]["input"]
    assert {name: values.get(name) for name in has} == has


@pytest.mark.parametrize(
    ("says", "kinds", "hears"),
    [
        ("a picture of a cat, save it as png", ["image"], "Download"),
        ("draw a cat, then email it to me", ["image"], "Download"),
        ("a picture of a cat. The budget is 5 credits.", ["image"], "“The budget is 5 credits”"),
        ("draw a lighthouse and write a story about it in German", ["image", "text"], "English only"),
        ("a picture of a cat. Thanks a lot!", ["image"], ""),
        ("Hello! A picture of a cat, please. I love cats.", ["image"], ""),
        ('say "bonjour" in French', ["speech"], ""),
    ],
)
def test_what_no_step_does_is_told(says: str, kinds: Sequence[str], hears: str) -> None:
    answer = plan(says, Facts())
    assert [step["agent_type"] for step in answer.steps] == kinds
    assert hears in answer.left_out if hears else answer.left_out == ""
    assert all("save" not in step["description"] for step in answer.steps)


@pytest.mark.parametrize(
    ("says", "kinds", "has"),
    [
        ("make a video of it, 3 seconds, with music", ["image", "video", "music", "utility"], "'duration_s': 3.0"),
        ("make 3 variations of it", ["image"] * 4, "Picture of a cat (3 of 3)"),
        ("a few more versions", ["image"] * 4, "Picture of a cat (3 of 3)"),
        ("make 2 more", ["image"] * 3, "Picture of a cat (2 of 2)"),
        ("another one", ["image"] * 2, "Picture of a cat"),
        ("a dog would be better", ["image"], "'Picture of a dog'"),
    ],
)
async def test_an_edit_drops_nothing_either(says: str, kinds: Sequence[str], has: str) -> None:
    play = Play(model=StandIn())
    await play.hears("a picture of a cat")
    await play.runs()
    await play.hears(says)
    shown = await play.shown()
    assert [step["kind"] for step in shown.values()] == kinds
    assert has in str(shown)
    assert says not in str(shown)
