"""Models that a person names and that are none here: which, and what is taken, is said; no name of one is drawn."""

from __future__ import annotations

import json
from typing import Any

import pytest

from processors.agents.fitting.unknown_models import unknown_models
from tests.unit.agents.makers import shipped_catalog
from tests.unit.agents.play import Play, StandIn

WHOLE = shipped_catalog()


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("use Foobar-XL 9 for a picture of a mug", "Foobar-XL 9"),
        ("a video of a cat, made by Foobar 3", "Foobar 3"),
        ("with midjourney: a red mug", "midjourney"),
        ("a picture of a mug in Midjourney v6", "Midjourney v6"),
        ("use DALL-E 3 to draw a fox", "DALL-E 3"),
        ("a fox with the model foobar", "foobar"),
        ("a fox using the Foobar model", "Foobar"),
        ("a cat with Kling 9", "Kling 9"),
        ("a cat with Midjourney, and a dog with Foobar 3 model", "Midjourney, Foobar 3"),
        ("a red mug with Foobar-XL 9", "Foobar-XL 9?"),
        ("a poster with Boeing 747", "Boeing 747?"),
        # known ones
        ("with flux: a mug", ""),
        ("a mug made with FLUX.1 dev", ""),
        ("a video with Veo 3", ""),
        ("use Sora 2", ""),
        # no models
        ("a man with Anna", ""),
        ("a car with a V8 engine", ""),
        ("a mug with Photoshop", ""),
        ("a poster with Gemini and Leo", ""),
        ("a video in 4K, 3D and 16:9", ""),
        ("a bottle from 1945", ""),
        ("don't use Midjourney", ""),
        ("a sign that says 'made with Foobar 9'", ""),
        ("use image_1 for it", ""),
        ("a waltz in C# minor", ""),
    ],
)
def test_which_names_are_meant_as_models_and_are_none_here(said: str, names: str) -> None:
    found = [f"{one.name}{'' if one.sure else '?'}" for one in unknown_models(said, WHOLE)]
    assert ", ".join(found) == names


async def said(*turns: str) -> Play:
    play = Play(model=StandIn())
    play.catalog = WHOLE
    for turn in turns:
        await play.hears(turn)
    return play


@pytest.mark.parametrize(
    ("request_", "description", "model"),
    [
        ("with flux: a red mug", "Picture of a red mug", "flux"),
        ("a picture of a red mug, made with FLUX.1 dev", "Picture of a red mug", "replicate/flux-dev"),
        ("use flux: a picture of a red mug", "Picture of a red mug", "flux"),
        ("a picture of a red mug using Stable Diffusion 3.5", "Picture of a red mug", "stability/sd3.5"),
        ("use Foobar-XL 9 for a picture of a mug", "Picture of a mug", ""),
        ("a picture of a mug in Midjourney v6", "Picture of a mug", ""),
        ("a poster with Boeing 747", "Poster with Boeing 747", ""),
    ],
)
async def test_a_models_name_is_not_drawn(request_: str, description: str, model: str) -> None:
    [step] = (await (await said(request_)).shown()).values()
    assert step["description"] == step["input"]["prompt"] == description
    assert model in step["model"]


async def test_what_is_taken_in_its_place_is_said() -> None:
    play = await said("use Foobar-XL 9 for a picture of a mug")
    [step] = (await play.shown()).values()
    title = WHOLE.models[step["model"]].title
    [heard] = await play.heard()
    assert heard == f"There is no model “Foobar-XL 9” here. In its place, {title} makes “Picture of a mug”."


async def test_what_may_be_no_model_at_all_is_said_so() -> None:
    [heard] = await (await said("a poster with Boeing 747")).heard()
    assert heard.startswith("If “Boeing 747” is meant as a model: there is none of that name here, and ")


async def test_a_known_name_needs_no_word() -> None:
    assert await (await said("with flux: a red mug")).heard() == []


async def test_in_an_edit_the_plan_stays_as_it_is() -> None:
    play = await said("a picture of a mug", "use Foobar-XL 9")
    assert (await play.heard())[-1] == "There is no model “Foobar-XL 9” here, so the plan stays as it is."


async def test_another_known_model_is_all_that_an_edit_changes() -> None:
    play = await said("a picture of a fox and animate it", "use Sora 2")
    shown = await play.shown()
    assert (shown["s1"]["description"], shown["s2"]["model"]) == ("Picture of a fox", "openai/sora-2")
    assert (await play.heard())[-1] == "Changed: “Video”. The rest stays as it was."


async def test_a_real_model_that_passes_the_name_on_is_heard_alike() -> None:
    step: dict[str, Any] = {"id": "s1", "title": "Mug", "description": "a red mug with Foobar-XL 9", "depends_on": []}
    step |= {"agent_type": "image", "model": "Foobar-XL 9"}
    play = Play(json.dumps({"title": "Mug", "steps": [step]}), lines={"model_selector": ['{"model": ""}']})
    play.catalog = WHOLE
    await play.hears("a red mug, made with Foobar-XL 9")
    assert (await play.shown())["s1"]["description"] == "A red mug"
    assert "There is no model “Foobar-XL 9” here." in (await play.heard())[-1]
