"""Whatever a model writes and wherever it breaks off, exactly the steps that were complete come out."""

from __future__ import annotations

import json
from typing import Any

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from processors.agents.answers.lenient_json import LenientReader
from processors.agents.answers.parser import IncrementalParser, parse_plan

STEP_LIKE = {"id": "x", "title": "not there", "description": "not there", "agent_type": "image"}
NASTY = (
    '```json\n{"steps": [{"title": "no", "description": "no", "agent_type": "image"}]}\n```',
    "```", "</think>", "// no", "/* no */", "https://a.b/c", '5" wide', "it's", "\\", "\\u12", "\ud83d\ude00".encode(
        "utf-16", "surrogatepass").decode("utf-16"), "}", "]}", '"},{"', "{'a': [", "\n", "\t,", "é", "\u2028", "\x00",
)  # fmt: skip
texts = (st.text(max_size=12) | st.sampled_from(NASTY)).filter(lambda text: bool(text.strip()))
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts | st.floats(-1e6, 1e6)
values = st.recursive(
    scalars | st.just(STEP_LIKE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
inputs = st.dictionaries(st.text(max_size=6) | st.just("steps"), values, max_size=2)
steps = st.builds(
    lambda title, description, kind, depends, inputs: {
        "title": title, "description": description, "agent_type": kind, "depends_on": depends, "input": inputs,
    },
    texts, texts, st.sampled_from(["image", "video", "3d"]), st.lists(st.sampled_from(["s1", "s2"]), max_size=2),
    inputs,
)  # fmt: skip
plans = st.builds(
    lambda title, listed: {"title": title, "steps": [{"id": f"s{n}", **step} for n, step in enumerate(listed, 1)]},
    st.text(max_size=12) | st.sampled_from(NASTY),
    st.lists(steps, max_size=4),
)
BEFORE = ("", "Here you are:\n", "<think>hm {</think>", "<think>\n[{\n</think>\n", 'See {this}, 5" wide [1]: ', "\n ")
AFTER = ("", "\nEnjoy!", " It's done. {ok} [x]", "\n")
before, after = st.sampled_from(BEFORE), st.sampled_from(AFTER)
fences = st.sampled_from(["{}", "```json\n{}\n```", "```\n{}\n```"])


def closings(text: str, plan: dict[str, Any]) -> list[int]:
    """Where in the text each step's brace closes: the strict decoder says how far a step reaches."""
    at = text.index(json.dumps(plan["title"], ensure_ascii=text.isascii()))
    ends, at, decoder = [], text.index('"steps"', at), json.JSONDecoder()
    for step in plan["steps"]:
        at = text.index("{", at)
        value, at = decoder.raw_decode(text, at)
        assert value == step
        ends.append(at)
    return ends


def loosely(value: Any, draw: st.DataObject) -> str:
    """The same as models write it: comments, trailing commas, line breaks."""
    between = st.sampled_from(["", " ", "\n", " /* a { comment */ ", "// a ] comment\n"])
    gap = draw.draw(between)
    if isinstance(value, dict):
        members = [f"{json.dumps(key)}:{gap}{loosely(inner, draw)}" for key, inner in value.items()]
        return "{" + gap + f",{draw.draw(between)}".join(members) + draw.draw(st.sampled_from(["", ","])) + "}"
    if isinstance(value, list):
        items = [loosely(inner, draw) for inner in value]
        return "[" + f",{gap}".join(items) + draw.draw(st.sampled_from(["", ",", " "])) + "]"
    return json.dumps(value, ensure_ascii=draw.draw(st.booleans()))


@settings(max_examples=60, deadline=None)
@given(plan=plans, before=before, fence=fences, indent=st.sampled_from([None, 1]), ascii_only=st.booleans(),
       errors=st.sampled_from(["ignore", "replace"]), data=st.data())  # fmt: skip
def test_every_prefix_gives_exactly_the_steps_that_were_complete(
    plan: dict[str, Any],
    before: str,
    fence: str,
    indent: int | None,
    ascii_only: bool,
    errors: str,
    data: st.DataObject,
) -> None:
    text = before + fence.replace("{}", json.dumps(plan, indent=indent, ensure_ascii=ascii_only), 1)
    ends = closings(text, plan)
    whole = parse_plan(text).steps
    assert len(whole) == len(plan["steps"])
    raw = text.encode()
    cuts = {*(data.draw(st.integers(0, len(raw))) for _ in range(12)), *(len(text[:end].encode()) for end in ends)}
    for cut in cuts:
        prefix = raw[:cut].decode(errors=errors)
        complete = sum(1 for end in ends if end <= len(raw[:cut].decode(errors="ignore")))
        assert parse_plan(prefix).steps == whole[:complete]


def test_every_byte_of_a_plan_is_a_place_to_break_off() -> None:
    step = {"id": "a", "title": 'Füße 😀 \\ "x"', "description": NASTY[0], "agent_type": "image", "depends_on": []}
    plan = {"title": "Größe", "steps": [step, {**step, "id": "b", "input": {"steps": [STEP_LIKE], "n": -1.5e3}}]}
    for ascii_only in (True, False):
        text = f"Sure:\n```json\n{json.dumps(plan, ensure_ascii=ascii_only, indent=1)}\n```\n"
        ends, whole, raw = closings(text, plan), parse_plan(text).steps, text.encode()
        assert [one.id for one in whole] == ["a", "b"]
        for cut in range(len(raw) + 1):
            prefix = raw[:cut].decode(errors="ignore")
            expected = whole[: sum(1 for end in ends if end <= len(prefix))]
            assert parse_plan(prefix).steps == expected
            assert tuple(IncrementalParser().feed(prefix)) == expected


@settings(max_examples=40, deadline=None)
@given(plan=plans, before=before, after=after, fence=fences, size=st.integers(1, 9))
def test_the_incremental_parser_gives_the_same_steps_whatever_the_pieces(
    plan: dict[str, Any], before: str, after: str, fence: str, size: int
) -> None:
    text = before + fence.replace("{}", json.dumps(plan), 1) + after
    parser = IncrementalParser()
    found = [step for at in range(0, len(text), size) for step in parser.feed(text[at : at + size])]
    assert tuple(found) == parse_plan(text).steps


@settings(max_examples=60, deadline=None)
@given(plan=plans, before=before, after=after, data=st.data())
def test_what_is_written_loosely_is_read_as_what_is_written_well(
    plan: dict[str, Any], before: str, after: str, data: st.DataObject
) -> None:
    assert parse_plan(before + loosely(plan, data) + after).steps == parse_plan(json.dumps(plan)).steps


@settings(max_examples=100, deadline=None)
@given(value=st.dictionaries(st.text(max_size=6), values, min_size=1, max_size=3))
def test_valid_json_is_read_as_a_strict_reader_reads_it(value: Any) -> None:
    reader = LenientReader()
    reader.feed(orjson.dumps(value).decode())
    assert reader.roots == [orjson.loads(orjson.dumps(value))]


hostile = st.lists(
    st.sampled_from([*'{}[]:,"\'\\/*u0d8 \n1x<>`', '"steps"', ":[", "{}", '{"id":"a","title":"t","type":"image"}',
                     "\\ud83d", "\\ude00", "//", "/*", "*/", "x" * 70, "```\n", "[" * 70, "]" * 70, "\ud83d"]),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(text=hostile, sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5))
@example(text='{"steps":[' + "[" * 80 + '{"id":"a","title":"t","type":"image"}' + "]" * 80 + "]}", sizes=[3])
def test_nothing_makes_it_raise_and_pieces_make_no_difference(text: str, sizes: list[int]) -> None:
    assert all(step.description for step in parse_plan(text).steps)
    IncrementalParser().feed(text)
    whole, pieces = LenientReader(), LenientReader()
    whole.feed(text)
    at, number = 0, 0
    while at < len(text):
        size = sizes[number % len(sizes)]
        pieces.feed(text[at : at + size])
        at, number = at + size, number + 1
    assert (pieces.closed_steps, pieces.roots, pieces.open_root()) == (
        whole.closed_steps, whole.roots, whole.open_root(),
    )  # fmt: skip
