"""What every verb shares: its --json option, where it prints, and how it fails."""

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table

from studio.client.words import printable

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.")]
WIDTH_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    cells: Sequence[str]
    style: str | None = None


class Terminal(Console):
    """What tenants have written is shown, and does nothing: no word of theirs moves a cursor or names a window."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            tame = segment.control or segment.text.isprintable() or segment.text == "\n"
            yield segment if tame else segment._replace(text=printable(segment.text))


console = Terminal()
progress = Terminal(stderr=True, highlight=False)


def show_table(*titles: str, rows: Iterable[Row], right: Collection[str] = ()) -> None:
    """One line a row, however narrow the terminal is: an id is there to be copied, and a line to be searched.

    A row's cells may have markup, and it may have a style.
    """
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column(title, justify="right" if title in right else "left")
    for row in rows:
        table.add_row(*row.cells, style=row.style)
    table.width = console.measure(table, options=console.options.update(width=WIDTH_MAX)).maximum
    console.print(table, crop=False, no_wrap=True, overflow="ignore")


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
