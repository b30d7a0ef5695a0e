"""What a person types after `make` arrives as it was typed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from studio.settings import PROJECT_ROOT

SHOW = """#!/bin/sh
printf '%s|' "$STUDIO_SANDBOX" "$@" >> "$SHOWN"
"""


def told(folder: Path, *typed: str, **environment: str) -> list[str]:
    """What the command line is told by a target, in the words of all its calls."""
    (folder / "studio").write_text(SHOW)
    (folder / "studio").chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "PROMPT", "SANDBOX")}
    subprocess.run(
        ["make", "--no-print-directory", "--old-file=setup", f"BIN={folder}", *typed],
        cwd=PROJECT_ROOT,
        env={**inherited, "SHOWN": str(folder / "shown"), **environment},
        check=True,
        timeout=60,
    )
    return (folder / "shown").read_text().split("|")[:-1]


@pytest.mark.parametrize(
    "prompt",
    [
        'create a talking avatar that says "welcome to our shop"',
        "it's $5, or $(HOME), or ${HOME}, or `id`, or $$: \\ ; # !",
        "--help me with a picture",
    ],
)
def test_a_prompt_arrives_as_it_was_typed(prompt: str, tmp_path: Path) -> None:
    assert told(tmp_path, "demo", f"PROMPT={prompt}")[-3:] == ["run", "--", prompt]


def test_a_prompt_may_come_from_the_environment(tmp_path: Path) -> None:
    assert told(tmp_path, "demo", PROMPT='"$5"')[-1] == '"$5"'


def test_the_demo_has_a_sentence_of_its_own(tmp_path: Path) -> None:
    assert told(tmp_path, "demo")[-1].startswith("generate a product image")


def test_the_sandbox_is_asked_for_by_either_name(tmp_path: Path) -> None:
    assert told(tmp_path, "up", "SANDBOX=1") == ["1", "up"]


def test_the_sandbox_is_asked_for_by_the_settings_name(tmp_path: Path) -> None:
    assert told(tmp_path, "up", STUDIO_SANDBOX="true") == ["true", "up"]
