"""`python -m bench.queue`: a hundred thousand queued jobs of a thousand organisations: the scheduler alone, and real.

Real: the jobs are accepted by the orgs decider, then the process that schedules is killed; what counts is the time from
there to its first dispatch.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import psutil
import typer
import uvloop
from rich.console import Console

from bench import cpu, queue_alone
from bench.__main__ import MEBIBYTE, TABLE_WIDTH, platform, studio
from bench.load import Api, spin_ms
from bench.pair_client import PROVIDER, Client
from bench.report import Report
from events.jobs.events import JobDispatched
from events.log.clients import Record
from events.log.codec import record_type_name, type_name
from events.log.follower import Follower
from events.topics import EVENTS_JOBS

IN_FLIGHT: Final = 512
BACK_WITHIN_S: Final = 120
BACK_MARK_S: Final = 5.0
SCHEDULES: Final = "workers"
"""The process that has the scheduler, as a local platform is packed."""
console = Console(stderr=True)


@asynccontextmanager
async def first_dispatch(bootstrap: str) -> AsyncIterator[asyncio.Event]:
    """Set by the first dispatch that comes onto the log from now on."""
    seen, stop = asyncio.Event(), asyncio.Event()

    def take(record: Record) -> None:
        if record_type_name(record) == type_name(JobDispatched):
            seen.set()

    follower = Follower(bootstrap, [EVENTS_JOBS], on_record=take, name="bench")
    following = asyncio.create_task(follower.run(stop))
    await follower.ready()
    try:
        yield seen
    finally:
        stop.set()
        await following


async def fill(bootstrap: str, orgs: int, jobs: int, within_s: float) -> int:
    """Accepts so many jobs, or as many as there is time for."""
    async with Client(bootstrap, "orgs") as client:
        await client.open(orgs)
        filling = asyncio.create_task(client.queued(orgs, IN_FLIGHT, jobs))
        await asyncio.wait({filling}, timeout=within_s)
        if not filling.done():
            filling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await filling
        return client.accepted


async def real(report: Report, dev: Mapping[str, Any], data_dir: Path, orgs: int, jobs: int, within_s: float) -> None:
    bootstrap, admin = str(dev["kafka_bootstrap"]), str(dev["admin_key"])
    with contextlib.closing(Api(dev["url"])) as api:
        await api.call("PUT", f"/admin/providers/{PROVIDER}", admin, {"concurrent": 0})
        began = time.perf_counter()
        accepted = await fill(bootstrap, orgs, jobs, within_s)
        rate = accepted / (time.perf_counter() - began)
        report.add(f"{accepted} jobs accepted by the decider, {IN_FLIGHT} at a time", f"{rate:.0f}/s")
        victim = cpu.pids(studio(data_dir, "status", timeout_s=60))[SCHEDULES]
        report.add(
            "  the scheduling process, resident", f"{psutil.Process(victim).memory_info().rss / MEBIBYTE:.0f} MiB"
        )
        async with first_dispatch(bootstrap) as seen:
            os.kill(victim, signal.SIGKILL)
            began = time.perf_counter()
            await api.call("PUT", f"/admin/providers/{PROVIDER}", admin, {"concurrent": 1})
            async with asyncio.timeout(BACK_WITHIN_S):
                await seen.wait()
            took = time.perf_counter() - began
            await api.call("PUT", f"/admin/providers/{PROVIDER}", admin, {"concurrent": 0})
        report.add("  killed -9 → dispatching again", f"{took:.1f} s", f"≤ {BACK_MARK_S:.0f} s", took <= BACK_MARK_S)
        successor = psutil.Process(cpu.pids(studio(data_dir, "status", timeout_s=60))[SCHEDULES]).cpu_times()
        report.add("  CPU of its successor by then, at most", f"{successor.user + successor.system:.1f} s")


def main(
    jobs: Annotated[int, typer.Option(help="Queued jobs.", min=1000)] = 100_000,
    orgs: Annotated[int, typer.Option(help="Organisations.", min=1)] = 1_000,
    alone: Annotated[bool, typer.Option("--alone", help="Only the core, without a platform.")] = False,
    fill_within_s: Annotated[float, typer.Option(help="No jobs are accepted after so many seconds.")] = 600,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Queued jobs in the scheduler's core, and a scheduler that is killed over them."""
    report = Report()
    report.add("this machine now: a fixed loop", f"{spin_ms():.0f} ms", "30 ms when idle")
    queue_alone.measure(report, jobs, orgs)
    if not alone:
        with platform(report) as (data_dir, dev):
            console.print("accepting jobs …")
            uvloop.run(real(report, dev, data_dir, orgs, jobs, fill_within_s))
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console(width=TABLE_WIDTH))


if __name__ == "__main__":
    typer.run(main)
