"""`python -m bench.restart`: how soon a killed orgs decider decides again, and what it holds in memory.

Histories of growing length lie on the log. The decider first folds the whole of it, as on a new machine; then it is
killed with -9 and started anew on the store that it has left, which is what a restart is.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console

from bench.ledgers import write
from bench.pairs import with_broker
from bench.report import Report
from events.log.admin import ensure_topics

READY_MARK_S = 5.0
FLAT_MARK_MIB = 64
MEBIBYTE = 1024 * 1024
console = Console(stderr=True)


class NotReady(Exception):
    """The decider ended before it took commands."""


@dataclass(frozen=True)
class Start:
    """From the start of the process until it takes commands; the memory is what it has touched until then."""

    seconds: float
    rss_mib: float


def started(bootstrap: str, folder: Path) -> Start:
    """Starts the decider, takes its figures and kills it."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "bench.pair_loops", "orgs", bootstrap, str(folder)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        if running.stdout.readline() != "ready\n":
            raise NotReady("the orgs decider did not start")
        return Start(time.perf_counter() - began, psutil.Process(running.pid).memory_info().rss / MEBIBYTE)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()


def measure(bootstrap: str, folder: Path, entries: int, orgs: int, report: Report) -> Start:
    """One history: the cold start, then the restarts; the slowest of three is the one that counts."""
    asyncio.run(ensure_topics(bootstrap))
    began = time.perf_counter()
    records = asyncio.run(write(bootstrap, orgs, entries))
    console.print(f"{records} records written in {time.perf_counter() - began:.0f} s")
    store = folder / "restart"
    cold = started(bootstrap, store)
    console.print(f"{entries} entries folded in {cold.seconds:.0f} s")
    warm = max((started(bootstrap, store) for _ in range(3)), key=lambda start: start.seconds)
    held = warm.seconds <= READY_MARK_S
    report.add(
        f"{entries} entries, {orgs} orgs: restart to ready", f"{warm.seconds:.1f} s", f"≤ {READY_MARK_S:.0f} s", held
    )
    report.add("  resident", f"{warm.rss_mib:.0f} MiB")
    rate = records / cold.seconds
    report.add("  without its store, from the log", f"{cold.seconds:.1f} s ({rate:.0f} events/s)")
    report.add("  resident", f"{cold.rss_mib:.0f} MiB")
    size = sum(path.stat().st_size for path in store.rglob("*") if path.is_file()) / MEBIBYTE
    report.add("  the store on disk", f"{size:.0f} MiB")
    return warm


def main(
    entries: Annotated[list[int] | None, typer.Option(help="Entries of a log, each on a broker of its own.")] = None,
    orgs: Annotated[int, typer.Option(help="Organisations.", min=1)] = 10_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Restarts the orgs decider on logs of so many entries, and job events beside them."""
    report, warm = Report(), []
    for size in entries or [100_000, 1_000_000]:
        with tempfile.TemporaryDirectory(prefix="studio-restart-") as name:
            folder = Path(name)

            def run(bootstrap: str, folder: Path = folder, size: int = size) -> None:
                warm.append(measure(bootstrap, folder, size, orgs, report))

            with_broker(folder, run)
    grown = warm[-1].rss_mib - warm[0].rss_mib
    mark, held = f"≤ +{FLAT_MARK_MIB} MiB", grown <= FLAT_MARK_MIB
    report.add("resident, longest beside shortest history", f"{grown:+.0f} MiB", mark, held)
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console())


if __name__ == "__main__":
    typer.run(main)
