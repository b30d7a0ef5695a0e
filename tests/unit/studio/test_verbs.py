"""The command line: every verb is where its name says, and none is imported for another one's sake."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from studio.cli import VERBS, app
from studio.verbs import output

IMPORTED = """
import sys
from typer.testing import CliRunner
from studio.cli import app
assert CliRunner().invoke(app, sys.argv[1:]).exit_code == 0
print(*(name for name in sys.modules if name.startswith("studio.verbs.")))
"""


def verbs(group: Any, *before: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from verbs(command, *before, name)
        else:
            yield " ".join([*before, name]), command


def test_every_verb_of_every_group_is_there_and_has_json() -> None:
    found = dict(verbs(get_command(app)))
    assert {name.split()[0] for name in found} == set(VERBS)
    assert {"audit checkpoint", "audit verify", "prompts list", "prompts replay"} <= set(found)
    assert [name for name, verb in found.items() if "as_json" not in {one.name for one in verb.params}] == []
    assert [name for name, verb in found.items() if verb.name != name.split()[-1] or not verb.help] == []


def test_a_verb_of_a_group_shows_its_help_under_its_whole_name() -> None:
    told = CliRunner().invoke(app, ["audit", "verify", "--help"])
    assert told.exit_code == 0, told.output
    assert "audit verify [OPTIONS]" in told.output


@pytest.mark.parametrize("mistyped", [("audti",), ("audit", "verfy")])
def test_who_mistypes_is_told_what_may_be_meant(mistyped: tuple[str, ...]) -> None:
    told = CliRunner().invoke(app, mistyped)
    assert told.exit_code == 2
    assert "Did you mean" in told.output


def test_a_verb_is_called_without_the_others() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED, "jobs", "list", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert set(ran.stdout.split()) == {f"studio.verbs.{name}" for name in ("jobs", "lazily", "output")}


def test_an_id_is_whole_however_narrow_the_terminal_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.console, "width", 80)
    ids = ["job_" + letter * 60 for letter in "ab"]
    output.show_table("job", "why", rows=[output.Row((one, "words " * 20 + "end"), "dim") for one in ids])
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["job", "why"]
    assert [line.split()[0] for line in lines] == ids
    assert all(line.rstrip().endswith("end") for line in lines)


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        (("credits", "grant", "5"), "granting 0.005 credits (5 millicredits)"),
        (("credits", "refund", "job_X", "--amount", "2500"), "giving back 2.5 credits (2,500 millicredits)"),
        (("credits", "refund", "job_X"), "giving back all that is left"),
    ],
)
def test_who_moves_credits_is_told_how_much_in_both_units(
    verb: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path))
    assert CliRunner().invoke(app, verb).stderr.splitlines()[0] == told
