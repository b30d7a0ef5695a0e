"""`python -m bench.workflows`: workflows of three no-op steps, each a queued, leased, paid job of a simulated provider.

A workflow is a whole rerun of a plan, asked for over HTTP and over when the log says `run_completed`. With `--flight` a
thousand runs are in flight, every process of the platform is killed with -9, and all must end right.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvloop
from rich.console import Console

from bench import cpu, plays
from bench.__main__ import TABLE_WIDTH, platform, studio
from bench.load import Api, drive, spin_ms
from bench.plays import Ends, Playable
from bench.report import Report
from bench.shares import shares
from events.log.follower import Follower
from events.topics import EVENTS_CANVAS, EVENTS_JOBS

DBOS_PER_S: Final = 51
"""What DBOS did on these two cores when they were idle; measured beside it by the peers' own programs."""
ALONE: Final = 60
RUN_WITHIN_S: Final = 60.0
FLIGHT_WITHIN_S: Final = 480.0
CANVAS, JOBS = "com.aistudio.canvas", "com.aistudio.jobs"
ASKED, TOLD = "asked → run started, first step ready", "run completed → the client has it from the log"
MARKS: Final = {
    f"{CANVAS}.run_started": ASKED,
    f"{JOBS}.accepted": "each step: ready → wired, priced, job accepted, credits reserved",
    f"{JOBS}.dispatched": "each step: accepted → queued, scheduled, leased, dispatched",
    f"{JOBS}.succeeded": "each step: dispatched → provider called, file stored, job ended and paid",
    f"{CANVAS}.step_succeeded": "each step: job ended → step ended, the next one ready",
}
console = Console(stderr=True)


@asynccontextmanager
async def watching(bootstrap: str) -> AsyncIterator[Ends]:
    ends, stop = Ends(), asyncio.Event()
    follower = Follower(bootstrap, [EVENTS_CANVAS, EVENTS_JOBS], on_record=ends.on_record, name="bench")
    following = asyncio.create_task(follower.run(stop))
    await follower.ready()
    try:
        yield ends
    finally:
        stop.set()
        await following


async def run(api: Api, ends: Ends, plan: Playable, verb: str = "rerun") -> None:
    """A workflow from its request to its end."""
    started = await api.call("POST", f"/plans/{plan.plan_id}/{verb}", plan.key)
    status = await ends.of(started["run_id"], RUN_WITHIN_S)
    if status != "succeeded":
        raise RuntimeError(f"{started['run_id']} is {status}")


async def alone(api: Api, ends: Ends, plan: Playable, report: Report) -> None:
    """One at a time, and where each millisecond of it goes."""
    sums: dict[str, float] = {}

    async def one(_number: int) -> None:
        ends.kept = []
        began = time.time()
        await run(api, ends, plan)
        told = shares((began, time.time()), plays.times(ends.kept, MARKS), [], TOLD)
        for name, seconds in told.items():
            sums[name] = sums.get(name, 0.0) + seconds

    await drive(10, 1, one)
    sums.clear()
    sample = await drive(ALONE, 1, one)
    ends.kept = None
    p50 = sample.percentile_ms(50)
    report.add("one workflow alone, p50", f"{p50:.0f} ms", "≤ 120 ms", p50 <= 120)
    report.add("  p99", f"{sample.percentile_ms(99):.0f} ms")
    for name, seconds in sums.items():
        report.add(f"  {name}", f"{seconds * 1000 / ALONE:.1f} ms")


async def loaded(
    api: Api, ends: Ends, plans: list[Playable], processes: dict[str, int], count: int, mark: float, report: Report
) -> None:
    """64 at a time, each plan with one run at most."""
    free: asyncio.Queue[Playable] = asyncio.Queue()
    for plan in plans[:64]:
        free.put_nowait(plan)

    async def one(_number: int) -> None:
        plan = await free.get()
        await run(api, ends, plan)
        free.put_nowait(plan)

    await drive(64, 64, one)
    before = cpu.spent_s(processes)
    sample = await drive(count, 64, one)
    used = cpu.per_operation_ms(before, cpu.spent_s(processes), count)
    rate, idle = sample.per_second, cpu.ceiling(used)
    report.add("workflows/s, 64 in flight", f"{rate:.0f}/s", f"≥ {mark:.0f}/s (DBOS)", rate >= mark)
    report.add("  and three times DBOS", "", f"≥ {3 * mark:.0f}/s", rate >= 3 * mark)
    report.add("  p50 / p99", f"{sample.percentile_ms(50):.0f} / {sample.percentile_ms(99):.0f} ms")
    report.add("  CPU a workflow, all processes", f"{sum(used.values()):.1f} ms (two idle cores: {idle:.0f}/s)")
    report.add("  of it", ", ".join(f"{name} {ms:.1f}" for name, ms in used.items() if ms >= 0.05))


async def flight(
    api: Api, ends: Ends, plans: list[Playable], dev: dict[str, Any], data_dir: Path, report: Report
) -> None:
    """All in flight at once, held up by a provider without slots; killed as soon as they move; all must end right."""
    provider = f"/admin/providers/{plays.PROVIDER}"
    await api.call("PUT", provider, dev["admin_key"], {"concurrent": 0})
    runs: list[str] = []

    async def start(number: int) -> None:
        plan = plans[number]
        runs.append((await api.call("POST", f"/plans/{plan.plan_id}/approve", plan.key))["run_id"])

    sample = await drive(len(plans), 64, start)
    report.add(f"{len(plans)} runs begun, none ended", f"{sample.per_second:.0f}/s")
    ended = f"{JOBS}.succeeded"
    done_before = ends.seen.get(ended, 0)
    await api.call("PUT", provider, dev["admin_key"], {"concurrent": plays.SLOTS})
    await ends.until(lambda: ends.seen.get(ended, 0) >= done_before + len(plans) // 4, FLIGHT_WITHIN_S)
    for one in studio(data_dir, "status", timeout_s=60)["processes"]:
        if one["name"] in ("decider", "workers", "projectors", "gateway"):
            os.kill(one["pid"], signal.SIGKILL)
    killed, killed_ms = time.monotonic(), datetime.now(UTC).timestamp() * 1000
    await ends.until(lambda: ends.last_ms[ended] > killed_ms, FLIGHT_WITHIN_S)
    back = time.monotonic() - killed
    report.add(
        "  killed -9 (decider, workers, projectors, gateway): next job ended", f"{back:.1f} s", "≤ 10 s", back <= 10
    )
    statuses = await asyncio.gather(*(ends.of(one, FLIGHT_WITHIN_S) for one in runs))
    right = statuses.count("succeeded")
    took = time.monotonic() - killed
    report.add(
        "  runs that ended right", f"{right} of {len(runs)}", "all, once each", right == len(runs) and not ends.twice
    )
    report.add("  the last of them, after the kill", f"{took:.0f} s")


async def measure(
    report: Report, dev: dict[str, Any], data_dir: Path, count: int, in_flight: int, mark: float = DBOS_PER_S
) -> None:
    """`mark`: what DBOS does in a second."""
    processes = cpu.pids(studio(data_dir, "status", timeout_s=60))
    with contextlib.closing(Api(dev["url"])) as api:
        each = max(1, -(-in_flight // 64)) + 1 if in_flight else 1
        console.print(f"planning {64 * each} plans …")
        plans = await plays.prepare(api, dev["admin_key"], sessions=64, each=each)
        played, fresh = plans[::each], [plan for number, plan in enumerate(plans) if number % each]
        async with watching(dev["kafka_bootstrap"]) as ends:
            if count:
                for begin in range(0, len(played), 16):
                    await asyncio.gather(*(run(api, ends, plan, "approve") for plan in played[begin : begin + 16]))
                console.print("one at a time …")
                await alone(api, ends, played[0], report)
                console.print("64 at a time …")
                await loaded(api, ends, played, processes, count, mark, report)
            if in_flight:
                console.print("killing …")
                await flight(api, ends, fresh[:in_flight], dev, data_dir, report)


def main(
    count: Annotated[int, typer.Option(help="Workflows under load; 0: none.", min=0, max=100_000)] = 1_000,
    in_flight: Annotated[int, typer.Option("--flight", help="Runs to kill; 0: none.", min=0, max=10_000)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Three-step workflows a second, one alone, and a thousand that are killed."""
    os.environ["STUDIO_SANDBOX"] = "true"
    report = Report()
    report.add("this machine now: a fixed loop", f"{spin_ms():.0f} ms", "30 ms when idle")
    with platform(report) as (data_dir, dev):
        uvloop.run(measure(report, dev, Path(data_dir), count, in_flight))
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console(width=TABLE_WIDTH))


if __name__ == "__main__":
    typer.run(main)
