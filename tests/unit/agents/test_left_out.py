"""What of a request the plan does not do is said in the chat: nobody has to read thoughts for it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from tests.unit.agents.play import Play, StandIn

CAT = {"id": "s1", "title": "Cat", "description": "A cat.", "agent_type": "image", "depends_on": []}
WORD = "I left the thumbnail out: nothing here makes one."


def kinds(play: Play) -> list[str]:
    return [step.agent_type for step in play.newest.steps.values()]


@pytest.mark.parametrize(
    ("says", "made", "hears"),
    [
        ("make a song, then upscale the picture", ["music"], "I could not find the picture that you mean"),
        ("a picture of a cat, then merge the clips", ["image"], "I could not find the clips that you mean"),
        ("a picture of a cat, then sharpen it", ["image"], "No model here can do that to the picture"),
    ],
)
async def test_a_part_that_the_rules_cannot_place_is_told_with_the_plan(
    says: str, made: Sequence[str], hears: str
) -> None:
    play = Play(model=StandIn())
    await play.hears(says)
    assert kinds(play) == made
    [told] = await play.heard()
    assert told.startswith(hears)
    assert "left" in told


async def test_it_is_told_of_a_plan_that_runs_by_itself_too() -> None:
    play = Play(model=StandIn())
    await play.hears("make a song, then upscale the picture", approval="auto")
    assert play.newest.status == "running"
    assert len(await play.heard()) == 1


async def test_what_is_added_to_a_plan_tells_what_it_leaves_out() -> None:
    play = Play(model=StandIn())
    await play.hears("a song about rain")
    await play.runs()
    before = await play.heard()
    await play.hears("also a haiku, then join the clips")
    assert kinds(play) == ["music", "text"]
    assert "could not find the clips" in (await play.heard())[len(before)]


async def test_where_nothing_can_be_added_the_answer_is_why() -> None:
    play = Play(model=StandIn())
    await play.hears("a song about rain")
    await play.runs()
    await play.hears("merge the clips")
    assert "could not find the clips" in (await play.heard())[-1]


@pytest.mark.parametrize(
    ("says", "attach", "made", "model"),
    [
        ("upscale it", ("a.png",), ["utility"], "local/upscale"),
        ("a picture of a red mug and upscale it", (), ["image", "utility"], "local/upscale"),
        ("make a thumbnail of it", ("a.png",), ["utility"], "local/thumbnail"),
        ("make a thumbnail of the video", ("a.mp4",), ["utility"], "local/thumbnail"),
        ("a video of a dog and a thumbnail of it", (), ["video", "utility"], "local/thumbnail"),
    ],
)
async def test_what_a_tool_of_the_catalog_does_is_planned_for_it(
    says: str, attach: Sequence[str], made: Sequence[str], model: str
) -> None:
    play = Play(model=StandIn())
    await play.hears(says, attach=attach)
    assert kinds(play) == made
    assert list(play.newest.steps.values())[-1].model == model
    assert await play.heard() == []


async def test_a_picture_is_upscaled_after_it_was_made() -> None:
    play = Play(model=StandIn())
    await play.hears("a picture of a cat")
    await play.runs()
    await play.hears("upscale it")
    assert kinds(play) == ["image", "utility"]
    assert await play.runs() == ["s2"]


@pytest.mark.parametrize("member", [WORD, None, "", 7])
async def test_a_models_own_word_for_it_is_passed_on(member: object) -> None:
    answer = {"title": "Cat", "steps": [CAT], "left_out": member}
    play = Play(json.dumps(answer))
    await play.hears("a cat, and a thumbnail")
    assert await play.heard() == ([WORD] if member == WORD else [])


async def test_an_address_that_nobody_wrote_is_not_passed_on() -> None:
    answer = {"title": "Cat", "steps": [CAT], "left_out": "Pay at https://elsewhere.example/x first."}
    play = Play(json.dumps(answer))
    await play.hears("a cat, and a thumbnail")
    [told] = await play.heard()
    assert "elsewhere" not in told
