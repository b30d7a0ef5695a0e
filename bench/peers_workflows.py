"""`python -m bench.peers_workflows PEERS SCRATCH`: three-step no-op workflows beside DBOS, Temporal and Restate.

`PEERS` is the folder of the peers' own programs, `SCRATCH` the one with their servers and virtual environment, outside
of this project, which knows nothing of them. A step of theirs is a function call that is remembered; each step of ours
is a job that is queued, leased, run by a provider and paid.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import typer
import uvloop
from rich.console import Console

from bench.__main__ import TABLE_WIDTH, platform
from bench.load import spin_ms
from bench.report import Report
from bench.workflows import measure

PEER_WITHIN_S: Final = 600
console = Console(stderr=True)


@dataclass(frozen=True)
class Peer:
    """Its program, and what its figures of three steps are called there."""

    title: str
    program: str
    workflows: int
    loaded: str = "3-step workflow, concurrency 64"
    alone: str = "3-step workflow, sequential p50"


DBOS: Final = Peer("DBOS on PostgreSQL", "dbos_bench.py", 400)
PEERS: Final = (
    DBOS,
    Peer(
        "Temporal's development server",
        "temporal_bench.py",
        120,
        "Wf3 3 steps, concurrency 64",
        "Wf3 3 steps, sequential p50",
    ),
    Peer("Restate", "restate_bench.py", 1000, "wf3 3 steps, concurrency 64", "wf3 3 steps, sequential p50"),
)


def rows(peers: Path, scratch: Path, peer: Peer, repetitions: int) -> Iterator[dict[str, Any]]:
    """What it says of itself, a line of JSON for each figure."""
    python = scratch / "v_main" / "bin" / "python"
    program = [str(peers / peer.program), str(scratch), "--reps", str(repetitions), "--n", str(peer.workflows)]
    ran = subprocess.run(
        [str(python), "-B", *program], cwd=peers, stdout=subprocess.PIPE, text=True, check=True, timeout=PEER_WITHIN_S
    )
    yield from (json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{"))


def beside(report: Report, peers: Path, scratch: Path, peer: Peer, repetitions: int) -> float:
    """Its workflows a second, as the median of so many repetitions."""
    found = list(rows(peers, scratch, peer, repetitions))
    loaded = [row for row in found if row["workload"] == peer.loaded]
    rates = sorted(float(row["value"]) for row in loaded)
    alone = median(float(row["value"]) for row in found if row["workload"] == peer.alone)
    spent = median(sum(row["cpu_us_per_op"].values()) for row in loaded) / 1000
    report.add(f"{peer.title}: workflows/s, 64 in flight", f"{median(rates):.0f}/s ({rates[0]:.0f}–{rates[-1]:.0f})")
    report.add("  one alone, p50; CPU a workflow", f"{alone:.1f} ms; {spent:.1f} ms")
    return median(rates)


def main(
    peers: Annotated[Path, typer.Argument(exists=True, help="The peers' programs.")],
    scratch: Annotated[Path, typer.Argument(exists=True, help="Their servers and virtual environment.")],
    count: Annotated[int, typer.Option(help="Workflows of ours under load.", min=64, max=100_000)] = 1_000,
    in_flight: Annotated[int, typer.Option("--flight", help="Runs to kill; 0: none.", min=0, max=10_000)] = 1_000,
    repetitions: Annotated[int, typer.Option(help="Of each peer; the median counts.", min=1, max=20)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Workflows a second, and one alone, beside three engines that do nothing else."""
    os.environ["STUDIO_SANDBOX"] = "true"
    report, rates = Report(), {}
    report.add("this machine now: a fixed loop", f"{spin_ms():.0f} ms", "30 ms when idle")
    for peer in PEERS:
        console.print(f"{peer.title} …")
        rates[peer.title] = beside(report, peers.resolve(), scratch.resolve(), peer, repetitions)
    console.print("ours …")
    with platform(report) as (data_dir, dev):
        uvloop.run(measure(report, dev, data_dir, count, in_flight, rates[DBOS.title]))
    report.add("this machine after it: a fixed loop", f"{spin_ms():.0f} ms")
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console(width=TABLE_WIDTH))


if __name__ == "__main__":
    typer.run(main)
