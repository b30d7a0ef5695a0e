"""The command line where nothing runs yet."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from studio.cli import app

CLI = CliRunner()
VERBS = ("up", "down", "status", "doctor", "logs")


@pytest.fixture(autouse=True)
def own_data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example_and_json(verb: str) -> None:
    result = CLI.invoke(app, [verb, "--help"])
    assert result.exit_code == 0
    assert f"studio {verb}" in result.output
    assert "Example" in result.output
    assert "--json" in result.output


def test_status_of_nothing_fails_and_says_so() -> None:
    result = CLI.invoke(app, ["status"])
    assert result.exit_code == 1
    assert "studio up" in result.output


def test_status_of_nothing_is_json_for_programs() -> None:
    result = CLI.invoke(app, ["status", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"processes": [], "planner": "offline", "lag": {}}


def test_down_without_up_is_no_failure() -> None:
    assert json.loads(CLI.invoke(app, ["down", "--json"]).stdout) == {"stopped": True}


def test_logs_of_an_unknown_process_name_the_known(own_data_dir: Path) -> None:
    (own_data_dir / "logs").mkdir(parents=True)
    (own_data_dir / "logs" / "kafka.log").write_text("one\ntwo\nthree\n")
    unknown = CLI.invoke(app, ["logs", "nothing"])
    assert unknown.exit_code == 1
    assert "kafka" in unknown.stderr
    known = CLI.invoke(app, ["logs", "kafka", "-n", "2", "--json"])
    assert json.loads(known.stdout)["lines"] == ["two", "three"]


def test_doctor_names_every_prerequisite() -> None:
    report = json.loads(CLI.invoke(app, ["doctor", "--json"]).stdout)
    names = {one["name"] for one in report["prerequisites"]}
    assert {"java 17", "node 20.19", "mvn", "npm", "setpriv"} <= names
    assert [part["name"] for part in report["toolchain"]] == ["kafka", "kafka-classes", "firestore"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("STUDIO_HTTP_PORT", "abc", "failed: STUDIO_HTTP_PORT: Input should be a valid integer"),
        ("STUDIO_LLM_CONCURRENT", "0", "failed: STUDIO_LLM_CONCURRENT: Input should be greater than or equal to 1"),
        ("STUDIO_LLM_PRICES", "cheap", 'failed: a setting cannot be read: error parsing value for field "llm_prices"'),
    ],
)
def test_a_mistyped_setting_is_named_in_one_line(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    result = CLI.invoke(app, ["status"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1
    assert value not in result.stderr.replace("valid", "")
