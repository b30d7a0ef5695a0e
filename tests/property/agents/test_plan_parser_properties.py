"""Whatever a model writes and wherever it breaks off, exactly the steps that were complete come out."""

from __future__ import annotations

import json
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.agents.lenient_json import LenientReader
from processors.agents.parser import IncrementalParser, parse_plan

texts = st.text(max_size=12).filter(lambda text: bool(text.strip()))
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12) | st.floats(-1e6, 1e6)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
steps = st.builds(
    lambda title, description, kind, depends, inputs: {
        "title": title, "description": description, "agent_type": kind, "depends_on": depends, "input": inputs,
    },
    texts, texts, st.sampled_from(["image", "video", "3d"]), st.lists(st.sampled_from(["s1", "s2"]), max_size=2),
    st.dictionaries(st.text(max_size=6), values, max_size=2),
)  # fmt: skip
plans = st.builds(
    lambda title, listed: {"title": title, "steps": [{"id": f"s{n}", **step} for n, step in enumerate(listed, 1)]},
    st.text(max_size=12),
    st.lists(steps, max_size=4),
)
wrappings = st.sampled_from(["{}", "```json\n{}\n```", "Here you are:\n{}", "<think>hm</think>{}", "```\n{}"])


def written(plan: dict[str, Any], *, indent: int | None, ascii_only: bool) -> str:
    return json.dumps(plan, indent=indent, ensure_ascii=ascii_only)


def closings(text: str, plan: dict[str, Any]) -> list[int]:
    """Where in the text each step's brace closes: the strict decoder says how far a step reaches."""
    ends, at, decoder = [], text.index('"steps"'), json.JSONDecoder()
    for step in plan["steps"]:
        at = text.index("{", at)
        value, at = decoder.raw_decode(text, at)
        assert value == step
        ends.append(at)
    return ends


@settings(max_examples=60, deadline=None)
@given(plan=plans, wrapping=wrappings, indent=st.sampled_from([None, 1]), ascii_only=st.booleans(), data=st.data())
def test_every_prefix_gives_exactly_the_steps_that_were_complete(
    plan: dict[str, Any], wrapping: str, indent: int | None, ascii_only: bool, data: st.DataObject
) -> None:
    text = wrapping.replace("{}", written(plan, indent=indent, ascii_only=ascii_only))
    ends = closings(text, plan)
    whole = parse_plan(text).steps
    assert len(whole) == len(plan["steps"])
    raw = text.encode()
    cuts = {*(data.draw(st.integers(0, len(raw))) for _ in range(12)), *(len(text[:end].encode()) for end in ends)}
    for cut in cuts:
        prefix = raw[:cut].decode(errors="ignore")
        complete = sum(1 for end in ends if end <= len(prefix))
        assert parse_plan(prefix).steps == whole[:complete]


@settings(max_examples=40, deadline=None)
@given(plan=plans, wrapping=wrappings, size=st.integers(1, 9))
def test_the_incremental_parser_gives_the_same_steps_whatever_the_pieces(
    plan: dict[str, Any], wrapping: str, size: int
) -> None:
    text = wrapping.replace("{}", json.dumps(plan))
    parser = IncrementalParser()
    found = [step for at in range(0, len(text), size) for step in parser.feed(text[at : at + size])]
    assert tuple(found) == parse_plan(text).steps


@settings(max_examples=100, deadline=None)
@given(value=st.dictionaries(st.text(max_size=6), values, min_size=1, max_size=3))
def test_valid_json_is_read_as_a_strict_reader_reads_it(value: Any) -> None:
    reader = LenientReader()
    reader.feed(orjson.dumps(value).decode())
    assert reader.roots == [orjson.loads(orjson.dumps(value))]


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet="{}[]:,\"'\\/*u0d8 \nsteps1x<>`", max_size=120))
def test_nothing_makes_it_raise(text: str) -> None:
    assert all(step.description for step in parse_plan(text).steps)
    IncrementalParser().feed(text)
