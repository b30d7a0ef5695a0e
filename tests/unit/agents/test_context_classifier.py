"""A message begins something new only where the model says so, however it writes that."""

from __future__ import annotations

import pytest

from processors.agents.stages.context_classifier import read


@pytest.mark.parametrize(
    "answer",
    [
        "NEW", "new", '"NEW"', "NEW.", "**NEW**", "Decision: NEW", "<think>hm</think>NEW", '{"decision":"NEW"}',
        '{"decision":"new "}', '{"decision":"NEW."}', '{"Decision":"NEW"}', '```json\n{"decision":"NEW"}\n```',
    ],
)  # fmt: skip
def test_new_is_new_however_it_is_written(answer: str) -> None:
    assert read(answer) == "NEW"


@pytest.mark.parametrize(
    "answer",
    [
        "", "SAME", '{"decision":"SAME"}', "not new", "NEW or SAME", "Something new.", '{"decision":"renew"}', "{}",
        '{"decision":["NEW"]}', "<think>NEW</think>",
    ],
)  # fmt: skip
def test_all_else_goes_on(answer: str) -> None:
    assert read(answer) == "SAME"
