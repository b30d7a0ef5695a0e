"""What the verbs say when something goes wrong, and what they make of a repeat."""

from __future__ import annotations

import pytest
import typer

from studio.verbs.jobs import accepted_id
from studio.verbs.output import failing_on


@pytest.mark.parametrize("words", ["[/x] is none", "['a', 'b'] fits not", "unknown [model]"])
def test_a_failure_is_told_as_it_is(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, failing_on(ValueError):
        raise ValueError(words)
    assert ended.value.exit_code == 1
    assert words in capsys.readouterr().err


def test_a_repeat_that_met_its_first_try_names_the_same_job() -> None:
    assert accepted_id({"job_id": "job_1", "position": "p"}) == "job_1"
    assert accepted_id({"type": "/problems/idempotency-replay", "existing_id": "job_1"}) == "job_1"
