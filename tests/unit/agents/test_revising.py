"""A plan that is not right is revised a few times at most, and the best version goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.ask import Unavailable
from commands.canvas.commands import DraftPlan
from events.canvas.plan_events import PlanDrafted, PlanEdited, PlanValidated
from events.canvas.session_events import AgentCallRecorded
from processors.agents.fitting.validator import Issue
from processors.agents.llm import LlmFailed
from processors.agents.stages.edit_planner import ISSUES_MAX
from processors.agents.stages.plan_validator import OBJECTIONS_MAX, UNSAID, WORDS_MAX, read
from tests.unit.agents.play import Line, Play

PASS = '{"verdict": "PASS", "issues": []}'


def step(name: str, kind: str = "image", after: tuple[str, ...] = (), words: str = "a red fox") -> dict[str, Any]:
    return {"id": name, "title": name, "description": words, "agent_type": kind, "depends_on": list(after)}


def plan(*steps: dict[str, Any]) -> str:
    return json.dumps({"title": "Fox", "steps": list(steps)})


def revise(*problems: str) -> str:
    issues = [{"step_id": "a", "problem": one, "suggestion": "do it"} for one in problems]
    return json.dumps({"verdict": "REVISE", "issues": issues})


FOX, FILM = step("a"), step("b", "video", ("a",), "the fox runs")
SHORT, WHOLE = plan(FOX), plan(FOX, FILM)
CIRCLE = plan(step("a", after=("b",)), FILM)


def play_of(planner: str, validator: list[Line], editor: list[Line]) -> Play:
    return Play(planner, lines={"validator": validator, "edit_planner": editor})


async def shown(play: Play) -> list[str]:
    return list(await play.shown())


async def issues(play: Play) -> list[str]:
    (validated,) = play.log.of(PlanValidated)
    return [(await play.vault.open(issue)).replace("the check of the plan objects: ", "") for issue in validated.issues]


async def test_what_the_model_objects_to_is_repaired_before_anyone_sees_the_plan() -> None:
    play = play_of(SHORT, [revise("the film is missing"), PASS], [WHOLE])
    await play.hears("a fox that runs")
    assert play.script.agents == ["planner", "validator", "edit_planner", "validator"]
    told = str(play.script.asked[2][-1]["content"])
    assert "the film is missing (do it)" in told.partition("<issues>")[2]
    assert await shown(play) == ["a", "b"]
    assert play.log.of(PlanValidated)[0].verdict == "PASS"
    assert len(play.log.of(PlanDrafted)) == 1
    drafted = play.log.of(PlanDrafted)[0]
    assert (drafted.drafted_by.agent, drafted.first_by.agent) == ("edit_planner", "planner")


async def test_the_cheaper_model_is_asked_for_what_is_small() -> None:
    play = Play(
        SHORT, lines={"validator": [revise("the film is missing"), PASS], "edit_planner": [WHOLE]}, small_model="small"
    )
    await play.hears("a fox that runs")
    asked = zip(play.script.agents, play.script.preferred, strict=True)
    assert list(asked) == [("planner", None), ("validator", "small"), ("edit_planner", None), ("validator", "small")]


async def test_the_edit_planner_is_told_so_many_issues_and_no_more() -> None:
    dense = plan(*(step(f"s{n}", after=tuple(f"s{m}" for m in range(120) if m != n)) for n in range(120)))
    play = play_of(dense, [], [dense, dense])
    await play.hears("pictures")
    told = [str(one[-1]["content"]) for agent, one in zip(play.script.agents, play.script.asked, strict=True)
            if agent == "edit_planner"]  # fmt: skip
    found = json.loads(told[0].partition("<issues>\n")[2].partition("\n</issues>")[0])
    assert len(found) == ISSUES_MAX + 1
    assert found[-1].startswith("and ")
    assert max(map(len, told)) < 100_000


HOLOGRAM = plan(step("a", "hologram"))


async def test_a_plan_of_which_no_step_is_left_is_revised() -> None:
    play = play_of(HOLOGRAM, [PASS], [SHORT])
    await play.hears("a fox")
    assert play.script.agents == ["planner", "edit_planner", "validator"]
    told = str(play.script.asked[1][-1]["content"])
    assert '"agent_type":"hologram"' in told.partition("<plan>")[2].partition("</plan>")[0]
    assert "nobody here does this kind of step" in told.partition("<issues>")[2]
    assert await shown(play) == ["a"]


@pytest.mark.parametrize("answer", [HOLOGRAM, "", '{"steps": []}', LlmFailed("timeout", "slow")])
async def test_where_none_is_left_after_it_that_is_said(answer: Line) -> None:
    play = play_of(HOLOGRAM, [], [answer])
    message = await play.says("a fox")
    await play.agents().handle(message)
    await play.agents().handle(message)
    assert play.script.agents == ["planner", "edit_planner"]
    assert await play.heard() == ["Nothing of this can be made here at the moment: nobody here does this kind of step."]


async def test_an_edit_of_which_no_step_is_left_is_revised() -> None:
    play = Play(
        SHORT,
        lines={
            "context_classifier": ['{"decision": "SAME"}'],
            "validator": [PASS, PASS],
            "edit_planner": [HOLOGRAM, plan(step("a", words="a blue fox"))],
        },
    )
    await play.hears("a fox")
    await play.hears("make it blue")
    assert (await play.shown())["a"]["description"] == "a blue fox"


async def test_what_the_rules_find_is_not_shown_to_the_model() -> None:
    play = play_of(CIRCLE, [PASS], [WHOLE])
    await play.hears("a fox that runs")
    assert play.script.agents == ["planner", "edit_planner", "validator"]
    assert "circle" in str(play.script.asked[1][-1]["content"]).partition("<issues>")[2]
    assert await issues(play) == []


async def test_after_the_last_round_the_best_version_goes_on_and_says_what_is_wrong_with_it() -> None:
    play = play_of(SHORT, [revise("one", "two"), revise("three"), revise("four", "five")], [WHOLE, CIRCLE, SHORT])
    await play.hears("a fox that runs")
    assert play.script.agents.count("edit_planner") == 2
    assert await shown(play) == ["a", "b"]
    assert await issues(play) == ["a: three (do it)"]
    assert play.log.of(PlanValidated)[0].verdict == "REVISE"


async def test_of_equals_the_earliest_goes_on() -> None:
    play = play_of(SHORT, [revise("one"), revise("two"), revise("three")], [WHOLE, plan(FILM)])
    await play.hears("a fox that runs")
    assert await shown(play) == ["a"]


@pytest.mark.parametrize("editor", [LlmFailed("timeout", "slow"), "no", '{"title": "", "steps": []}', SHORT])
async def test_where_nothing_comes_of_a_revision_the_plan_goes_on_as_it_is(editor: Line) -> None:
    play = play_of(SHORT, [revise("the film is missing")], [editor])
    await play.hears("a fox that runs")
    assert await shown(play) == ["a"]
    assert await issues(play) == ["a: the film is missing (do it)"]
    assert play.script.agents == ["planner", "validator", "edit_planner"]


@pytest.mark.parametrize("validator", [LlmFailed("timeout", "slow"), "no", "{}", "[]", '{"verdict": 7}'])
async def test_without_a_clear_objection_a_plan_passes(validator: Line) -> None:
    play = play_of(SHORT, [validator], [])
    await play.hears("a fox")
    assert play.log.of(PlanValidated)[0].verdict == "PASS"


async def test_a_restart_in_the_loop_asks_no_model_twice() -> None:
    play = play_of(SHORT, [revise("the film is missing"), PASS], [WHOLE])
    message = await play.says("a fox that runs")
    play.log.refused = [DraftPlan]
    with pytest.raises(Unavailable):
        await play.agents().handle(message)
    await play.agents().handle(message)
    assert play.script.agents == ["planner", "validator", "edit_planner", "validator"]
    assert len(play.log.of(AgentCallRecorded)) == 4
    assert len(play.log.of(PlanDrafted)) == 1


async def test_an_edit_is_judged_too_and_a_step_may_go_where_an_issue_says_so() -> None:
    changed = plan(step("a", words="a blue fox"), FILM, step("c", "music", words="a waltz"))
    objected = '{"verdict": "REVISE", "issues": [{"step_id": "c", "problem": "nobody asked for music: remove it"}]}'
    play = play_of(WHOLE, [PASS, objected, PASS], [changed, plan(step("a", words="a blue fox"), FILM)])
    await play.hears("a fox that runs")
    play.script.lines["context_classifier"] = ['{"decision": "SAME"}']
    await play.hears("make it blue")
    assert await shown(play) == ["a", "b"]
    assert (await play.shown())["a"]["description"] == "a blue fox"
    assert len(play.log.of(PlanEdited)) == 1


async def test_an_edit_that_changes_nothing_is_not_judged() -> None:
    play = play_of(WHOLE, [PASS], [WHOLE])
    await play.hears("a fox that runs")
    play.script.lines["context_classifier"] = ['{"decision": "SAME"}']
    await play.hears("thank you")
    assert play.script.agents == ["planner", "validator", "context_classifier", "edit_planner"]


def test_objections_are_bounded_and_name_only_steps_that_are_there() -> None:
    many = [{"step_id": "zz", "problem": "x" * 999, "suggestion": ["no"]}, None, {"problem": None}] * 50
    found = list(read(json.dumps({"verdict": "revise", "issues": many}), {"a"}))
    assert 0 < len(found) <= OBJECTIONS_MAX
    assert set(found) == {Issue("objection", "x" * WORDS_MAX)}


ISSUE = Issue("objection", "the film is missing")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"verdict": "REVISE", "issues": [{"problem": "the film is missing"}]}, ISSUE),
        ({"verdict": "Revise.", "issues": ["the film is missing"]}, ISSUE),
        ({"verdict": "needs_revision", "issues": "the film is missing"}, ISSUE),
        ({"Verdict": "REVISE", "Problems": [{"Description": "the film is missing"}]}, ISSUE),
        ({"decision": "FAIL", "issues": [{"issue": "the film is missing"}]}, ISSUE),
        ({"valid": False, "reason": "the film is missing"}, ISSUE),
        ({"passed": False, "feedback": "the film is missing"}, ISSUE),
        ({"verdict": "REVISE", "issues": {"problem": "the film is missing"}}, ISSUE),
        ({"verdict": "REVISE", "issues": {"a": "the film is missing"}}, replace(ISSUE, step_id="a")),
        ({"verdict": "REVISE", "issues": [{"step": "a", "message": "the film is missing", "fix": "add it"}]},
         replace(ISSUE, step_id="a", suggestion="add it")),
        ({"issues": [{"problem": "the film is missing"}]}, ISSUE),
        ({"verdict": "REVISE"}, Issue("objection", UNSAID)),
        ({"verdict": "REVISE", "issues": []}, Issue("objection", UNSAID)),
        ({"verdict": "REVISE", "issues": [7, None, {"step_id": "a"}]}, Issue("objection", "7")),
        ({"verdict": "REVISE", "issues": [], "comment": "the film is missing"}, ISSUE),
        ({"verdict": "NOT PASS", "comment": "the film is missing"}, ISSUE),
        ({"verdict": "does not pass", "issues": ["the film is missing"]}, ISSUE),
        ({"verdict": "unable to approve", "issues": ["the film is missing"]}, ISSUE),
        ({"verdict": "PASS: nothing to object, not even the title", "issues": []}, None),
        ("The plan needs revision: the film is missing", ISSUE),
        ("I would revise: the film is missing", ISSUE),
        ("This plan should be revised: the film is missing", ISSUE),
        ("The plan should not be revised.", None),
        ("No revision needed", None),
        ("REVISE", Issue("objection", UNSAID)),
        ("**REVISE**: the film is missing", ISSUE),
        ("Verdict: revise - the film is missing", ISSUE),
        ({"verdict": "PASS", "issues": [{"problem": "could be nicer"}]}, None),
        ({"verdict": "pass", "issues": ["x"]}, None),
        ({"verdict": "OK"}, None),
        ({"valid": True}, None),
        ({"verdict": "maybe"}, None),
        ({"issues": []}, None),
        ("PASS", None),
        ("I would not revise it", None),
        ("", None),
    ],
)  # fmt: skip
def test_an_objection_is_heard_however_it_is_put(answer: Any, found: Issue | None) -> None:
    said = answer if isinstance(answer, str) else json.dumps(answer)
    assert list(read(said, {"a"})) == ([found] if found else [])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["REVISE", "PASS", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["verdict", "issues", "problem", "step_id", "x"]), inner, max_size=4)
    ),
)


@given(values)
def test_whatever_is_answered_is_read(answer: Any) -> None:
    found = list(read(json.dumps(answer), {"a"}))
    assert len(found) <= OBJECTIONS_MAX
    assert all(one.problem and len(one.problem) <= WORDS_MAX and one.step_id in (None, "a") for one in found)


async def test_a_plan_that_shall_be_revised_is_even_where_nobody_says_why() -> None:
    play = play_of(SHORT, [revise(), PASS], [WHOLE])
    await play.hears("a fox that runs")
    assert play.script.agents == ["planner", "validator", "edit_planner", "validator"]
    assert await shown(play) == ["a", "b"]
