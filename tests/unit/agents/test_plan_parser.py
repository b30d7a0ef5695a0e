"""The parser reads a planner's answer however it is wrapped, broken or cut off."""

from __future__ import annotations

import json

import pytest

from processors.agents.parser import IncrementalParser, parse_plan
from processors.agents.plan import PlannedStep

ONE = {"id": "s1", "title": "A cat", "description": "A red cat", "agent_type": "image", "depends_on": []}
TWO = {"id": "s2", "title": "Move", "description": "It moves", "agent_type": "video", "depends_on": ["s1"]}
ANSWER = {"title": "Cat", "steps": [ONE, TWO]}
TEXT = json.dumps(ANSWER)
STEPS = (
    PlannedStep("s1", "A cat", "A red cat", "image"),
    PlannedStep("s2", "Move", "It moves", "video", ("s1",)),
)


@pytest.mark.parametrize(
    ("answer", "layer"),
    [
        (TEXT, "direct"),
        (json.dumps(ANSWER, indent=2), "direct"),
        (f"```json\n{TEXT}\n```", "direct"),
        (f"Sure! Here is the plan (see {{below}}, 5\" wide):\n```\n{TEXT}\n```\nEnjoy.", "direct"),
        (f"```json\n{TEXT}", "direct"),
        (f"<think>a {{\"steps\": [{{}}]}} draft</think>\n{TEXT}", "direct"),
        (f"Here is what I'd do: {TEXT} Hope it helps!", "repaired"),
        (TEXT.replace("}]", "},],").replace('"Cat",', '"Cat", // a title\n'), "repaired"),
        (TEXT.replace('"title": "Cat",', '"title": /* why\nnot */ "Cat",'), "repaired"),
        (TEXT.replace('", "', '" "'), "repaired"),
        (TEXT.replace('"', "'").replace("[]", "[], 'input': None"), "repaired"),
        (TEXT.replace("A red cat", "A red\ncat").replace("\n", " "), "direct"),
        (TEXT[:-2] + "}", "repaired"),
        (TEXT.replace("}, {", ", {"), "repaired"),
        (TEXT[:-1], "partial"),
        (TEXT + TEXT, "repaired"),
        (json.dumps({"plan": ANSWER}), "direct"),
        (json.dumps([ONE, TWO]), "direct"),
    ],
)  # fmt: skip
def test_both_steps_are_read(answer: str, layer: str) -> None:
    plan = parse_plan(answer)
    assert plan.steps == STEPS
    assert plan.layer == layer


def test_a_step_that_was_cut_off_is_left_out_and_said_to_be() -> None:
    plan = parse_plan(TEXT[: TEXT.index("It moves") + 4])
    assert plan.steps == STEPS[:1]
    assert plan.truncated
    assert plan.title == "Cat"
    assert plan.layer == "partial"


def test_an_unescaped_quote_stays_in_its_text() -> None:
    plan = parse_plan(TEXT.replace("A red cat", 'A 5" tall cat'))
    assert plan.steps[0].description == 'A 5" tall cat'
    assert plan.steps[1] == STEPS[1]


def test_a_raw_line_break_stays_in_its_text() -> None:
    assert parse_plan(TEXT.replace("A red cat", "A red\ncat")).steps[0].description == "A red\ncat"


def test_loose_types_are_read() -> None:
    raw = {"id": 1, "name": "x", "description": "y", "type": "image", "depends_on": "a b, c", "input": [1], "model": 7}
    assert parse_plan(json.dumps({"steps": [raw, "nonsense", {"id": "empty"}]})).steps == (
        PlannedStep("1", "x", "y", "image", ("a_b", "c"), model="7"),
    )


@pytest.mark.parametrize(
    ("number", "read"), [("7", 7), ("-7", -7), ("1e999", None), ("9" * 30, 1e30), (str(2**63), float(2**63))]
)
def test_a_number_that_no_reader_keeps_is_not_passed_on(number: str, read: object) -> None:
    step = f'{{"id": "a", "title": "x", "agent_type": "image", "input": {{"seed": {number}}},}}'
    plan = parse_plan(f'{{"steps": [{step}]}}')
    assert plan.layer == "repaired"
    assert plan.steps[0].input == {"seed": read}


def test_no_steps_with_a_reason() -> None:
    plan = parse_plan('{"title": "", "steps": [], "reason": "Nothing to make."}')
    assert (plan.steps, plan.reason, plan.layer) == ((), "Nothing to make.", "direct")


@pytest.mark.parametrize("answer", ["", "I cannot.", "{", "[[[[", '{"steps": "no"}', "]" * 99, "{'a'", '"', "[" * 9999])
def test_what_is_no_plan_gives_no_step(answer: str) -> None:
    assert parse_plan(answer).steps == ()


def test_steps_come_out_one_by_one() -> None:
    parser = IncrementalParser()
    at = {}
    for place, char in enumerate("<think>so {</think>Plan: " + TEXT):
        for step in parser.feed(char):
            at[step.id] = place
    assert list(at) == ["s1", "s2"]
    assert at["s1"] == ("<think>so {</think>Plan: " + TEXT).index("}, {")


def test_a_long_answer_comes_out_whole() -> None:
    parser = IncrementalParser()
    steps = [{**ONE, "id": f"s{n}", "description": "d" * 200} for n in range(500)]
    text = json.dumps({"title": "Long", "steps": steps})
    found = [step for at in range(0, len(text), 7) for step in parser.feed(text[at : at + 7])]
    assert [step.id for step in found] == [f"s{n}" for n in range(500)]


def test_what_an_edit_takes_out_is_read_from_the_list_or_from_the_step() -> None:
    step = '{"id": "s1", "title": "T", "description": "D", "agent_type": "image"}'
    gone = '{"id": "s3", "title": "T", "description": "D", "agent_type": "speech", "removed": true}'
    plan = parse_plan(f'{{"steps": [{step}, {gone}], "removed": ["s2", {{"id": "s4"}}]}}')
    assert [one.id for one in plan.steps] == ["s1"]
    assert plan.removed == ("s2", "s4", "s3")
