"""Another price or quality of a plan that is there: its models are chosen anew, but for those that the person named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from processors.agents.fitting.policies import price_clauses
from processors.agents.stages.model_selector import AGENT
from tests.unit.agents.makers import shipped_catalog
from tests.unit.agents.play import Line, Play, StandIn

DEAR, USUAL = "replicate/imagen-4-ultra", "replicate/flux-schnell"


def step(name: str = "a", kind: str = "image", after: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    words = {"title": f"The {name}", "description": f"a fox {name}"}
    return {"id": name, **words, "agent_type": kind, "depends_on": list(after), **more}


def answer(*steps: Mapping[str, Any], **more: Any) -> str:
    return json.dumps({"title": "Fox", "steps": steps, **more})


PLAN = [step("a"), step("b"), step("c", "video", ("a",))]
SAME = [{**one, "unchanged": True} for one in PLAN]


class Played(Play):
    """A plan that is there, and what edits of it lead to."""

    def __init__(self, *script: Line, selector: tuple[str, ...] = ()) -> None:
        chosen = [json.dumps({"model": name}) for name in selector]
        lines = {"context_classifier": ['{"decision": "SAME"}'] * 9, "field_verifier": ['{"steps": []}'] * 9}
        super().__init__(*script, lines={**lines, AGENT: chosen})
        self.catalog = shipped_catalog()

    async def models(self) -> dict[str, str]:
        return {name: one["model"] for name, one in (await self.shown()).items()}


async def edited(says: str, edit: str, *, first: str = "two foxes and a film", plan: Any = PLAN) -> tuple[Any, Any]:
    """Models before and after."""
    play = Played(answer(*plan), edit, edit, edit)
    await play.hears(first)
    before = await play.models()
    await play.hears(says)
    return before, await play.models()


REWORDED = answer(*({**one, "description": f"{one['description']}, finest"} for one in PLAN))
EDITS = {
    "unchanged": answer(*SAME),
    "reworded": REWORDED,
    "one reworded": answer({**PLAN[0], "description": "the finest fox"}, *SAME[1:]),
    "no steps, and a reason": answer(reason="There is nothing to change."),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=[*EDITS])
@pytest.mark.parametrize("says", ["use the best quality", "use the best model there is", "price is no object"])
async def test_whatever_the_planner_answers_the_models_are_others(says: str, edit: str) -> None:
    before, after = await edited(says, edit)
    assert all(after[name] != before[name] for name in before)


@pytest.mark.parametrize(
    ("says", "others"),
    [
        ("use the best quality for the video", {"c"}),
        ("use the best video model", {"c"}),
        ("make the video in the best quality", {"c"}),
        ("for the video, use the best quality", {"c"}),
        ("the pictures in the best quality", {"a", "b"}),
        ("use the best quality for step 2", {"b"}),
        ("use the best quality", {"a", "b", "c"}),
    ],
)
async def test_it_goes_for_the_steps_that_are_named(says: str, others: set[str]) -> None:
    before, after = await edited(says, EDITS["unchanged"])
    assert {name for name in before if after[name] != before[name]} == others


async def test_a_model_that_the_person_named_stays() -> None:
    named = [{**PLAN[0], "model": "flux-dev"}, *PLAN[1:]]
    before, after = await edited(
        "use the best quality", EDITS["unchanged"], plan=named, first="a fox by replicate/flux-dev, a fox and a film"
    )
    assert before["a"] == after["a"] == "replicate/flux-dev"
    assert after["c"] != before["c"]


@pytest.mark.parametrize("says", ["only local models", "use local models only", "use only local models please"])
async def test_only_local_models(says: str) -> None:
    play = Played(answer(*PLAN), answer(*SAME), answer(*SAME))
    await play.hears("two foxes and a film, in the best quality")
    assert not any(model.startswith("local/") for model in (await play.models()).values())
    await play.hears(says)
    assert all(model.startswith("local/") for model in (await play.models()).values())


@pytest.mark.parametrize("says", ["only local models", "actually use local models only"])
async def test_that_models_are_to_be_local_is_not_drawn(says: str) -> None:
    play = Play(model=StandIn())
    play.catalog = shipped_catalog()
    await play.hears("a picture of a fox")
    await play.hears(says)
    [fox] = (await play.shown()).values()
    assert (fox["model"], fox["input"]["prompt"]) == ("local/picture", "Picture of a fox")


async def test_a_choice_that_is_the_same_is_not_run_again() -> None:
    play = Played(answer(step("a"), step("b", "video")), *[answer(*({**one, "unchanged": True} for one in PLAN))] * 3)
    await play.hears("a fox and a film, as cheap as possible")
    await play.runs()
    play.script.script[:] = [answer({**step("a"), "unchanged": True}, {**step("b", "video"), "unchanged": True})] * 3
    await play.hears("use the cheapest models")
    assert (await play.heard())[-1].startswith("The plan stays as it is")
    assert play.newest.status == "succeeded"


async def test_only_what_has_another_model_is_run_again() -> None:
    same = answer(*({**one, "unchanged": True} for one in PLAN[:2]))
    play = Played(answer(*PLAN[:2]), same, same, selector=("replicate/flux-dev", USUAL))
    await play.hears("two foxes")
    assert await play.models() == {"a": "replicate/flux-dev", "b": USUAL}
    await play.runs()
    await play.hears("use the cheapest models")
    assert await play.models() == {"a": USUAL, "b": USUAL}
    assert await play.runs() == ["a"]


async def test_the_selector_is_asked_once_a_step_and_told_the_policy() -> None:
    play = Played(answer(step()), answer({**step(), "unchanged": True}), selector=(USUAL, DEAR))
    await play.hears("a fox")
    await play.hears("use the best quality")
    assert await play.models() == {"a": DEAR}
    assert play.script.agents.count(AGENT) == 2
    assert '<policy>\n"best"' in str(play.script.asked[play.script.agents.index(AGENT, 4)][-1]["content"])


async def test_the_stand_in_takes_cheaper_and_better_models() -> None:
    play = Play(model=StandIn())
    play.catalog = shipped_catalog()
    await play.hears("a picture of a cat")
    costs = [play.newest.steps["stp_X.1.s1"].estimate or 0]
    words = (await play.shown())["s1"]["description"]
    for says in ("use the best quality", "use the cheapest model", "use the best model there is"):
        await play.hears(says)
        costs.append(play.newest.steps["stp_X.1.s1"].estimate or 0)
    usual, best, cheapest, again = costs
    assert cheapest <= usual < best == again
    assert (await play.shown())["s1"]["description"] == words


@pytest.mark.parametrize(
    ("said", "clauses"),
    [
        ("a fox", ()),
        ("use the best quality", ("use the best quality",)),
        ("make the fox blue, use the best quality for the video", ("use the best quality for the video",)),
        ("make the fox blue and use the cheapest model", ("use the cheapest model",)),
        ("for the film, use the cheapest model", ("for the film, use the cheapest model",)),
        ("write 'the best quality' on it", ()),
    ],
)
def test_what_a_price_is_said_of(said: str, clauses: tuple[str, ...]) -> None:
    assert price_clauses(said) == clauses
