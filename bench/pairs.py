"""`python -m bench.pairs`: jobs reserved and captured through the orgs decider, beside a bare loop on the same broker.

A pair is a job's money from reservation to capture: SubmitJob, DispatchJob, RecordJobSucceeded, three decisions one
after the other. The bare loop is a transactional consumer and producer that moves the same records of the same sizes
for the same commands, and decides nothing. Both have a process of their own and the same client beside them.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
import uvloop
from aiokafka import TopicPartition
from rich.console import Console

from bench.bare import Recipe
from bench.cpu import spent_s
from bench.pair_client import Client
from bench.report import Report
from events.log.clients import consumer
from events.topics import CURRENT_JOBS, EVENTS_CREDITS, EVENTS_JOBS
from studio.local.platform import LocalPlatform
from studio.settings import Settings

RESTATE = {1: 64.0, 100: 290.0}
"""Pairs a second of Restate on two cores (`peers/`), by accounts; measured anew beside this by `--restate-pairs`."""
READY_WITHIN_S = 60
console = Console(stderr=True)


class Loop:
    """The decider or the bare loop, in a process of its own."""

    def __init__(self, kind: str, bootstrap: str, folder: Path, recipe: Recipe | None = None) -> None:
        self.kind = kind
        command = [sys.executable, "-m", "bench.pair_loops", kind, bootstrap, str(folder)]
        command += [] if recipe is None else [recipe.as_json()]
        self._running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._running.stdout is not None
        if self._running.stdout.readline() != "ready\n":
            raise RuntimeError(f"the {kind} loop did not start")

    @property
    def cpu_s(self) -> float:
        return spent_s({"loop": self._running.pid})["loop"]

    def end(self) -> None:
        self._running.terminate()
        self._running.wait(READY_WITHIN_S)


async def recipe_of(bootstrap: str, pairs: int) -> Recipe:
    """What the log holds for each command: records and bytes by topic, on average of what was just decided."""
    reader = consumer(bootstrap)
    await reader.start()
    sizes: dict[str, list[int]] = defaultdict(list)
    try:
        for topic in (EVENTS_JOBS, EVENTS_CREDITS, CURRENT_JOBS):
            numbers = await reader._client._wait_on_metadata(topic)
            tps = [TopicPartition(topic, number) for number in numbers]
            reader.assign(tps)
            ends = await reader.end_offsets(tps)
            for tp in tps:
                reader.seek(tp, max(0, ends[tp] - pairs))
            while polled := await reader.getmany(timeout_ms=500):
                for records in polled.values():
                    sizes[topic] += [
                        len(r.value or b"") + sum(len(n) + len(v or b"") for n, v in r.headers) for r in records
                    ]
    finally:
        await reader.stop()
    per_pair = {EVENTS_JOBS: 4, EVENTS_CREDITS: 2, CURRENT_JOBS: 3}
    return Recipe(
        tuple((topic, count / 3, round(sum(sizes[topic]) / len(sizes[topic]))) for topic, count in per_pair.items())
    )


async def measure(loop: Loop, client: Client, orgs: int, in_flight: int, pairs: int) -> tuple[float, float, float]:
    """Commands a second, and CPU milliseconds a command of the loop and of the client."""
    await client.pairs(orgs, in_flight, min(pairs, in_flight))
    cpu, own, began = loop.cpu_s, psutil.Process().cpu_times().user, time.perf_counter()
    await client.pairs(orgs, in_flight, pairs)
    took = time.perf_counter() - began
    own = psutil.Process().cpu_times().user - own
    return 3 * pairs / took, (loop.cpu_s - cpu) * 1000 / (3 * pairs), own * 1000 / (3 * pairs)


async def side(
    kind: str, bootstrap: str, folder: Path, scenarios: list[tuple[int, int]], pairs: int, recipe: Recipe | None
) -> dict[tuple[int, int], tuple[float, float, float]]:
    loop = Loop(kind, bootstrap, folder, recipe)
    found = {}
    try:
        async with Client(bootstrap, kind) as client:
            await client.open(max(orgs for orgs, _ in scenarios))
            for orgs, in_flight in scenarios:
                found[orgs, in_flight] = await measure(loop, client, orgs, in_flight, pairs)
                console.print(f"{kind}: {orgs} orgs, {in_flight} in flight: {found[orgs, in_flight][0]:.0f} commands/s")
    finally:
        loop.end()
    return found


async def compare(bootstrap: str, folder: Path, pairs: int, report: Report, restate: dict[int, float]) -> None:
    scenarios = [(orgs, in_flight) for orgs in (1, 100, 1000) for in_flight in (64, 1000)]
    ours = await side("orgs", bootstrap, folder, scenarios, pairs, None)
    bare = await side("bare", bootstrap, folder, scenarios, pairs, await recipe_of(bootstrap, pairs))
    for orgs in (1, 100, 1000):
        best, bare_best = (max(found[orgs, n][0] for n in (64, 1000)) for found in (ours, bare))
        for in_flight in (64, 1000):
            rate, cpu, client = ours[orgs, in_flight]
            report.add(
                f"commands/s, {orgs} org(s), {in_flight} in flight",
                f"{rate:.0f}/s beside {bare[orgs, in_flight][0]:.0f}/s bare",
            )
            report.add(
                "  CPU a command", f"decider {cpu:.2f} ms, bare {bare[orgs, in_flight][1]:.2f}, client {client:.2f}"
            )
        ratio = best / bare_best
        report.add("  ratio at each side's best", f"{ratio:.2f}", "≥ 0.30", ratio >= 0.3)
        report.add("  reserve+capture pairs/s", f"{best / 3:.0f}/s")
        if orgs in restate:
            times, mark = best / 3 / restate[orgs], 20 if orgs == 1 else 10
            report.add("  Restate", f"{restate[orgs]:.0f}/s (× {times:.1f})", f"≥ × {mark}", times >= mark)


def main(
    pairs: Annotated[int, typer.Option(help="Pairs in each scenario.", min=100, max=1_000_000)] = 3_000,
    bootstrap: Annotated[str | None, typer.Option(help="A broker that is there; unset: one is started.")] = None,
    restate_pairs: Annotated[
        str | None, typer.Option(help='Restate\'s pairs/s as measured beside this, {"1": n, "100": n}.')
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Reserve+capture pairs through the orgs decider, against the bare client."""
    report = Report()
    restate = RESTATE if restate_pairs is None else {int(k): float(v) for k, v in json.loads(restate_pairs).items()}
    with tempfile.TemporaryDirectory(prefix="studio-pairs-") as name:
        folder = Path(name)
        if bootstrap is not None:
            uvloop.run(compare(bootstrap, folder, pairs, report, restate))
        else:
            with_broker(folder, lambda found: uvloop.run(compare(found, folder, pairs, report, restate)))
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console())


def with_broker(folder: Path, run: Any) -> None:
    """The embedded servers on a data folder of their own; they end with this process."""
    local = LocalPlatform(Settings(data_dir=folder, _env_file=None), with_us=True)
    try:
        settings = asyncio.run(local.up(lambda _name, _what: None, servers_only=True))
        run(settings.kafka_bootstrap)
    finally:
        asyncio.run(local.down(lambda _name, _what: None))


if __name__ == "__main__":
    typer.run(main)
