"""What of a request the plan does not do is said in the chat: nobody has to read thoughts for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from events.canvas.plan_events import PlanValidated
from events.catalog.current import CurrentModel
from processors.agents.catalog import Catalog
from tests.catalog import shipped
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


def step(name: str, kind: str = "image", after: Sequence[str] = (), words: str = "A cat.") -> dict[str, Any]:
    title = words.rstrip(".")
    return {"id": name, "title": title, "description": words, "agent_type": kind, "depends_on": list(after)}


def plan(*steps: dict[str, Any], title: str = "Cat") -> str:
    return json.dumps({"title": title, "steps": steps})


async def noted(play: Play) -> list[str]:
    return [await play.vault.open(issue) for issue in play.log.of(PlanValidated)[-1].issues]


def without(kind: str) -> Catalog:
    specs = [one.spec for one in shipped("fleet", "llm") if one.spec.agent_type != kind]
    return Catalog.of(CurrentModel(model=spec, version=1) for spec in specs)


SONG_LEFT_OUT = "“A song”: no model for music is available, so it was left out"


async def test_what_the_rules_take_away_is_told_at_the_plan_and_in_the_chat() -> None:
    both = plan(step("a"), step("b", "music", words="A song."))
    play = Play(both, lines={"edit_planner": [both, both]})
    play.catalog = without("music")
    await play.hears("a cat and a song")
    assert kinds(play) == ["image"]
    assert await noted(play) == [SONG_LEFT_OUT]
    assert await play.heard() == [f"{SONG_LEFT_OUT}."]


async def test_that_another_planner_has_agreed_to_it_since_does_not_make_it_silent() -> None:
    play = Play(plan(step("a"), step("b", "music", words="A song.")), lines={"edit_planner": [plan(step("a"))]})
    play.catalog = without("music")
    await play.hears("a cat and a song")
    assert await noted(play) == [SONG_LEFT_OUT]
    assert await play.heard() == [f"{SONG_LEFT_OUT}."]


async def test_what_a_revision_has_mended_is_not_told() -> None:
    mended = plan(step("a"), step("b", "speech", words="A song."))
    play = Play(
        plan(step("a"), step("b", "music", words="A song.")),
        lines={"edit_planner": [mended], "field_verifier": ['{"steps": []}']},
    )
    play.catalog = without("music")
    await play.hears("a cat and a song")
    assert await noted(play) == await play.heard() == []


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("A 60-second video of a cat.", "A 30-second video of a cat"),
        ("A one-minute film of a cat.", "A 30-second film of a cat"),
        ("A cat for 2 minutes.", "A cat for 30 seconds"),
    ],
)
async def test_a_length_that_cannot_be_had_is_told_and_no_title_goes_on_saying_it(said: str, title: str) -> None:
    play = Play(plan(step("a", "video", words=said), title=said.rstrip(".")))
    await play.hears(said)
    (made,) = (await play.shown()).values()
    assert made["input"]["duration_s"] == 30
    assert await play.vault.open(play.newest.drafted.title) == title
    assert [await play.vault.open(one.title) for one in play.newest.steps.values()] == [title]
    (note,) = await noted(play)
    assert note.endswith("seconds are more than any model here makes, so it is made 30 seconds long")
    (told,) = await play.heard()
    assert told.startswith(f"“{title}”: ")


async def test_a_dropped_dependency_is_told_by_the_title_of_what_is_not_there() -> None:
    both = plan(step("a"), step("b", "music", words="A song."), step("c", "video", ["b"], words="A film."))
    play = Play(both, lines={"edit_planner": [both, both]})
    play.catalog = without("music")
    await play.hears("a cat, a song and a film of the song")
    assert await noted(play) == [SONG_LEFT_OUT, "c: it waited for “A song”, which is not there, so it is made without"]
    assert "“A film”: it waited for “A song”" in (await play.heard())[0]


async def test_what_a_planner_itself_leaves_out_stands_at_the_plan_too() -> None:
    play = Play(json.dumps({"title": "Cat", "steps": [CAT], "left_out": WORD}))
    await play.hears("a cat, and a thumbnail")
    assert await noted(play) == [WORD]


async def test_many_are_told_in_short() -> None:
    many = plan(step("a"), *(step(f"m{at}", "music", words=f"Song {at}.") for at in range(9)))
    play = Play(many, lines={"edit_planner": [many, many]})
    play.catalog = without("music")
    await play.hears("a cat and nine songs")
    assert len(await noted(play)) == 9
    (told,) = await play.heard()
    assert told.endswith("And 4 more like these stand at the plan.")
