"""The parser reads a planner's answer however it is wrapped, broken or cut off."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from processors.agents.answers.lenient_json import LenientReader
from processors.agents.answers.parser import LABEL_MAX_CHARS, IncrementalParser, label, parse_plan
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


@pytest.mark.parametrize(
    "words",
    [
        'a sign that says "Hello", in red',
        'she said "hi", loudly',
        'the "A", "B" and "C" cats',
        '"one", "two", three',
        'a "big": thing',
        'either "A"/"B" or C',
        'signs "A", 5 in all',
        '"Hi" she said',
        'he said "hi"',
        'two signs: "ja", "nein"',
    ],
)
def test_quotations_stay_in_their_text_and_no_step_is_lost(words: str) -> None:
    answer = TEXT.replace("A red cat", words)
    first, second = parse_plan(answer).steps
    assert (first.description, first.agent_type, second) == (words, "image", STEPS[1])
    parser = IncrementalParser()
    assert [step for char in answer for step in parser.feed(char)] == [first, second]


@pytest.mark.parametrize(
    "members",
    [
        '"a": "b", "KEY": 1',
        '"a": "b",GAP"k": 1',
        '"a": "b", "k"GAP: 1',
        '"a": ", \\"z\\"", "KEY": ""',
        '"a": "b", "k\\"": 1',
    ],
)
def test_of_what_is_written_well_nothing_is_taken_for_words(members: str) -> None:
    text = '{"steps": [], "more": {' + members.replace("KEY", "k" * 300).replace("GAP", " " * 300) + "}}"
    reader = LenientReader()
    for char in text:
        reader.feed(char)
    assert reader.roots == [json.loads(text)]


def test_a_step_whose_kind_is_lost_is_one_that_can_be_objected_to() -> None:
    answer = TEXT.replace('"image"', '""')
    assert parse_plan(answer).steps == (replace(STEPS[0], agent_type=""), STEPS[1])


@pytest.mark.parametrize(
    ("one", "two"),
    [("画像", "動画"), ("画像1", "動画1"), ("الصورة", "الفيديو"), ("картинка", "видео"), ("画" * 70, "動" * 70)],
)
def test_names_in_another_script_are_names(one: str, two: str) -> None:
    answer = {"steps": [{**ONE, "id": one}, {**TWO, "id": two, "depends_on": [one]}]}
    first, second = parse_plan(json.dumps(answer)).steps
    assert second.depends_on == (first.id,)
    assert first.id != second.id
    assert all(step.id.isascii() and 0 < len(step.id) <= LABEL_MAX_CHARS for step in (first, second))


def test_an_accent_is_no_other_script() -> None:
    assert [label(name) for name in ("étape-1", "Schritt ä", "s1", "→", "")] == ["etape-1", "Schritt_a", "s1", "", ""]


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


DRAFT = TEXT.replace("A red cat", "A draft").replace('"s1"', '"d1"')


@pytest.mark.parametrize(
    "answer",
    [
        f"First:\n```json\n{DRAFT}\n```\nNo, rather:\n```json\n{TEXT}\n```",
        f"First:\n```json\n{DRAFT}\n```\nNo, rather: {TEXT}",
        f"{DRAFT} or better {TEXT}",
        f"Sure. <think>{DRAFT}</think> {TEXT}",
        f"<thinking>{DRAFT}</thinking>{TEXT}",
        f"<Reasoning>\n```json\n{DRAFT}\n```\n</Reasoning>\n```json\n{TEXT}\n```",
        f"{DRAFT}\n<think>hm, better:</think>\n{TEXT}",
        f"I could {{ do this: <think>{DRAFT}</think> {TEXT}",
        TEXT.replace('"steps"', f'<think>{DRAFT}</think> "steps"'),
        f"{TEXT}\nor <think>{DRAFT}</think>",
        f"{TEXT}\n<think>or {DRAFT}",
        f"{TEXT}\nAnother: {DRAFT[:-40]}",
    ],
)
def test_a_draft_is_not_the_plan(answer: str) -> None:
    assert parse_plan(answer).steps == STEPS


def test_a_tag_in_somebodys_words_is_a_word() -> None:
    words = "a sign that says <think> in red, and one that says </think>"
    (first, _) = parse_plan(TEXT.replace("A red cat", words)).steps
    assert first.description == words


ONE_TEXT, TWO_TEXT = json.dumps(ONE), json.dumps(TWO)


@pytest.mark.parametrize(
    "answer",
    [
        f"{ONE_TEXT}\n{TWO_TEXT}\n",
        f"The steps:\n```json\n{ONE_TEXT}\n```\nand\n```json\n{TWO_TEXT}\n```",
        json.dumps({"result": {"plan": ANSWER}}),
        json.dumps({"data": {"answer": {"plan": ANSWER}}}),
        json.dumps({"Title": "Cat", "Steps": [ONE, TWO]}),
        json.dumps({"plan": [ONE, TWO]}),
        json.dumps({"steps": {"s1": ONE, "s2": TWO}}),
        TEXT.replace("agent_type", "agentType").replace("depends_on", "dependsOn"),
        TEXT.replace("agent_type", "Agent Type").replace("depends_on", "dependencies").replace("description", "prompt"),
        TEXT.replace('["s1"]', '[{"step_id": "s1"}]'),
        TEXT.replace('["s1"]', '"s1"').replace("agent_type", "kind").replace("title", "name"),
    ],
)
def test_a_plan_is_found_however_its_parts_are_called(answer: str) -> None:
    assert parse_plan(answer).steps == STEPS


def test_a_step_that_broke_off_in_a_list_of_lines_is_left_out() -> None:
    plan = parse_plan(f"{ONE_TEXT}\n{TWO_TEXT[:-9]}")
    assert (plan.steps, plan.truncated) == (STEPS[:1], True)


def test_numbers_are_ids_however_they_are_written() -> None:
    answer = {"steps": [{**ONE, "id": 1.0}, {**TWO, "id": "2", "depends_on": [1]}, {**TWO, "depends_on": "1.0, 2"}]}
    plan = parse_plan(json.dumps(answer).replace('"1.0, 2"', "[1.0, 2.0]"))
    assert [(step.id, step.depends_on) for step in plan.steps] == [("1", ()), ("2", ("1",)), ("s2", ("1", "2"))]


PLAN_OF_ONE = json.dumps({"title": "Fox", "steps": [{**ONE, "description": "a fox"}]})
EXAMPLE = PLAN_OF_ONE.replace("s1", "e1").replace("a fox", "an example")
AROUND = {
    "a list in the thoughts": f'I thought of [{{"title": "a"}}, {{"title": "b"}}] and then:\n{PLAN_OF_ONE}',
    "an example in a sentence": f"A plan looks like {EXAMPLE} in general. Mine:\n{PLAN_OF_ONE}",
    "an example behind it": f"{PLAN_OF_ONE} (unlike {EXAMPLE})",
    "other objects before it": f'{{"thoughts": [{{"title": "x", "description": "y"}}]}}\n{PLAN_OF_ONE}',
    "brackets in prose": f"Here [see notes] is the plan {{as asked}}:\n{PLAN_OF_ONE}",
    "a fence": f"Sure!\n```json\n{PLAN_OF_ONE}\n```\nHope that helps [1].",
    "on one line with its announcement": f"Here is the plan: {PLAN_OF_ONE}",
}


@pytest.mark.parametrize("pieces", [1, 7, 10_000])
@pytest.mark.parametrize("name", AROUND)
def test_what_stands_around_the_answer_is_shown_as_no_step(name: str, pieces: int) -> None:
    answer, parser = AROUND[name], IncrementalParser()
    shown = [step for at in range(0, len(answer), pieces) for step in parser.feed(answer[at : at + pieces])]
    assert [step.id for step in shown] == ["s1"]
    assert parse_plan(answer).steps == tuple(shown)


@pytest.mark.parametrize("pieces", [1, 3, 10_000])
@pytest.mark.parametrize(
    ("written", "description"),
    [
        ('"description": "a sign that says "hello""}', 'a sign that says "hello"'),
        ('"description": "a sign that says "hello"" }', 'a sign that says "hello"'),
        ('"description": "says "hello"", "depends_on": []}', 'says "hello"'),
        ("'description': 'a sign that says 'hello''}", "a sign that says 'hello'"),
        ('"description": "words", "input": {"text": "he said "hi""}}', "words"),
        ('"description": "", "title": ""}', "image"),
    ],
)
def test_a_quotation_right_before_a_closing_brace_is_a_part_of_its_words(
    written: str, description: str, pieces: int
) -> None:
    mark = written[0]
    members = {"id": "s1", "name": "image", "agent_type": "image"}
    keys = ", ".join(f"{mark}{key}{mark}: {mark}{value}{mark}" for key, value in members.items())
    answer, parser = f'{{"title": "T", "steps": [{{{keys}, {written}]}}', IncrementalParser()
    shown = [step for at in range(0, len(answer), pieces) for step in parser.feed(answer[at : at + pieces])]
    assert [step.description for step in shown] == [description]
    assert [step.description for step in parse_plan(answer).steps] == [description]
    assert shown[0].input.get("text") in (None, 'he said "hi"')
