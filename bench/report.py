"""Figures beside their marks, as a table for people and as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured figure; `mark` is what it must reach, as text, `held` whether it does."""

    name: str
    value: str
    mark: str = ""
    held: bool | None = None


@dataclass
class Report:
    figures: list[Figure] = field(default_factory=list)

    def add(self, name: str, value: str, mark: str = "", held: bool | None = None) -> None:
        self.figures.append(Figure(name, value, mark, held))

    def show(self, console: Console) -> None:
        table = Table(title="AI Studio on this machine", title_justify="left")
        for column in ("what", "measured", "mark", ""):
            table.add_column(column)
        for figure in self.figures:
            sign = {None: "", True: "[green]held[/]", False: "[red]missed[/]"}[figure.held]
            table.add_row(figure.name, figure.value, figure.mark, sign)
        console.print(table)

    def as_json(self) -> str:
        return json.dumps([asdict(figure) for figure in self.figures], indent=2)
