"""What is said of a plan before it runs, as the page and the command line show it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.reads.notes import of_flags, of_issues


@pytest.mark.parametrize(
    ("issue", "note"),
    [
        ("s1: 60 seconds are too long", {"step": "s1", "text": "60 seconds are too long"}),
        ("“Song”: no model: left out", {"text": "“Song”: no model: left out"}),
        (
            "the last 100 steps were left out: a plan has 500",
            {"text": "the last 100 steps were left out: a plan has 500"},
        ),
        ("", {"text": ""}),
    ],
)
def test_an_issue_is_about_the_step_whose_label_it_begins_with(issue: str, note: dict[str, Any]) -> None:
    assert of_issues([issue]) == [note]


@pytest.mark.parametrize(
    ("flag", "note"),
    [
        ("s1:unwirable:image_url: must be one", {"step": "s1", "text": "it will not run: image url must be one"}),
        ("s2:unused:s1: it has no place", {"step": "s2", "text": "it has no use for", "other": "s1"}),
        ("s1:nearest:duration_s",
         {"step": "s1", "text": "its duration is not quite as asked: it is the nearest that its model can do"}),
        ("s1:newest-upload:image", {"step": "s1", "text": "no image was named, so it takes the newest file that fits"}),
    ],
)  # fmt: skip
def test_a_flag_is_told_in_words(flag: str, note: dict[str, Any]) -> None:
    assert of_flags([flag, flag]) == [note]


@pytest.mark.parametrize("flag", ["s1:changed:prompt", "s1:filled:seed", "s1:stripped:x", "s1:model-unasked", "", "s1"])
def test_what_loses_nothing_is_not_told(flag: str) -> None:
    assert of_flags([flag]) == []
