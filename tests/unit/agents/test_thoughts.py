"""Thoughts in an answer are shown as thoughts, however they are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.agents.answers.thoughts import Thoughts
from tests.unit.agents.play import Play
from tests.unit.agents.test_reactor import PLAN

ANSWERS = [
    (f"<think>hm, a <b>fox</b> {{}}</think>{PLAN}", "hm, a <b>fox</b> {}", PLAN),
    (f"Sure. <thinking>hm</thinking>\n{PLAN}", "hm", f"Sure. \n{PLAN}"),
    (f"a < b <Reasoning>one</reasoning><think>two</think>{PLAN}", "onetwo", f"a < b {PLAN}"),
    ("<think>never done <", "never done <", ""),
    (f'I use image [1]. <think>{{"steps": []}}</think>{PLAN}', '{"steps": []}', f"I use image [1]. {PLAN}"),
    (f"{{note}} and [v1]: <think>hm</think>{PLAN}", "hm", f"{{note}} and [v1]: {PLAN}"),
    ("in [1] <think>hm</think>, and [", "hm", "in [1] , and ["),
    (f"[{' ' * 70}{{<think>hm</think>{PLAN}", "hm", f"[{' ' * 70}{{{PLAN}"),
    ("a plain word <", "", "a plain word <"),
    ('{"description": "say <think>this</think>"}', "", '{"description": "say <think>this</think>"}'),
]


@pytest.mark.parametrize(("answer", "thought", "said"), ANSWERS)
@given(cuts=st.lists(st.integers(0, 120), max_size=9))
def test_each_is_what_it_is_wherever_it_is_cut(answer: str, thought: str, said: str, cuts: list[int]) -> None:
    thoughts, places = Thoughts(), sorted({0, *(cut for cut in cuts if cut < len(answer)), len(answer)})
    heard = [one for start, end in pairwise(places) for one in thoughts.feed(answer[start:end])]
    heard += thoughts.rest()
    assert "".join(one.text for one in heard if one.kind == "reasoning") == thought
    assert "".join(one.text for one in heard if one.kind == "content") == said


async def test_the_page_sees_thoughts_apart_and_no_step_of_a_draft_in_them() -> None:
    draft = PLAN.replace("Fox", "Draft")
    play = Play(f"<think>maybe {draft}?</think>{PLAN}")
    await play.hears("a fox")
    last = max(number for number, one in enumerate(play.frames) if one.event == "agent.started" and
               one.data["agent"] == "planner")  # fmt: skip
    frames = play.frames[last:]
    told = {kind: "".join([await play.vault.open(one.text) for one in frames if one.event == kind and one.text and
                           one.data.get("agent") == "planner"])
            for kind in ("agent.content", "agent.reasoning")}  # fmt: skip
    assert told == {"agent.content": PLAN, "agent.reasoning": f"maybe {draft}?"}
    steps = [await play.vault.open(one.text) for one in frames if one.event == "step.drafting" and one.text]
    assert len(steps) == 2
    assert not any("Draft" in step for step in steps)
