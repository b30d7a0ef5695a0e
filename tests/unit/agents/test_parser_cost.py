"""The parser's work grows with the answer's length and no faster, whatever the answer is."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from processors.agents.answers.lenient_json import READS_MAX, LenientReader
from processors.agents.answers.parser import INPUT_BYTES_MAX, INPUT_DEPTH_MAX, IncrementalParser, parse_plan

STEP = {"id": "s", "title": "A cat", "description": "A red cat sits. " * 40, "agent_type": "image", "depends_on": []}
CALLS_A_SECOND = 5_000_000
"""What Python does at least, of functions as small as these."""


def plan_of(steps: int) -> str:
    return json.dumps({"title": "Long", "steps": [{**STEP, "id": f"s{n}"} for n in range(steps)]})


def calls(work: Callable[[], Any]) -> int:
    """How many functions were called, Python's and C's."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


SHAPES: dict[str, Callable[[int], str]] = {
    "plan": lambda n: plan_of(n // 700)[:-1],
    "fences": lambda n: "```\n" * (n // 4),
    "brackets": lambda n: "[" * n,
    "objects": lambda n: '{"a":' * (n // 5),
    "closed": lambda n: "[]" * (n // 2),
    "space in an object": lambda n: '{"a" ' + " " * n,
    "space after a quote": lambda n: '{"a":"b"' + " " * n + 'x"',
    "comments that do not end": lambda n: '{"a":' + "/* " * (n // 3),
    "escapes": lambda n: '{"a":"' + "\\n" * (n // 2),
    "half characters": lambda n: '{"a":"' + "\\ud83d" * (n // 6),
    "one word": lambda n: '{"a":' + "x" * n,
    "quotes": lambda n: '{"a":' + '"' * n,
    "members": lambda n: '{"a":"b", ' * (n // 10),
    "quotations": lambda n: '{"a":"' + '"b", c ' * (n // 7),
    "keys that do not end": lambda n: '{"a":"' + '"x", "' * (n // 6),
    "thoughts": lambda n: "<think>" + "<" * n,
    "thoughts that do not end": lambda n: '{"a":' + "<think>" * (n // 7),
    "thoughts that end": lambda n: "{" + "<think></think>" * (n // 15),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=[*SHAPES])
def test_twice_the_text_is_twice_the_work(shape: Callable[[int], str]) -> None:
    def fed(text: str) -> None:
        parser = IncrementalParser()
        for at in range(0, len(text), 50):
            parser.feed(text[at : at + 50])

    for work in (parse_plan, fed):
        small, large = shape(10_000), shape(20_000)
        assert calls(lambda: work(large)) <= 2.3 * calls(lambda: work(small)) + 500  # noqa: B023


def test_five_megabytes_of_plan_take_less_than_a_second() -> None:
    text = plan_of(7000)[:-1]
    assert len(text) > 5_000_000
    assert calls(lambda: parse_plan(text)) < CALLS_A_SECOND
    assert len(parse_plan(text).steps) == 7000


def test_an_answer_of_nothing_but_brackets_is_not_read_for_ever() -> None:
    reader = LenientReader()
    reader.feed("[" * 5_000_000)
    assert reader.reads == READS_MAX


@pytest.mark.parametrize("depth", [INPUT_DEPTH_MAX + 1, 200, 500, 1000, 5000])
@pytest.mark.parametrize("end", ["", "]"], ids=["whole", "cut"])
def test_depth_is_bounded_and_no_step_hides_in_it(depth: int, end: str) -> None:
    inner = '{"steps": ' + json.dumps([STEP]) + "}"
    deep = '{"a":' * depth + inner + "}" * depth
    text = f'{{"title": "x", "steps": [{json.dumps(STEP)[:-1]}, "input": {{"deep": {deep}}}}}]' + (end or "}")
    (step,) = parse_plan(text).steps
    assert step.input["deep"] is not None
    json.dumps(step.input)
    assert IncrementalParser().feed(text) == [step]


def test_an_input_that_no_event_can_hold_is_left_out() -> None:
    text = json.dumps({"steps": [{**STEP, "input": {"text": "x" * INPUT_BYTES_MAX}}, {**STEP, "input": {"n": 2**64}}]})
    assert [step.input for step in parse_plan(text).steps] == [{}, {"n": float(2**64)}]
