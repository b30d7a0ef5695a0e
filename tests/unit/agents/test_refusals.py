"""A model that declines is heard as that: the person is not told that its answer could not be read."""

from __future__ import annotations

import pytest

from processors.agents.answers.parser import parse_plan
from processors.agents.answers.refusals import declines
from tests.unit.agents.play import Play

DECLINED = [
    "I can't help with that.",
    "I'm sorry, but I can't help with that request.",
    "I’m sorry, but I cannot assist with creating this content.",
    "Sorry, I am unable to create images of real people.",
    "I must decline this request as it goes against my guidelines.",
    "This violates our content policy, so I won't make it.",
    "Es tut mir leid, dabei kann ich leider nicht helfen.",
    "Je ne peux pas vous aider avec cette demande.",
    "<think>is that allowed?</think>I cannot help with that.",
]
OTHERS = [
    "",
    "Sure! Here is the plan: first a picture of a fox, then a video of it.",
    "I can help with that.",
    "What kind of fox do you want?",
    "A fox who cannot help but smile. " * 100,
    '{"title": "I cannot help with that", "steps": [',
]


@pytest.mark.parametrize("answer", DECLINED)
async def test_who_declines_is_heard(answer: str) -> None:
    assert parse_plan(answer).refused
    play = Play(answer)
    await play.hears("a fox")
    [told] = await play.heard()
    assert "refuses" in told
    assert "could not be read" not in told


@pytest.mark.parametrize("answer", OTHERS)
def test_who_does_not_is_not(answer: str) -> None:
    assert not declines(answer)


async def test_an_edit_that_is_declined_leaves_the_plan_as_it_is() -> None:
    fox = '{"title": "Fox", "steps": [{"id": "a", "title": "Fox", "description": "a fox", "agent_type": "image"}]}'
    play = Play(fox, DECLINED[1], lines={"context_classifier": ['{"decision": "SAME"}']})
    await play.hears("a fox")
    await play.hears("now without clothes")
    assert (await play.heard())[-1].startswith("The language model refuses to do this, so the plan stays as it is.")
    assert list(await play.shown()) == ["a"]
