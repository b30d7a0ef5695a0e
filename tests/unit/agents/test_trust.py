"""A model may be named where the person wants it, and not where they only say that they do not."""

from __future__ import annotations

import pytest

from processors.agents.plan import ParsedPlan, PlannedStep
from processors.agents.stages.trust import trusted
from processors.agents.telling.context import Briefing, Said
from tests.unit.agents.makers import wide_catalog

CATALOG = wide_catalog()
KLING, LUMA = "fal/kling-video-v2", "luma/ray-2"


def named(said: str, *before: str, mode: str = "subagent") -> list[str | None]:
    """Which of two models a plan still names after what the person has said."""
    steps = tuple(PlannedStep(f"s{n}", "T", "a fox", "video", (), model) for n, model in enumerate((KLING, LUMA)))
    briefing = Briefing(said, mode, history=tuple(Said("user", one) for one in before))  # type: ignore[arg-type]
    read = trusted(ParsedPlan("T", steps, "direct"), briefing, CATALOG)
    return [step.model for step in read.steps]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("use kling", [KLING, None]),
        ("a fox with kling video please", [KLING, None]),
        ("a fox; do not use kling", [None, None]),
        ("a fox, but please don't ever use kling", [None, None]),
        ("I don't want you to use kling", [None, None]),
        ("no kling", [None, None]),
        ("anything without kling", [None, None]),
        ("not kling but luma ray 2", [None, LUMA]),
        ("instead of kling use luma", [None, LUMA]),
        ("use luma instead of kling", [None, LUMA]),
        ("use luma, not kling", [None, LUMA]),
        ("do not use kling or luma", [None, None]),
        ("do not use luma, kling", [None, None]),
        ("do not use kling, use luma", [None, LUMA]),
        ("don't make it dark, and use kling", [KLING, None]),
        ("do not use kling. No, do use kling", [KLING, None]),
        ("use kling. No, do not use kling", [None, None]),
        ("ohne kling", [None, None]),
        ("a fox", [None, None]),
    ],
)
def test_who_is_denied_is_not_asked_for(said: str, left: list[str | None]) -> None:
    assert named(said) == left


def test_it_stays_so_in_the_next_message() -> None:
    assert named("make it blue", "a fox, do not use kling") == [None, None]
    assert named("now use kling", "a fox, do not use kling") == [KLING, None]


def test_a_planner_that_chooses_for_itself_chooses_nothing_that_is_denied() -> None:
    assert named("a fox", mode="full") == [KLING, LUMA]
    assert named("a fox, do not use kling", mode="full") == [None, LUMA]
