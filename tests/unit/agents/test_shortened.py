"""A plan of hundreds of steps and a request of pages are shown in part, and nothing is lost by that."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.agents.answers.parser import parse_plan
from processors.agents.plan import PlannedStep
from processors.agents.stages.editing import changed, merge
from processors.agents.telling.context import REQUEST_CHARS_MAX, Briefing, request
from processors.agents.telling.present import PresentStep
from processors.agents.telling.shortened import NAMED_CHARS, PLAN_CHARS, steps_told, uncut, without_middle
from tests.unit.agents.play import Play
from tests.unit.agents.test_reactor import PLAN


def steps(number: int, words: int) -> list[PresentStep]:
    made = (
        PlannedStep(
            f"s{n}", f"Step {n} " * 9, f"{n}: " + "a fox in the snow. " * (words // 19), "image", (), "far/model",
            {"prompt": "a fox " * 30},
        )
        for n in range(1, number + 1)
    )  # fmt: skip
    return [PresentStep(one, "planned") for one in made]


@pytest.mark.parametrize("number", [1, 20, 100, 500])
@pytest.mark.parametrize("words", [20, 770, 8000])
def test_a_plan_is_told_within_a_budget(number: int, words: int) -> None:
    there = steps(number, words)
    told = steps_told(there, {"s1", "s2"})
    assert [one["id"] for one in told] == [one.step.id for one in there]
    assert len(orjson.dumps(told)) <= PLAN_CHARS + NAMED_CHARS + 300 * number
    assert told[0] == there[0].as_json()
    if sum(len(orjson.dumps(one.as_json())) for one in there) <= PLAN_CHARS:
        assert told == [one.as_json() for one in there]


def test_what_was_shown_in_part_and_comes_back_so_is_unchanged() -> None:
    there = steps(300, 770)
    originals = [one.step for one in there]
    echoed = orjson.dumps({"title": "T", "steps": steps_told(there)}).decode()
    edited = merge(originals, parse_plan(echoed), "make it blue")
    assert changed(originals, edited.steps) == frozenset()
    assert [replace(one, unchanged=False) for one in edited.steps] == originals


@given(st.text(max_size=40), st.text(max_size=40))
def test_only_what_was_shown_is_taken_for_the_whole(said: str, original: str) -> None:
    assert uncut(original, original) == original
    assert uncut(said, original) in (said, original)
    if not said.endswith("…"):
        assert uncut(said, original) == said


@given(st.text(max_size=300), st.integers(20, 200))
def test_of_what_is_too_long_the_end_stays(text: str, longest: int) -> None:
    short = without_middle(text, longest)
    assert len(short) <= longest
    assert short.endswith(text[-(longest // 2) :]) if text else short == ""
    assert short.startswith(text[: longest // 4])


def test_of_a_long_request_the_newest_words_are_told() -> None:
    told = request(Briefing("a fox. " + "background " * 9_000 + "no wait, make it a WOLF"))
    assert "a fox." in told
    assert "WOLF" in told
    assert len(told) <= REQUEST_CHARS_MAX + 50


async def test_what_was_said_just_now_reaches_the_planner_behind_pages_that_went_before() -> None:
    play = Play(PLAN)
    await play.says("a fox. " + "background " * 4_000)
    await play.hears("no wait, make it a WOLF")
    assert "WOLF" in str(play.script.asked[0][-1]["content"])
