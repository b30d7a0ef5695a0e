"""The validator repairs what can be repaired and says what was wrong."""

from __future__ import annotations

import sys
from dataclasses import replace
from graphlib import TopologicalSorter
from types import FrameType
from typing import Any

import pytest

from processors.agents.catalog import Catalog
from processors.agents.fitting.validator import Checked, check
from processors.agents.plan import PlannedStep


def step(name: str, kind: str = "image", *depends: str, **more: Any) -> PlannedStep:
    return PlannedStep(name, name, f"do {name}", kind, depends, **more)


def codes(checked: Checked) -> list[tuple[str, str | None]]:
    return [(issue.code, issue.step_id) for issue in checked.issues]


def test_a_sound_plan_passes_untouched(catalog: Catalog) -> None:
    plan = (step("s1"), step("s2", "video", "s1"), step("s3", "speech", "s2"))
    checked = check(plan, catalog.capabilities)
    assert (checked.steps, checked.issues, checked.verdict) == (plan, (), "PASS")


@pytest.mark.parametrize(
    ("plan", "steps", "issues"),
    [
        ([step("a"), step("a")], [step("a")], [("duplicate-step", "a")]),
        (
            [step("a"), replace(step("a"), title="other")],
            [step("a"), replace(step("a"), id="a_2", title="other")],
            [("duplicate-id", "a")],
        ),
        ([step("a", "image", "a")], [step("a")], [("self-edge", "a")]),
        ([step("a", "image", "zz")], [step("a")], [("dangling-reference", "a")]),
        ([step("a", "image", "b", "b"), step("b")], [step("a", "image", "b"), step("b")], []),
        (
            [step("a", "video", "image_1")],
            [replace(step("a", "video"), description="do a (uses image_1)")],
            [],
        ),
        ([step("a", "Holo Gram"), step("b", "TTS")], [step("b", "speech")], [("unknown-agent-type", "a")]),
        ([step("a", "hologram"), step("b", "image", "a")], [step("b")],
         [("unknown-agent-type", "a"), ("dangling-reference", "b")]),
        ([step("a", "music"), step("b", "image", "a")], [step("a", "music"), step("b")], [("incompatible-media", "b")]),
        ([step("a", "text"), step("b", "image", "a")], [step("a", "text"), step("b", "image", "a")], []),
        ([step("a", "video", input={"duration_s": 99, "width": 9999})],
         [step("a", "video", input={"duration_s": 30, "width": 9999})], [("beyond-limits", "a")]),
        ([step("a", "image", input={"width": 4096})], [step("a", "image", input={"width": 1920})],
         [("beyond-limits", "a")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_repaired_and_said(
    catalog: Catalog, plan: list[PlannedStep], steps: list[PlannedStep], issues: list[tuple[str, str | None]]
) -> None:
    checked = check(plan, catalog.capabilities)
    assert list(checked.steps) == steps
    assert codes(checked) == issues
    assert checked.verdict == ("REVISE" if issues else "PASS")


def test_a_circle_is_broken_where_it_begins(catalog: Catalog) -> None:
    plan = [step("a", "image", "c"), step("b", "image", "a"), step("c", "image", "b"), step("d", "image", "c")]
    checked = check(plan, catalog.capabilities)
    assert [s.depends_on for s in checked.steps] == [(), ("a",), ("b",), ("c",)]
    assert codes(checked) == [("cycle", "a")]


def test_a_step_beside_a_circle_keeps_what_it_waits_for(catalog: Catalog) -> None:
    plan = [step("a", "image", "b", "x"), step("b", "image", "a"), step("x", "image", "y"), step("y")]
    checked = check(plan, catalog.capabilities)
    assert {s.id: s.depends_on for s in checked.steps} == {"a": ("x",), "b": ("a",), "x": ("y",), "y": ()}


@pytest.mark.parametrize("waits_for", [499, 16, 1])
def test_a_plan_that_waits_for_itself_all_over_is_checked_in_a_moment(catalog: Catalog, waits_for: int) -> None:
    """Where it takes more than some calls for each step and edge, it is no moment."""
    names = [f"s{n}" for n in range(500)]
    plan = [
        step(name, "image", *(names[(at + ahead) % 500] for ahead in range(1, waits_for + 1)))
        for at, name in enumerate(names)
    ]
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        checked = check(plan, catalog.capabilities)
    finally:
        sys.setprofile(None)
    assert len(list(TopologicalSorter({one.id: one.depends_on for one in checked.steps}).static_order())) == 500
    assert len(checked.issues) <= 500
    assert calls < 20 * 500 * (waits_for + 500)


def test_what_cannot_be_used_is_said_once_for_a_step(catalog: Catalog) -> None:
    songs = [step(f"m{n}", "music") for n in range(9)]
    checked = check([*songs, step("a", "image", *(song.id for song in songs))], catalog.capabilities)
    assert [issue.problem for issue in checked.issues] == [
        "a step for image cannot use the audio of “m0”, “m1”, “m2”, “m3”, “m4” and 4 more"
    ]


def test_a_kind_without_a_model_is_not_planned() -> None:
    checked = check([step("a")], {})
    assert (checked.steps, codes(checked)) == ((), [("no-capability", "a")])


def test_a_plan_has_at_most_five_hundred_steps(catalog: Catalog) -> None:
    checked = check([step(f"s{n}") for n in range(501)], catalog.capabilities)
    assert len(checked.steps) == 500
    assert codes(checked) == [("too-many-steps", None)]


def test_an_issue_reads_as_a_sentence(catalog: Catalog) -> None:
    (issue,) = check([step("a", "image", "zz")], catalog.capabilities).issues
    assert str(issue) == "a: it waited for a step that is not there (it is made without)"
    assert issue.note == "a: it waited for a step that is not there, so it is made without"
