"""Short answers, and edits of a plan, are judged as the platform would take them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from processors.agents.fitting.validator import Issue
from processors.agents.plan import PlannedStep
from processors.agents.stages.edit_planner import Asked
from processors.agents.telling.blocks import block
from processors.agents.telling.context import Briefing
from processors.agents.telling.present import Present, PresentStep
from studio.client import plan_judging
from studio.client.answer_judging import AnswerOutcome, judge
from studio.client.outcomes import Figures, compared
from tests.unit.agents.makers import small_catalog

FIGURES = Figures(10, 20, 300)
MODELS = block("models", [{"id": "fal/flux-pro", "title": "FLUX Pro"}, {"id": "local/picture", "title": "Picture"}])
STEPS = block("steps", [{"id": "s1", "open": [{"field": "width"}, {"field": "image"}]}])
TOLD = [{"role": "system", "content": "…"}, {"role": "user", "content": f"{MODELS}\n{STEPS}"}]


def outcome(agent: str, answer: str) -> AnswerOutcome:
    return judge(agent, answer, FIGURES, TOLD)


@pytest.mark.parametrize(
    ("agent", "answer", "says", "well_formed"),
    [
        ("context_classifier", '{"decision": "NEW", "reason": "another"}', "NEW", True),
        ("context_classifier", 'It is {"decision": "same"}', "SAME", False),
        ("context_classifier", "NEW", "NEW", False),
        ("context_classifier", '{"decision": "perhaps"}', "unusable", True),
        ("context_classifier", "I would not know.", "unusable", False),
        ("validator", '{"verdict": "PASS", "issues": []}', "PASS", True),
        ("validator", '{"verdict": "REVISE", "issues": [{"problem": "no fox"}]}', "REVISE", True),
        ("validator", "Revise: no fox", "REVISE", False),
        ("validator", "It looks nice.", "unusable", False),
        ("model_selector", '{"model": "fal/flux-pro"}', "fal/flux-pro", True),
        ("model_selector", '{"model": "FLUX PRO"}', "fal/flux-pro", True),
        ("model_selector", '{"model": "fal/fluxpro"}', "fal/flux-pro", True),
        ("model_selector", '{"model": "sdxl"}', "unusable", True),
        ("model_selector", "no", "unusable", False),
        ("field_verifier", '{"steps": [{"id": "s1", "input": {"width": 640, "seed": 1}}]}', "1 fields", True),
        ("field_verifier", '{"steps": []}', "0 fields", True),
        ("field_verifier", "no", "unusable", False),
    ],
)
def test_an_answer_says_what_the_platform_would_take_it_for(
    agent: str, answer: str, says: str, well_formed: bool
) -> None:
    found = outcome(agent, answer)
    assert (found.in_short, found.well_formed) == (says, well_formed)
    assert found.as_json()["says"] == says


@pytest.mark.parametrize(
    ("agent", "before", "after", "judgement"),
    [
        ("context_classifier", '{"decision": "NEW"}', '{"decision": "SAME"}', "other"),
        ("context_classifier", "hm", '{"decision": "SAME"}', "better"),
        ("context_classifier", '{"decision": "NEW"}', 'So: {"decision": "NEW"}', "worse"),
        ("validator", '{"verdict": "PASS"}', '{"verdict": "PASS", "issues": []}', "same"),
        ("model_selector", '{"model": "sdxl"}', '{"model": "fluxpro"}', "better"),
        ("model_selector", '{"model": "local/picture"}', '{"model": "fal/fluxpo"}', "worse"),
        ("model_selector", '{"model": "local/picture"}', '{"model": "fal/flux-pro"}', "other"),
        ("field_verifier", '{"steps": []}', '{"steps": [{"id": "s1", "input": {"width": 640}}]}', "better"),
        (
            "field_verifier",
            '{"steps": [{"id": "s1", "input": {"width": 320}}]}',
            '{"steps": [{"id": "s1", "input": {"width": 640}}]}',
            "other",
        ),
    ],
)
def test_of_two_it_is_told_which_can_be_used_and_whether_they_say_the_same(
    agent: str, before: str, after: str, judgement: str
) -> None:
    assert compared(outcome(agent, before), outcome(agent, after)) == judgement


PICTURE = PlannedStep("s1", "A fox", "a fox", "image", (), "far/model", {})
POEM = PlannedStep("s2", "A poem", "a poem on foxes", "text", (), "far/writer", {})
PRESENT = Present("pln_X.1", "Fox", "succeeded", "msg_1", (PresentStep(PICTURE, "succeeded"), PresentStep(POEM, "")))


def edit(request: str, *steps: PlannedStep | dict[str, Any], wrong: Sequence[Issue] = ()) -> plan_judging.PlanOutcome:
    said = [one.as_json() | {"unchanged": True} if isinstance(one, PlannedStep) else one for one in steps]
    answer = json.dumps({"title": "Fox", "steps": said})
    return plan_judging.judge_edit(answer, FIGURES, Asked(Briefing(request), small_catalog(), PRESENT, wrong))


BLUE = replace(PICTURE, description="a blue fox").as_json()


def test_an_edit_is_judged_by_what_it_leaves_of_the_plan() -> None:
    asked = edit("make the fox blue", BLUE, POEM)
    assert asked.as_json() | {"changed": ["s1"], "removed": [], "restored": 0, "steps": 2} == asked.as_json()
    assert (asked.verdict, asked.in_short) == ("PASS", "PASS 2 steps, 1 changed, 0 removed")
    forgot = edit("make the fox blue", BLUE)
    assert (forgot.steps, forgot.edit and forgot.edit.restored) == (2, 1)
    assert compared(forgot, asked) == "better"
    assert compared(asked, edit("make the fox blue", PICTURE, POEM)) == "other"
    assert edit("remove the poem", PICTURE).as_json()["removed"] == ["s2"]
    assert edit("make the fox blue").verdict == "NONE"


def test_a_repair_is_judged_by_what_was_wrong_and_not_by_the_persons_words() -> None:
    """A step that is itself what is wrong may go; one that the repair forgot comes back, whatever was asked for."""
    superfluous = [Issue("objection", "nobody asked for a poem", "remove it", "s2")]
    assert edit("a fox", PICTURE, wrong=superfluous).as_json()["removed"] == ["s2"]
    other = [Issue("objection", "the fox is not blue", "", "s1")]
    forgot = edit("remove the poem", BLUE, wrong=other)
    assert forgot.edit == plan_judging.Edit(frozenset({"s1"}), frozenset(), 1)
