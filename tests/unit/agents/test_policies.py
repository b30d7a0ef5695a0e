"""The price policy is what the person says of the making: not what they quote, show or deny; and it stays."""

from __future__ import annotations

import json

import pytest

from processors.agents.fitting.policies import Policy, policy_of, without_price
from tests.unit.agents.makers import shipped_catalog, wide_catalog
from tests.unit.agents.play import Play, StandIn


@pytest.mark.parametrize(
    ("said", "policy"),
    [
        ("not the cheapest model please", "balanced"),
        ("don't take the best quality, a draft is enough", "balanced"),
        ("best quality is not needed", "balanced"),
        ("it doesn't have to be the best quality", "balanced"),
        ("I don't want cheap models", "balanced"),
        ("no premium models please", "balanced"),
        ("not the cheapest, but the best quality", "best"),
        ("not the best quality, the cheapest", "cheapest"),
        ("the cheapest. No, not the cheapest", "balanced"),
        ("a poster that says 'cheapest flights in town'", "balanced"),
        ('a poster that says "best quality"', "balanced"),
        ("a poster that says best quality", "balanced"),
        ("the voice says: the cheapest models and the best quality", "balanced"),
        ("an ad for the cheapest flights in town", "balanced"),
        ("a video on a budget airline", "balanced"),
        ("a film about a man on a budget", "balanced"),
        ("a film about low-cost airlines", "balanced"),
        ("the best model of the fashion week walks", "balanced"),
        ("a premium model of a car", "balanced"),
        ("the best quality coffee beans, as a picture", "balanced"),
        ("make it look cheap", "balanced"),
        ("Create an explainer video on how families can save money on energy", "balanced"),
        ("a video teaching kids to save money", "balanced"),
        ("a poster for the best quality in coffee", "balanced"),
        ("a film with a cheap camera", "balanced"),
        ("a motel: cheap, dirty", "balanced"),
        ("the best model railway in town", "balanced"),
        ("a poster for a premium brand", "balanced"),
        ("a premium coffee brand poster", "balanced"),
        ("I want premium coffee on a table", "balanced"),
        ("a film about quick and cheap meals", "balanced"),
        ("a recipe that is quick and cheap to cook", "balanced"),
        ("a picture of a cheap camera", "balanced"),
        ("a fox, high quality", "balanced"),
        ("a picture of a fox that says 'premium'", "balanced"),
        ("not premium please", "balanced"),
        ("I don't need premium", "balanced"),
        ("a fox, quick and cheap", "cheapest"),
        ("Quick & cheap: a fox", "cheapest"),
        ("cheap and fast please", "cheapest"),
        ("fast and cheap please, a fox", "cheapest"),
        ("a quick and cheap picture of a fox", "cheapest"),
        ("a cheap video of a fox", "cheapest"),
        ("a picture of a fox. Cheap is fine.", "cheapest"),
        ("a fox, nothing expensive", "cheapest"),
        ("a fox, low cost", "cheapest"),
        ("the budget version please", "cheapest"),
        ("I don't want to spend much", "cheapest"),
        ("don't spend too much", "cheapest"),
        ("as cheap as possible", "cheapest"),
        ("I want premium", "best"),
        ("a fox, premium please", "best"),
        ("a fox. Make it premium", "best"),
        ("go premium", "best"),
        ("the premium version please", "best"),
        ("best quality", "best"),
        ("a fox, as good as possible", "best"),
        ("a fox, the best you can do", "best"),
        ("a fox. Spare no expense.", "best"),
        ("use a cheap model", "cheapest"),
        ("use a cheaper model for the video", "cheapest"),
        ("use the cheapest video model", "cheapest"),
        ("make it cheaper", "cheapest"),
        ("can you do it cheaper?", "cheapest"),
        ("a fox, cheap please", "cheapest"),
        ("cheaper", "cheapest"),
        ("that's too expensive", "cheapest"),
        ("a fox. Low budget.", "cheapest"),
        ("to save money, use one picture", "cheapest"),
        ("save money", "cheapest"),
        ("a fox, and save credits please", "cheapest"),
        ("use the best video model", "best"),
        ("use the best image model for it", "best"),
        ("a fox, best model please", "best"),
        ("the best quality in the video", "best"),
        ("do not use a cheap model", "balanced"),
        ("a fox, on a budget", "cheapest"),
        ("we're on a tight budget: a fox", "cheapest"),
        ("use the cheap one", "cheapest"),
        ("as cheap as it gets", "cheapest"),
        ("whatever is cheapest", "cheapest"),
        ("the cheapest way, please", "cheapest"),
        ("use the best models", "best"),
        ("a best-quality video of a fox", "best"),
        ("a fox, highest quality possible", "best"),
        ("nicht die beste Qualität", "balanced"),
        ("mit den besten Modellen ein Fuchs in höchster Qualität", "best"),
    ],
)
def test_what_is_said_of_the_making_counts(said: str, policy: Policy) -> None:
    assert policy_of(said) == policy


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("a picture of a fox, as cheap as possible", "a picture of a fox"),
        ("a picture of a fox in the best quality", "a picture of a fox"),
        ("a picture of a fox, quick and cheap", "a picture of a fox"),
        ("I want premium: a picture of a fox", "a picture of a fox"),
        ("a cheap video of a fox", "a video of a fox"),
        ("a fox in the best quality and a dog", "a fox and a dog"),
        ("use the best video model for a clip of a fox", "a clip of a fox"),
        ("ein Fuchs, so günstig wie möglich", "ein Fuchs"),
        ("make it cheaper", ""),
        ("use the best quality", ""),
        ("remove the voice, and make it cheaper", "remove the voice"),
        ("a poster that says 'best quality'", "a poster that says 'best quality'"),
        ("the voice says: as cheap as possible", "the voice says: as cheap as possible"),
        ("not the cheapest model please: a fox", "not the cheapest model please: a fox"),
        ("a film with the best quality coffee", "a film with the best quality coffee"),
    ],
)
def test_what_is_drawn_does_not_show_its_price(said: str, left: str) -> None:
    assert without_price(said) == left


@pytest.mark.parametrize(
    ("earlier", "said", "policy"),
    [
        (["a fox in the best quality"], "make it blue", "best"),
        (["a fox, as cheap as possible", "make it blue"], "and longer", "cheapest"),
        (["a fox in the best quality"], "now as cheap as possible", "cheapest"),
        (["a fox in the best quality"], "it need not be the best quality any more", "balanced"),
        (["use the cheapest models"], "not the best quality", "cheapest"),
        ([], "make it blue", "balanced"),
    ],
)
def test_it_stays_until_something_else_is_said(earlier: list[str], said: str, policy: Policy) -> None:
    assert policy_of(said, earlier) == policy


def plan(*words: str) -> str:
    """A step for each."""
    step = {"title": "T", "agent_type": "image", "depends_on": []}
    return json.dumps(
        {"title": "T", "steps": [{**step, "id": f"s{n}", "description": one} for n, one in enumerate(words)]}
    )


async def policies_asked(*said: str, decision: str) -> list[str]:
    """The policy that the selector's model is told with each message."""
    play = Play(
        *(plan(*said[:number]) for number in range(1, len(said) + 1)),
        lines={"context_classifier": [json.dumps({"decision": decision})]},
    )
    play.catalog = wide_catalog()
    for words in said:
        await play.hears(words)
    asked = zip(play.script.agents, play.script.asked, strict=True)
    told = [str(messages[-1]["content"]) for agent, messages in asked if agent == "model_selector"]
    return [text.partition("<policy>\n")[2].partition("\n")[0].strip('"') for text in told]


async def test_a_message_that_goes_on_with_a_plan_keeps_its_policy() -> None:
    assert await policies_asked("a fox in the best quality", "also a red house", decision="SAME") == ["best", "best"]


async def test_a_new_plan_begins_with_a_balanced_price() -> None:
    told = await policies_asked("a fox in the best quality", "a red house", decision="NEW")
    assert told == ["best", "balanced", "balanced"]


async def test_another_price_alone_chooses_the_models_anew_and_changes_no_words() -> None:
    play = Play(model=StandIn())
    play.catalog = shipped_catalog()
    await play.hears("a picture of a fox and animate it")
    usual = await play.shown()
    await play.hears("use the best quality")
    best, dear = await play.shown(), [one.estimate or 0 for one in play.newest.steps.values()]
    assert {name: one["description"] for name, one in best.items()} == {
        name: one["description"] for name, one in usual.items()
    }
    assert all(best[name]["model"] != usual[name]["model"] for name in usual)
    await play.hears("now as cheap as possible")
    cheap = [one.estimate or 0 for one in play.newest.steps.values()]
    assert all(less < more for less, more in zip(cheap, dear, strict=True))
