"""The house keeps its own rules: arrows between rooms, sizes, and what no file may name."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("events", "commands", "processors", "projections", "gateway", "adapters", "gpu_workers", "studio", "bench")
LINES_A_FILE_MAX = 400
LINES_A_FUNCTION_MAX = 50
KNOWN_LARGER: dict[str, int] = {}
"""A ratchet: what is larger for a reason, with the size that it may not pass."""


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def sources() -> list[Path]:
    return [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in ROOMS]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield f"{path.relative_to(ROOT)}:{node.name}", node.end_lineno - node.lineno + 1


def test_imports_point_inwards() -> None:
    linted = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_files_and_functions_fit_a_reader() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources()}
    larger = {name: size for name, size in sizes.items() if size > KNOWN_LARGER.get(name, LINES_A_FILE_MAX)}
    longer = {
        name: size
        for path in sources()
        for name, size in functions(path)
        if size > KNOWN_LARGER.get(name, LINES_A_FUNCTION_MAX)
    }
    assert larger == {}
    assert longer == {}


def test_each_module_says_in_its_first_line_what_it_does() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?<![\w.:])/(work|root|home|tmp)/",
        r"registry\.npmjs|pypi\.org/simple|files\.pythonhosted|repo1?\.maven|deb\.debian",
    ],
    ids=["a machine's path", "a registry's host"],
)
def test_no_file_names(pattern: str) -> None:
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix in (".py", ".toml", ".lock", ".json", ".yml", ".yaml", ".md", ".xml", ".ts", ".tsx", ".sh", "")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), start=1)
        if re.search(pattern, line)
    ]
    assert named == []
