"""What the verbs say when something goes wrong, and what they make of a repeat."""

from __future__ import annotations

import io

import pytest
import typer
from rich.table import Table
from rich.text import Text

from studio.client.replaying import first_words
from studio.verbs.jobs import accepted_id
from studio.verbs.output import Terminal, failing_on


@pytest.mark.parametrize("words", ["[/x] is none", "['a', 'b'] fits not", "unknown [model]"])
def test_a_failure_is_told_as_it_is(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, failing_on(ValueError):
        raise ValueError(words)
    assert ended.value.exit_code == 1
    assert words in capsys.readouterr().err


def test_a_repeat_that_met_its_first_try_names_the_same_job() -> None:
    assert accepted_id({"job_id": "job_1", "position": "p"}) == "job_1"
    assert accepted_id({"type": "/problems/idempotency-replay", "existing_id": "job_1"}) == "job_1"


HOSTILE = "a\x1b[2J\x1b]0;owned\x07 kite\x9b31m \u202eetik"


def test_no_word_of_a_tenant_does_anything_to_a_terminal() -> None:
    shown = io.StringIO()
    terminal = Terminal(file=shown, force_terminal=True, color_system=None, width=80)
    table = Table("title")
    table.add_row(HOSTILE)
    for renderable in (HOSTILE, Text(HOSTILE), table):
        terminal.print(renderable)
    assert all(char.isprintable() or char == "\n" for char in shown.getvalue())
    assert shown.getvalue().count("kite") == 3
    assert first_words(HOSTILE).isprintable()
