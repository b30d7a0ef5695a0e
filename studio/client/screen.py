"""How a run looks on a terminal while it happens."""

from __future__ import annotations

from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from studio.client.progress import Progress, StepView

MARKS: Final = {
    "planned": ("·", "dim"),
    "ready": ("○", "cyan"),
    "running": ("●", "bold cyan"),
    "succeeded": ("✓", "bold green"),
    "failed": ("✗", "bold red"),
    "blocked": ("⊘", "yellow"),
    "cancelled": ("⊘", "yellow"),
    "draft": ("┄", "dim italic"),
}
BAR_WIDTH: Final = 24


class Screen:
    """Live on a terminal; line by line where there is none. A context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None
        self._told: set[str] = set()

    def __enter__(self) -> Screen:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, view: Progress) -> None:
        if self._live is not None:
            self._live.update(rendered(view))
            return
        for line in lines(view):
            if line not in self._told:
                self._told.add(line)
                self._console.print(line, soft_wrap=True, highlight=False)


def rendered(view: Progress) -> RenderableType:
    """Without the balance once it is over: the last payments' frame comes after the end's, and nobody waits for it."""
    parts: list[RenderableType] = []
    if view.agent:
        thought = " ".join(view.thought.split())[-160:]
        parts.append(Spinner("dots", Text.from_markup(f"[bold]{escape(view.agent)}[/] [dim]{escape(thought)}[/]")))
    if view.title:
        parts.append(Text(view.title, style="bold"))
    steps = Table.grid(padding=(0, 2))
    for step in view.steps.values():
        steps.add_row(*row(step, step.status))
    if not view.steps:
        for step in view.drafts.values():
            steps.add_row(*row(step, "draft"))
    parts.append(steps)
    parts.extend(Text(f"! {note}", style="yellow") for note in view.told)
    if view.available is not None and view.status is None:
        parts.append(Text(f"credits {credit(view.available)}, reserved {credit(view.reserved)}", style="dim"))
    return Group(*parts)


def row(step: StepView, status: str) -> tuple[RenderableType, ...]:
    mark, style = MARKS.get(status, ("?", ""))
    last: RenderableType = Text(step.error or status, style=style)
    if status == "running":
        bar = ProgressBar(total=1.0, completed=step.progress or 0.0, width=BAR_WIDTH, pulse=step.progress is None)
        last = bar
    return Text(mark, style=style), Text(step.title or step.name), Text(step.model or step.agent_type, "dim"), last


def lines(view: Progress) -> list[str]:
    """What has become known, one line each: for logs and pipes."""
    known = [f"  [dim]{escape(view.agent)} is thinking …[/]"] if view.agent else []
    if view.title:
        known.append(f"[bold]plan[/] {escape(view.title)}")
    known += [f"  [yellow]![/] {escape(note)}" for note in view.told]
    for step in view.steps.values():
        if step.status != "planned":
            mark, style = MARKS.get(step.status, ("?", ""))
            detail = f" – {step.error}" if step.error else ""
            text = f"{step.title or step.name} [dim]{escape(step.model)}[/] {step.status}{escape(detail)}"
            known.append(f"  [{style}]{mark}[/] {text}")
    return known


def credit(millicredits: int) -> str:
    return f"{millicredits / 1000:,.3f}".rstrip("0").rstrip(".")
