"""What every verb shares: its --json option, where it prints, and how it fails."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.")]

console = Console()
progress = Console(stderr=True, highlight=False)


def print_json(document: Any) -> None:
    """One JSON document on stdout, and nothing else."""
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")


def show_json(document: Any, as_json: bool) -> None:
    """What has no shorter form than its JSON: for persons in colours, where the terminal has them."""
    if as_json:
        print_json(document)
    else:
        console.print_json(data=document)


@contextmanager
def failing_on(*expected: type[Exception]) -> Iterator[None]:
    """Turns an expected exception into its message on stderr and exit code 1."""
    try:
        yield
    except expected as error:
        progress.print(f"[bold red]failed[/]: {escape(str(error))}", markup=True, soft_wrap=True)
        raise typer.Exit(1) from error
