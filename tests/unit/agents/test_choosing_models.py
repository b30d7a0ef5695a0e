"""Models are chosen layer by layer: by rules where rules can tell, else by a model, held to what can be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from commands.ask import Unavailable
from commands.canvas.commands import SelectModels
from events.canvas.plan_events import FieldsVerified, ModelSelected
from events.catalog.current import CurrentModel
from events.catalog.events import ModelLimits, ModelSpec, Price
from processors.agents.catalog import Catalog
from processors.agents.fitting.hints import output_hint
from processors.agents.fitting.policies import Policy, policy_of
from processors.agents.fitting.selector import candidates
from processors.agents.llm import Completion, Delta, LlmFailed, Message, Restarted
from processors.agents.plan import PlannedStep
from processors.agents.stages.model_selector import ASKED_MAX
from processors.agents.words.references import Known, KnownStep
from tests.unit.agents.makers import TEXT, model, schema, wide_catalog
from tests.unit.agents.play import Line, Play, Scripted

WIDE = wide_catalog()


def step(name: str, kind: str = "image", after: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {"id": name, "title": name, "description": "a red fox", "agent_type": kind, "depends_on": after, **more}


def plan(*steps: dict[str, Any]) -> str:
    return json.dumps({"title": "Fox", "steps": steps})


FILM = plan(step("a"), step("b", "video", ("a",)))


def answers(name: str) -> str:
    return json.dumps({"model": name, "reason": "it suits"})


def play_of(planner: str, *selector: Line, catalog: Catalog = WIDE) -> Play:
    play = Play(planner, lines={"model_selector": selector})
    play.catalog = catalog
    return play


def chosen(play: Play) -> dict[str, str]:
    return {one.step_id.rsplit(".", 1)[1]: one.model for one in play.log.of(ModelSelected)}


def asked(play: Play) -> list[str]:
    """What the selector was told, call by call."""
    said = zip(play.script.agents, play.script.asked, strict=True)
    return [str(messages[-1]["content"]) for agent, messages in said if agent == "model_selector"]


async def test_each_layer_is_told_what_comes_out_of_the_one_before() -> None:
    play = play_of(FILM, answers("fal/flux-pro-v1.1-ultra"), answers("fal/kling-v2.1-master-image"))
    await play.hears("a fox that runs")
    pictures, films = asked(play)
    assert "<upstream>\n[]" in pictures
    upstream = json.loads(films.partition("<upstream>\n")[2].partition("\n</upstream>")[0])
    assert upstream == [{"id": "a", "gives": ["image"], "aspect_ratio": "16:9", "format": "jpeg"}]
    assert chosen(play)["a"] == "fal/flux-pro-v1.1-ultra"
    assert all(WIDE.takes[one["id"]] >= {"image"} for one in json.loads(films.split("\n")[1]))
    assert (await play.shown())["b"]["model"] == chosen(play)["b"]


class Together(Scripted):
    """Answers the selector only once all of a layer are asking."""

    def __init__(self, planner: str, parties: int) -> None:
        super().__init__([planner])
        self.all_there = asyncio.Barrier(parties)

    async def stream(
        self, agent: str, messages: Sequence[Message], **more: Any
    ) -> AsyncGenerator[Delta | Restarted | Completion]:
        if agent == "model_selector":
            async with asyncio.timeout(10):
                await self.all_there.wait()
            self.lines[agent] = [answers("fal/flux-dev")]
        async for piece in super().stream(agent, messages, **more):
            yield piece


async def test_within_a_layer_all_are_asked_at_once() -> None:
    play = Play(model=Together(plan(*(step(name) for name in "abcd")), 4))
    play.catalog = WIDE
    await play.hears("four foxes")
    assert set(chosen(play).values()) == {"fal/flux-dev"}
    begun = {frame.data["stage"] for frame in play.frames if frame.event == "agent.started"}
    assert begun == {"plan", "validate", *(f"select {name}" for name in "abcd")}


@pytest.mark.parametrize(
    ("answer", "model_id", "flag"),
    [
        (answers("fal/flux-dev"), "fal/flux-dev", None),
        (answers("FAL/Flux-Dev"), "fal/flux-dev", None),
        (answers("FLUX.1 dev on fal"), "fal/flux-dev", None),
        (answers("fal/flux-dv"), "fal/flux-dev", "a:model-garbled"),
        (answers("midjourney/v9"), "by rules", "a:choice-unread"),
        (answers("local/motion"), "by rules", "a:choice-unread"),
        (answers("sora-2-pro-max"), "by rules", "a:choice-unread"),
        (answers("https://elsewhere.example/fal/flux-dev"), "by rules", "a:choice-unread"),
        (answers(""), "by rules", "a:choice-unread"),
        ("", "by rules", "a:choice-unread"),
        ("I would take the first", "by rules", "a:choice-unread"),
        ("fal/flux-dev, or else fal/flux-pro-v1.1-ultra", "by rules", "a:choice-unread"),
        *[
            (answer, "fal/flux-dev", None)
            for answer in (
                "fal/flux-dev",
                '"fal/flux-dev"',
                "`fal/flux-dev`",
                "fal/flux-dev.",
                '["fal/flux-dev"]',
                '{"model": ["fal/flux-dev"]}',
                '{"model": {"id": "fal/flux-dev"}}',
                '{"model_id": "fal/flux-dev"}',
                '{"Model": "fal/flux-dev"}',
                '{"choice": {"name": "FLUX.1 dev"}}',
                '[{"model": "fal/flux-dev"}]',
                '{"model": "fal/flux-dev", "reas',
                '{"model": "fal/flux-dev',
                "Model: fal/flux-dev",
                "I pick **fal/flux-dev** because it draws foxes well.",
                "Of all these the FLUX.1 [dev] on fal is the one that draws foxes best, I should think.",
                '```json\n{"model": "fal/flux-dev"}\n```',
                "<think>fal/flux-pro-v1.1-ultra?</think>fal/flux-dev",
            )
        ],
        (LlmFailed("timeout", "slow"), "by rules", None),
    ],
)
async def test_an_answer_is_held_to_what_can_be(answer: Line, model_id: str, flag: str | None) -> None:
    play = play_of(plan(step("a")), answer)
    await play.hears("a fox")
    by_rules = candidates(PlannedStep("a", "a", "a red fox", "image"), Known(), WIDE)[0].model.id
    assert chosen(play)["a"] == (by_rules if model_id == "by rules" else model_id)
    flags = [one for one in play.log.of(FieldsVerified)[0].flags if ":model-" in one or ":choice-" in one]
    assert flags == ([flag] if flag else [])


@pytest.mark.parametrize(
    ("steps", "request_"),
    [
        ([step("a", "text")], "write"),
        (
            [step("a", "video"), step("b", "utility", ("a",), input={"operation": "thumbnail"})],
            "a thumbnail as cheaply as possible",
        ),
        ([step("a")], "a fox, the cheapest way"),
        ([step("a", model="fal/flux-dev")], "a fox by flux-dev"),
    ],
)
async def test_what_rules_can_tell_is_not_asked(steps: list[dict[str, Any]], request_: str) -> None:
    play = play_of(plan(*steps))
    await play.hears(request_)
    assert asked(play) == []
    assert chosen(play).keys() == {one["id"] for one in steps}


async def test_where_one_model_can_do_it_nothing_is_asked() -> None:
    play = Play(FILM)
    await play.hears("a fox that runs")
    assert asked(play) == []


async def test_of_a_large_plan_only_so_many_steps_are_asked() -> None:
    play = play_of(plan(*(step(f"s{n}") for n in range(40))), *[answers("fal/flux-dev")] * 40)
    await play.hears("foxes")
    assert len(asked(play)) == ASKED_MAX
    assert len(chosen(play)) == 40


async def test_a_restart_asks_no_selector_twice() -> None:
    play = play_of(FILM, answers("fal/flux-dev"), answers("x"))
    message = await play.says("a fox that runs")
    play.log.refused = [SelectModels]
    with pytest.raises(Unavailable):
        await play.agents().handle(message)
    await play.agents().handle(message)
    assert len(asked(play)) == 2
    assert chosen(play)["a"] == "fal/flux-dev"


@pytest.mark.parametrize(
    ("request_", "policy"),
    [
        ("a fox", "balanced"),
        ("a picture of a cheap motel", "balanced"),
        ("the best day of my life, as a film", "balanced"),
        ("a fox, as cheap as possible", "cheapest"),
        ("keep it cheap: a fox", "cheapest"),
        ("use the cheapest models", "cheapest"),
        ("a low-cost clip", "cheapest"),
        ("ein Fuchs, möglichst günstig", "cheapest"),
        ("a fox in the best quality", "best"),
        ("top quality please", "best"),
        ("a fox, money is no object", "best"),
        ("ein Fuchs in bester Qualität", "best"),
        ("cheapest draft first, but now in the highest quality", "best"),
    ],
)
def test_the_policy_is_what_the_request_says(request_: str, policy: Policy) -> None:
    assert policy_of(request_) == policy


def image(name: str, price: int, *tags: str, **more: Any) -> ModelSpec:
    price_ = Price(unit="run", amount=price)
    return model(name, "image", ("image",), schema(["prompt"], prompt=TEXT), price=price_, tags=tags, **more)


def order(policy: Policy, words: str, *models: ModelSpec) -> list[str]:
    catalog = Catalog.of(CurrentModel(model=one, version=1) for one in models)
    found = candidates(PlannedStep("a", "", words, "image"), Known(), catalog, policy)
    return [one.model.id for one in found]


@pytest.mark.parametrize(
    ("policy", "ids"),
    [
        ("cheapest", ["x/draft", "x/good", "x/plain", "x/fine"]),
        ("balanced", ["x/good", "x/draft", "x/plain", "x/fine"]),
        ("best", ["x/fine", "x/good", "x/plain", "x/draft"]),
    ],
)
def test_the_policy_orders_equals(policy: Policy, ids: list[str]) -> None:
    models = (
        image("x/plain", 100), image("x/draft", 10, "draft"), image("x/good", 30, "recommended"),
        image("x/fine", 900, "premium"),
    )  # fmt: skip
    assert order(policy, "a fox", *models) == ids


def test_what_comes_nearest_to_the_wished_size_is_first() -> None:
    small, large = (
        image("x/a", 1, limits=ModelLimits(max_width=1024)),
        image("x/b", 9, limits=ModelLimits(max_width=4096)),
    )
    assert order("balanced", "a fox in 4k", small, large) == ["x/b", "x/a"]
    assert order("balanced", "a fox", small, large) == ["x/a", "x/b"]


@pytest.mark.parametrize(
    ("description", "given", "first"),
    [
        ("a fox", {"aspect_ratio": "9:16"}, "x/named"),
        ("a vertical picture of a fox", {"aspect_ratio": "vertical"}, "x/named"),
        ("a fox", {"width": 720, "height": 1280}, "x/named"),
        ("a fox", {"aspect_ratio": "1:1"}, "x/square"),
        ("a fox", {"aspect_ratio": "cinematic"}, "x/any"),
        ("a fox", {}, "x/any"),
    ],
)
def test_what_comes_nearest_to_the_wished_shape_is_first(description: str, given: dict[str, Any], first: str) -> None:
    prompt = {"type": "string"}
    models = (
        model("x/any", "image", ("image",), schema(["prompt"], prompt=prompt), price=Price(unit="run", amount=1)),
        model("x/square", "image", ("image",), schema(["prompt"], prompt=prompt, size={"enum": ["1024x1024"]}),
              price=Price(unit="run", amount=2)),
        model("x/named", "image", ("image",),
              schema(["prompt"], prompt=prompt, image_size={"enum": ["portrait_16_9", "landscape_16_9"]}),
              price=Price(unit="run", amount=3)),
    )  # fmt: skip
    catalog = Catalog.of(CurrentModel(model=one, version=1) for one in models)
    step_ = PlannedStep("a", "", description, "image", input=given)
    assert candidates(step_, Known(), catalog)[0].model.id == first


def test_lips_move_as_long_as_the_sound_before_them() -> None:
    lips = schema(["audio"], audio={"type": "string", "format": "uri", "x-media": "audio"})
    short, long = (
        model(name, "lipsync", ("video",), lips, limits=ModelLimits(max_duration_s=most))
        for name, most in (("x/a", 10), ("x/b", 60))
    )
    catalog = Catalog.of(CurrentModel(model=one, version=1) for one in (short, long))
    for length, first in ((8.0, "x/a"), (30.0, "x/b")):
        known = Known(steps=(KnownStep("v", "v", frozenset({"audio"}), {"duration_s": length}),))
        assert candidates(PlannedStep("l", "", "let it speak", "lipsync"), known, catalog)[0].model.id == first


def test_hints_are_what_schema_and_input_tell() -> None:
    spec = WIDE.models["local/picture"]
    assert output_hint(spec, PlannedStep("a", "", "a fox", "image")) == {"width": 1280, "height": 720}
    tall = PlannedStep("a", "", "a fox", "image", input={"aspect": "9:16", "width": 720})
    assert output_hint(spec, tall) == {"width": 720, "height": 720, "aspect_ratio": "9:16"}
    told = PlannedStep("a", "", "a fox", "image", input={"aspect_ratio": "9:16"})
    assert output_hint(WIDE.models["fal/flux-schnell"], told) == {
        "size": "portrait_16_9", "aspect_ratio": "9:16", "format": "jpeg",
    }  # fmt: skip
    assert output_hint(spec, told)["aspect_ratio"] == "9:16"
    film = PlannedStep("b", "", "a fox that runs for 7 seconds", "video")
    assert output_hint(WIDE.models["local/motion"], film)["duration_s"] == 7


def test_what_can_be_no_price_is_chosen_last_and_breaks_nothing() -> None:
    by_size = image("x/a", 1).model_copy(update={"price": Price(unit="megapixel", amount=5000)})
    catalog = Catalog.of(CurrentModel(model=one, version=1) for one in (by_size, image("x/b", 9)))
    found = candidates(PlannedStep("a", "", "a fox", "image", input={"height": -1}), Known(), catalog)
    assert [one.model.id for one in found] == ["x/b", "x/a"]
