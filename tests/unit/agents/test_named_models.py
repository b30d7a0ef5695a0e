"""Models that the person's words name: what they ask for is used, what they do not want is used last."""

from __future__ import annotations

import json
from typing import Any

import pytest

from events.canvas.plan_events import FieldsVerified
from processors.agents.stages.named_models import named_models
from tests.unit.agents.makers import shipped_catalog
from tests.unit.agents.play import Play, StandIn

WHOLE = shipped_catalog()


@pytest.mark.parametrize(
    ("said", "kind", "name"),
    [
        ("Use Sora 2 to make a video of a cat", "video", "sora 2"),
        ("a video of a cat with openai/sora-2", "video", "openai sora-2"),
        ("a cat, gen4.5 please", "video", "gen45"),
        ("an image of a cat with FLUX.1 dev", "image", "flux1 dev"),
        ("a cat with Kling", "video", "kling"),
        ("a cat, made by the Kling model", "video", "kling model"),
        ("a cat, use flux pro", "image", "flux pro"),
        ("a cat using Stable Diffusion 3.5", "image", "stable diffusion 3.5"),
        ("use only local models", "video", "local models"),
        ("ein Video mit Sora 2", "video", "sora 2"),
        ("use luma instead of kling", "video", "luma"),
        ("use kling. I mean Kling 2.1 Master", "video", "kling 2.1 master"),
        ("a voice with elevenlabs and a picture with flux", "speech", "elevenlabs"),
        ("a voice with elevenlabs and a picture with flux", "image", "flux"),
        ("use kling for one and sora 2 for the other", "video", None),
        ("use sora 2", "image", None),
        ("use kling. No, do not use kling", "video", None),
        ("a poster that says 'use kling'", "image", None),
        ("a man with a ray of light", "video", None),
        ("a photon flash in the sky", "image", None),
        ("a text to 3d model of a car", "3d", None),
        ("an image to video of a cat", "video", None),
        ("a video with voiceover", "speech", None),
        ("a jungle with sound effects", "audio", None),
        ("a cat with Anna", "video", None),
        ("a cat", "video", None),
    ],
)
def test_what_is_asked_for_by_name(said: str, kind: str, name: str | None) -> None:
    assert named_models(said, WHOLE).for_kind(kind, WHOLE) == name


@pytest.mark.parametrize(
    ("said", "families"),
    [
        ("a cat, no kling", {"kling"}),
        ("don't use kling or luma", {"kling", "luma"}),
        ("I don't want you to use kling for the video", {"kling"}),
        ("a cat, but don't use the local models", {"local"}),
        ("kein kling", {"kling"}),
        ("do not replicate the logo", set()),
        ("a video without a ray of light", set()),
        ("no kling. Well, use kling", set()),
        ("a cat", set()),
    ],
)
def test_what_is_not_wanted(said: str, families: set[str]) -> None:
    refused = named_models(said, WHOLE).refused
    assert {one.partition("/")[0] for one in refused} & {"kling", "luma", "local", "replicate"} >= families
    assert bool(refused) is bool(families)


def step(name: str = "s1", kind: str = "video", **more: Any) -> dict[str, Any]:
    return {"id": name, "title": name, "description": "a cat", "agent_type": kind, "depends_on": [], **more}


def plan(*steps: dict[str, Any]) -> str:
    return json.dumps({"title": "Cat", "steps": steps})


async def heard(said: str, *answers: str, mode: str = "subagent") -> Play:
    play = Play(*answers, lines={"model_selector": ['{"model": ""}'] * 9})
    play.catalog = WHOLE
    await play.hears(said, mode=mode)
    return play


async def models(play: Play) -> dict[str, str]:
    return {name: one["model"] for name, one in (await play.shown()).items()}


@pytest.mark.parametrize("mode", ["subagent", "full"])
@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("Use Sora 2 to make a video of a cat", {"model": "sora-2"}),
        ("Use Sora 2 to make a video of a cat", {}),
        ("a video of a cat with openai/sora-2", {}),
        ("a cat. Use Sora.", {"model": "Sora"}),
    ],
)
async def test_the_model_that_is_asked_for_is_used_whoever_plans(mode: str, said: str, named: dict[str, str]) -> None:
    assert await models(await heard(said, plan(step(**named)), mode=mode)) == {"s1": "openai/sora-2"}


async def test_the_planner_knows_better_which_of_several_steps_it_is_for() -> None:
    play = await heard("two cats, the second with Sora 2", plan(step(), step("s2", model="Sora 2")))
    assert (await models(play))["s2"] == "openai/sora-2"
    assert (await models(play))["s1"] != "openai/sora-2"


async def test_nobody_takes_what_is_not_wanted_where_another_can_do_it() -> None:
    play = await heard("a cat, but don't use the local models", plan(step()))
    assert not (await models(play))["s1"].startswith("local/")
    offered = [str(one) for agent, one in zip(play.script.agents, play.script.asked, strict=True)
               if agent == "model_selector"]  # fmt: skip
    assert offered
    assert all('"id":"local/' not in one for one in offered)


async def test_where_no_other_can_do_it_that_is_said() -> None:
    play = Play(plan(step(kind="image")))
    await play.hears("a cat, but don't use the local models")
    assert await models(play) == {"s1": "local/picture"}
    assert "s1:model-unwanted" in play.log.of(FieldsVerified)[-1].flags


async def test_the_selector_is_shown_what_was_said() -> None:
    play = await heard("a cat, as Rembrandt would have filmed it", plan(step()))
    told = dict(zip(play.script.agents, play.script.asked, strict=True))["model_selector"]
    assert "as Rembrandt would have filmed it" in str(told[-1]["content"])


async def test_another_model_is_a_change_of_the_plan() -> None:
    play = await heard("a cat and a dog", plan(step(), step("s2", "image")))
    before = await models(play)
    play.script.lines["context_classifier"] = ['{"decision": "SAME"}']
    play.script.script.append(plan(step(unchanged=True), step("s2", "image", unchanged=True)))
    await play.hears("now use Sora 2")
    assert await models(play) == {**before, "s1": "openai/sora-2"}


async def test_what_is_changed_or_new_has_it_and_nothing_else() -> None:
    play = await heard("a cat and a dog", plan(step(), step("s2")))
    before = await models(play)
    play.script.lines["context_classifier"] = ['{"decision": "SAME"}'] * 2
    changed = step("s2", title="other", description="a red cat")
    play.script.script.append(plan(step(unchanged=True), changed))
    await play.hears("make the second one red, with Sora 2")
    assert await models(play) == {**before, "s2": "openai/sora-2"}
    play.script.script.append(plan(step(unchanged=True), {**changed, "unchanged": True}, step("s3")))
    await play.hears("and one more")
    assert await models(play) == {**before, "s2": "openai/sora-2", "s3": "openai/sora-2"}


async def test_the_stand_in_needs_no_telling() -> None:
    play = Play(model=StandIn())
    play.catalog = WHOLE
    await play.hears("Use Sora 2 to make a 5 second video of a cat")
    assert await models(play) == {"s1": "openai/sora-2"}
