"""How many of a thing a sentence asks for: numbers before plurals count, measures and adjectives are kept as words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.llm.offline.draft import Facts
from adapters.llm.offline.lexicon import is_plural
from adapters.llm.offline.planning import Answer, plan
from tests.unit.agents.play import Play, StandIn


def kinds(answer: Answer) -> list[str]:
    return [step["agent_type"] for step in answer.steps]


@pytest.mark.parametrize(
    ("says", "kind", "kept"),
    [
        ("a 360 video of a forest", "video", "360 video"),
        ("a 360 degree video of a forest", "video", "360 degree"),
        ("a 24 fps video of a dancer", "video", "24 fps"),
        ("a 4k video of a lake", "video", "4k"),
        ("a 2 hour film about trains", "video", "2 hour film"),
        ("a 35 mm film of a bird", "video", "35 mm film"),
        ("a 16 bit image of a knight", "image", "16 bit"),
        ("500 dpi poster of a band", "image", "500 dpi"),
        ("a 3 panel comic about cats", "image", "3 panel"),
        ("a 2024 calendar picture", "image", "2024 calendar"),
        ("a top 10 list poster", "image", "Top 10 list"),
        ("five cats picture", "image", "Five cats"),
        ("a two story house picture", "image", "Two story house"),
        ("draw a two story house", "image", "two story house"),
        ("a picture of 20 dogs", "image", "20 dogs"),
        ("a picture of a couple of kids", "image", "a couple of kids"),
        ("a 12 string song", "music", "12 string"),
        ("8 bit music", "music", "8 bit"),
        ("360 3D model of a shoe", "3d", "360"),
        ("a 30 page story", "text", "30 page"),
        ("write 100 words about cats", "text", "100 words"),
        ("write three paragraphs about cats", "text", "Three paragraphs"),
    ],
)
def test_a_measure_is_one_thing_and_keeps_its_number(says: str, kind: str, kept: str) -> None:
    [step] = plan(says, Facts()).steps
    assert step["agent_type"] == kind
    assert kept in step["description"]


@pytest.mark.parametrize(
    ("says", "made"),
    [
        ("3 pictures of cats", ["image"] * 3),
        ("three red pictures of a dog", ["image"] * 3),
        ("50 pictures of cats", ["image"] * 50),
        ("two dozen pictures of cats", ["image"] * 24),
        ("a dozen pictures of cats", ["image"] * 12),
        ("a few pictures of cats", ["image"] * 3),
        ("a couple of pictures of my town", ["image"] * 2),
        ("a couple pictures of my town", ["image"] * 2),
        ("5 x picture of a dog", ["image"] * 5),
        ("5x picture of a dog", ["image"] * 5),
        ("3 picture of a cat", ["image"] * 3),
        ("generate 3 variations of a logo", ["image"] * 3),
        ("three different versions of a poster for a jazz night", ["image"] * 3),
        ("a set of 4 icons: home, search, settings and user", ["image"] * 4),
        ("a series of three posters about the sea", ["image"] * 3),
        ("two 3D models of a shoe", ["3d"] * 2),
        ("3 sound effects of rain", ["audio"] * 3),
        ("3 haiku about rain", ["text"] * 3),
        ("three stories about bears", ["text"] * 3),
        ("two 24 fps videos of a dancer", ["video"] * 2),
        ("two 5 second videos of a dancer", ["video"] * 2),
        ("2 songs and a 3 panel comic", ["music", "music", "image"]),
    ],
)
def test_a_number_before_a_plural_counts(says: str, made: Sequence[str]) -> None:
    answer = plan(says, Facts())
    assert kinds(answer) == made
    assert answer.left_out == ""


@pytest.mark.parametrize(
    ("says", "made", "hears"),
    [
        ("make 0 images", [], "Zero images"),
        ("a song about rain and no pictures", ["music"], ""),
        ("a song about rain and 0 pictures", ["music"], "Zero pictures"),
        ("generate 200 images", [], "at most 100"),
        ("360 videos of a forest", [], "at most 100"),
        ("360 video of a forest", ["video"], "property"),
    ],
)
def test_what_nobody_can_mean_is_said(says: str, made: Sequence[str], hears: str) -> None:
    answer = plan(says, Facts())
    assert kinds(answer) == made
    assert hears in answer.reason + answer.left_out


@pytest.mark.parametrize(
    ("says", "made"),
    [
        ("make it a 360 video", ["image", "video"]),
        ("make 0 images", ["image"]),
        ("three more pictures of a dog", ["image"] * 4),
    ],
)
async def test_an_edit_counts_in_the_same_way(says: str, made: Sequence[str]) -> None:
    play = Play(model=StandIn())
    await play.hears("a picture of a cat")
    await play.runs()
    await play.hears(says)
    assert [step["kind"] for step in (await play.shown()).values()] == made


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ("movie night poster", "image"),
        ("a story book illustration", "image"),
        ("a song lyrics video about trains", "video"),
        ("a video game trailer about space", "video"),
    ],
)
def test_what_is_made_is_what_the_last_of_several_nouns_names(says: str, kind: str) -> None:
    assert kinds(plan(says, Facts())) == [kind]


@pytest.mark.parametrize(
    ("noun", "several"),
    [("pictures", True), ("stories", True), ("sfx", True), ("picture", False), ("lyrics", False), ("cats", False)],
)
def test_a_plural_is_one_of_a_noun_of_media(noun: str, several: bool) -> None:
    assert is_plural(noun) == several
