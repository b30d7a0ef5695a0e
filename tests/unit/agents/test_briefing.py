"""What agents are told of a long session: every file can be meant, and only some of them are told of in full."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from processors.agents.telling.context import UPLOADS_TOLD
from tests.unit.agents.makers import wide_catalog
from tests.unit.agents.play import Play, StandIn


def plan_of(description: str, **more: Any) -> str:
    step = {"id": "s1", "title": "T", "description": description, "agent_type": "video", "depends_on": [], **more}
    return json.dumps({"title": "T", "steps": [step]})


async def told(play: Play, agent: str = "planner") -> str:
    model = play.model
    assert isinstance(model, StandIn) or model is play.script
    last = [number for number, name in enumerate(model.agents) if name == agent][-1]
    return str(model.asked[last][-1]["content"])


def block(text: str, name: str) -> Any:
    found = re.search(rf"<{name}>\n(.*?)\n</{name}>", text, re.DOTALL)
    return json.loads(found[1]) if found else None


async def session_with(files: int, request: str, answer: str) -> Play:
    play = Play(answer)
    play.catalog = wide_catalog()
    await play.says("hello")
    for number in range(1, files + 1):
        await play.uploads(f"pic{number}.png")
    await play.hears(request)
    return play


@pytest.mark.parametrize(
    ("request_", "label"),
    [
        ("animate image_1", "image_1"),
        ("animate the first image", "image_1"),
        ("animate the second picture", "image_2"),
        ("animate the last image", "image_40"),
    ],
)
async def test_of_many_files_each_can_be_meant(request_: str, label: str) -> None:
    play = await session_with(40, request_, plan_of(request_, input={"image": label}))
    text = await told(play)
    assert label in [ref for one in block(text, "references") for ref in one["means"]]
    (step,) = (await play.shown()).values()
    assert f"upload:{label}" in str(step["input"])


async def test_what_is_listed_in_full_is_bounded_and_holds_what_is_spoken_of() -> None:
    text = await told(await session_with(60, "animate image_2", plan_of("animate image_2")))
    listed = block(text, "uploads")
    assert [one["label"] for one in listed] == [f"image_{number}" for number in range(1, 61)]
    assert [one["label"] for one in listed if "name" in one] == [
        "image_2",
        *(f"image_{number}" for number in range(61 - UPLOADS_TOLD, 61)),
    ]


async def test_a_number_is_not_moved_by_files_that_are_not_known_any_more() -> None:
    play = await session_with(203, "animate the first image and the fifth image", plan_of("the fifth image"))
    assert block(await told(play), "references") == [{"phrase": "the fifth image", "means": ["image_5"]}]


async def test_what_an_earlier_plan_made_can_be_meant_beside_the_present_one() -> None:
    play = Play(model=StandIn())
    await play.hears("a picture of a cat")
    await play.runs()
    await play.hears("start something new: a song about trains")
    await play.runs()
    await play.hears("now animate the picture from before")
    assert block(await told(play, "edit_planner"), "references") == [
        {"phrase": "the picture from before", "means": ["made_image_1"]}
    ]
    assert "upload:made_image_1" in str(await play.shown())


async def test_the_present_plans_own_results_are_its_steps() -> None:
    play = Play(model=StandIn())
    await play.hears("a picture of a cat")
    await play.runs()
    await play.hears("now animate that image")
    assert block(await told(play, "edit_planner"), "references") == [{"phrase": "that image", "means": ["s1"]}]


@pytest.mark.parametrize(
    ("request_", "files", "description", "image"),
    [
        ("animate this", ["dog.png"], "Animate the picture", "upload:image_1"),
        ("animate my photo", ["dog.png"], "The photo comes to life", "upload:image_1"),
        ("make this photo move", ["dog.png"], "Animate image_1", "upload:image_1"),
        ("animate the second picture", ["dog.png", "cat.png"], "Animate the picture", "upload:image_2"),
        ("animate the first picture", ["dog.png", "cat.png"], "Animate the picture", "upload:image_1"),
        # the step speaks of no picture, or the request of none that came with it
        ("animate this", ["dog.png"], "A red kite in the wind", None),
        ("a film of a kite", ["dog.png"], "A kite; the picture is dark", None),
        ("animate this", ["clip.mp4"], "Animate the picture", None),
        ("animate this", [], "Animate the picture", None),
    ],
)
async def test_what_came_with_the_request_and_is_meant_by_it_is_what_a_step_speaks_of(
    request_: str, files: list[str], description: str, image: str | None
) -> None:
    play = Play(plan_of(description), lines={"field_verifier": ['{"steps": []}']})
    await play.hears(request_, attach=files)
    assert (await play.shown())["s1"]["input"].get("image") == image


async def test_a_step_that_speaks_of_the_picture_before_it_takes_that() -> None:
    shoe = {"id": "p", "title": "T", "description": "A shoe", "agent_type": "image", "depends_on": []}
    moves = {**shoe, "id": "v", "description": "Animate the picture", "agent_type": "video", "depends_on": ["p"]}
    play = Play(json.dumps({"title": "T", "steps": [shoe, moves]}), lines={"field_verifier": ['{"steps": []}']})
    await play.hears("a shoe in the style of this picture, animated", attach=["style.png"])
    assert (await play.shown())["v"]["input"].get("image") in (None, "step:stp_X.1.p")


@pytest.mark.parametrize(("request_", "image"), [("animate the photo", "upload:image_1"), ("animate a kite", None)])
async def test_an_older_file_is_so_only_where_the_request_speaks_of_it(request_: str, image: str | None) -> None:
    play = Play(plan_of("Animate the picture"))
    await play.says("hello", attach=["dog.png"])
    await play.hears(request_)
    assert (await play.shown())["s1"]["input"].get("image") == image
