"""`python -m bench.peers_jobs PEERS SCRATCH`: no-op jobs beside Celery and taskiq on Redis, in one run.

`PEERS` is the folder of the peers' own programs (`jobs_bench.py`), `SCRATCH` the one with their virtual environments
and their Redis, outside of this project, which knows nothing of them. They enqueue and run; we accept over HTTP,
reserve, queue fairly, lease, call a provider, look at its file and store it, bill, and project: once with everything
on, once without the mirror to Firestore.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import psutil
import typer
import uvloop
from rich.console import Console

from bench.__main__ import TABLE_WIDTH
from bench.jobs import Loaded, prepare, under_load
from bench.load import Api, spin_ms
from bench.report import Report
from studio.local.dev import bootstrap_dev
from studio.local.packing import PACKING, Packed
from studio.local.platform import LocalPlatform
from studio.settings import Settings

PEER_WITHIN_S: Final = 300
PEERS: Final[Mapping[str, str]] = {"celery": "v_celery", "taskiq": "v_main"}
"""Each with its virtual environment."""
WORKLOAD: Final = "no-op jobs, 64 in the works"
WITHOUT_MIRROR: Final = tuple(
    replace(one, roles=("projector_mongo",)) if "projector_mongo" in one.roles else one for one in PACKING
)
console = Console(stderr=True)


def peer_rows(peers: Path, scratch: Path, which: str, jobs: int) -> Iterator[dict[str, Any]]:
    """What one of them says of itself, a line of JSON for each figure."""
    python = scratch / PEERS[which] / "bin" / "python"
    program = str(peers / "jobs_bench.py")
    command = [str(python), "-B", program, str(scratch), "--reps", "1", "--n", str(jobs), "--which", which]
    ran = subprocess.run(command, cwd=peers, stdout=subprocess.PIPE, text=True, check=True, timeout=PEER_WITHIN_S)
    yield from (json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{"))


def peer(report: Report, peers: Path, scratch: Path, which: str, jobs: int, repetitions: int) -> float:
    """Its jobs a second, as the median of so many repetitions."""
    rows = [
        row for _ in range(repetitions) for row in peer_rows(peers, scratch, which, jobs) if WORKLOAD in row["workload"]
    ]
    rates = sorted(float(row["value"]) for row in rows)
    shares = [{name: micros / 1000 for name, micros in row["cpu_us_per_op"].items()} for row in rows]
    report.add(f"{which} + Redis", f"{median(rates):.0f}/s ({rates[0]:.0f}–{rates[-1]:.0f})")
    _add_cpu(report, shares)
    return median(rates)


@asynccontextmanager
async def up(packing: tuple[Packed, ...]) -> AsyncIterator[tuple[Mapping[str, Any], dict[str, int]]]:
    """A platform of its own, with its access and its processes."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        settings = Settings(data_dir=Path(folder), sandbox=True, _env_file=None)
        local = LocalPlatform(settings, with_us=True, packing=packing)
        try:
            running = await local.up(lambda _name, _what: None)
            access = await bootstrap_dev(running, f"http://127.0.0.1:{running.http_port}")
            pids = {one.name: one.pid for one in await local.status()} | {"client": psutil.Process().pid}
            yield {"url": access.url, "admin_key": access.admin_key}, pids
        finally:
            await local.down(lambda _name, _what: None)


async def ours(packing: tuple[Packed, ...], jobs: int, repetitions: int) -> list[Loaded]:
    async with up(packing) as (dev, processes):
        with contextlib.closing(Api(dev["url"])) as api:
            keys = await prepare(api, dev, 100)
            return [await under_load(api, keys, processes, jobs) for _ in range(repetitions)]


def add_ours(report: Report, name: str, found: list[Loaded], mark: float, mark_name: str) -> None:
    rates = sorted(one.sample.per_second for one in found)
    rate = median(rates)
    report.add(name, f"{rate:.0f}/s ({rates[0]:.0f}–{rates[-1]:.0f})", f"≥ {mark:.0f}/s{mark_name}", rate >= mark)
    _add_cpu(report, [one.cpu_ms for one in found], 5.0)


def _add_cpu(
    report: Report, shares: list[Mapping[str, float]] | list[dict[str, float]], mark: float | None = None
) -> None:
    """The median over the repetitions, in all and for each process."""
    total = median(sum(share.values()) for share in shares)
    held = None if mark is None else total <= mark
    report.add("  CPU a job, all processes", f"{total:.2f} ms", f"≤ {mark:.0f} ms" if mark is not None else "", held)
    parts = {name: median(share[name] for share in shares) for name in shares[0]}
    ordered = sorted(parts.items(), key=lambda item: -item[1])
    report.add("  of it", ", ".join(f"{name} {ms:.2f}" for name, ms in ordered if ms >= 0.01))


def main(
    peers: Annotated[Path, typer.Argument(exists=True, help="The peers' programs.")],
    scratch: Annotated[Path, typer.Argument(exists=True, help="Their virtual environments and Redis.")],
    jobs: Annotated[int, typer.Option(help="Jobs under load, each time.", min=64, max=100_000)] = 1_500,
    repetitions: Annotated[int, typer.Option(help="Of each; the median counts.", min=1, max=20)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Accepted → done no-op jobs a second, and what each costs, beside two plain queues."""
    report = Report()
    report.add("this machine now: a fixed loop", f"{spin_ms():.0f} ms", "30 ms when idle")
    rates = {}
    for which in PEERS:
        console.print(f"{which} …")
        rates[which] = peer(report, peers.resolve(), scratch.resolve(), which, jobs, repetitions)
    console.print("ours …")
    add_ours(report, "ours, every projection on", uvloop.run(ours(PACKING, jobs, repetitions)), 200, "")
    found = uvloop.run(ours(WITHOUT_MIRROR, jobs, repetitions))
    add_ours(report, "ours, without the mirror to Firestore", found, rates["celery"], " (Celery's)")
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console(width=TABLE_WIDTH))


if __name__ == "__main__":
    typer.run(main)
