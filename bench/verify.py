"""`python -m bench.verify`: how fast the books are verified, on one core, beside a consumer that only reads them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from bench.ledgers import write
from bench.pairs import with_broker
from bench.report import Report
from events.log.admin import ensure_topics

RATE_MARK = 100_000
FLAT_MARK_MIB = 64
console = Console(stderr=True)

Side = dict[str, float]


def run_side(side: str, bootstrap: str) -> Side:
    """One side in a process of its own, held on one core: its seconds, CPU, memory and what it read."""
    command = [sys.executable, "-m", "bench.verify_sides", side, bootstrap]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: Side = orjson.loads(done.stdout)
    return found


def compare(bootstrap: str, sizes: list[int], orgs: int, report: Report) -> None:
    """Adds to one log up to each size in turn, and measures all sides there."""
    asyncio.run(ensure_topics(bootstrap))
    memory, before = [], 0
    for entries in sizes:
        began = time.perf_counter()
        records = asyncio.run(write(bootstrap, orgs, entries - before, series=before))
        console.print(f"{records} records written in {time.perf_counter() - began:.0f} s")
        before = entries
        show_entries(run_side("bare-entries", bootstrap), run_side("entries", bootstrap), report)
        ours = run_side("verify", bootstrap)
        show_all(run_side("bare", bootstrap), ours, report)
        memory.append(ours["rss_mib"])
    grown = memory[-1] - memory[0]
    report.add("memory, largest beside smallest", f"{grown:+.0f} MiB", f"≤ +{FLAT_MARK_MIB}", grown <= FLAT_MARK_MIB)


def show_entries(bare: Side, ours: Side, report: Report) -> None:
    rate, read = ours["entries"] / ours["seconds"], bare["entries"] / bare["seconds"]
    checked = ours["entries"] / max(ours["cpu_s"] - bare["cpu_s"], 1e-6)
    report.add(f"{ours['entries']:.0f} entries read and verified", f"{rate:.0f}/s", f"≥ {RATE_MARK}", rate >= RATE_MARK)
    report.add("  a bare consumer of the same", f"{read:.0f}/s (× {rate / read:.2f} verified)")
    report.add("  the checks alone, reading apart", f"{checked:.0f}/s")


def show_all(bare: Side, ours: Side, report: Report) -> None:
    """With the job events: as `studio audit verify` does it."""
    rate, read = ours["records"] / ours["seconds"], bare["records"] / bare["seconds"]
    entries = ours["entries"] / ours["seconds"]
    report.add(
        f"  with {ours['records'] - ours['entries']:.0f} job events", f"{entries:.0f} entries/s, {rate:.0f} records/s"
    )
    report.add("  a bare consumer of the same", f"{read:.0f} records/s (× {rate / read:.2f} verified)")
    report.add("  peak memory", f"{ours['rss_mib']:.0f} MiB (bare {bare['rss_mib']:.0f})")


def main(
    entries: Annotated[list[int] | None, typer.Option(help="Entries of the log, in growing steps.")] = None,
    orgs: Annotated[int, typer.Option(help="Organisations.", min=1)] = 1_000,
    bootstrap: Annotated[str | None, typer.Option(help="A broker that is there; unset: one is started.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Verifies a log of so many entries and the job events beside them, against a consumer that only reads it."""
    report, sizes = Report(), entries or [100_000, 1_000_000]
    if bootstrap is not None:
        compare(bootstrap, sizes, orgs, report)
    else:
        with tempfile.TemporaryDirectory(prefix="studio-verify-") as name:
            with_broker(Path(name), lambda found: compare(found, sizes, orgs, report))
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console())


if __name__ == "__main__":
    typer.run(main)
