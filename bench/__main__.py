"""`python -m bench`: starts a platform of its own, measures it, prints the figures and stops it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console

from bench import bare, cpu, shares
from bench.load import Api, drive, spin_ms
from bench.report import Report

SENTENCE = "generate a product image, animate it into a 5-second video, and add a voiceover"
MODEL, INPUT = "bench/held", {"prompt": "a red coffee mug"}
HELD: dict[str, Any] = {
    "title": "Held",
    "media_out": ["image"],
    "agent_type": "image",
    "input_schema": {"type": "object", "required": ["prompt"], "properties": {"prompt": {"type": "string"}}},
    "price": {"unit": "run", "amount": 100},
    "provider": "nobody",
}
"""A model whose provider takes nothing: its jobs are accepted, paid for and queued, and never run."""
UP_TIMEOUT_S = 120
RUN_TIMEOUT_S = 300
TABLE_WIDTH = 120
MEBIBYTE = 1024 * 1024
console = Console(stderr=True)


def studio(data_dir: Path, *arguments: str, timeout_s: int) -> Any:
    """Runs a verb of the command line and returns its JSON."""
    ran = subprocess.run(
        [sys.executable, "-m", "studio.cli", *arguments, "--json"],
        env={**os.environ, "STUDIO_DATA_DIR": str(data_dir)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=timeout_s,
    )
    return json.loads(ran.stdout[ran.stdout.index("{") :])


@contextlib.contextmanager
def platform(report: Report) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A platform on empty data, up for the block."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        data_dir = Path(folder)
        began = time.perf_counter()
        try:
            studio(data_dir, "up", timeout_s=UP_TIMEOUT_S)
            took = time.perf_counter() - began
            report.add("`make up` to ready, on empty data", f"{took:.1f} s", "≤ 20 s", took <= 20)
            yield data_dir, json.loads((data_dir / "dev.json").read_text())
        finally:
            studio(data_dir, "down", timeout_s=UP_TIMEOUT_S)


def measure_sentence(report: Report, data_dir: Path, dev: dict[str, Any]) -> None:
    """The main sentence, first cold and then twice warm; the median's split of time."""
    runs = [
        studio(data_dir, "run", SENTENCE, "--out", str(data_dir / "files"), timeout_s=RUN_TIMEOUT_S) for _ in range(3)
    ]
    runs.sort(key=lambda run: run["seconds"]["total"])
    seconds = runs[1]["seconds"]
    report.add("main sentence, prompt to files", f"{seconds['total']:.2f} s", "≤ 15 s", seconds["total"] <= 15)
    report.add("  of it engines", f"{seconds['engines']:.2f} s")
    report.add("  of it language model", f"{seconds['models']:.2f} s")
    report.add("  of it the platform", f"{seconds['platform']:.2f} s", "≤ 0.5 s", seconds["platform"] <= 0.5)
    for name, share in uvloop.run(shares.of_run(dev["kafka_bootstrap"], runs[1])).items():
        report.add(f"    {name}", f"{share * 1000:.0f} ms")


def measure_memory(report: Report, data_dir: Path) -> None:
    status = studio(data_dir, "status", timeout_s=60)
    total = sum(process["rss_bytes"] for process in status["processes"]) / MEBIBYTE
    report.add("all processes, resident", f"{total:.0f} MiB", "≤ 2560 MiB", total <= 2560)
    for process in status["processes"]:
        report.add(f"  {process['name']}", f"{process['rss_bytes'] / MEBIBYTE:.0f} MiB")


async def measure_commands(
    report: Report, dev: dict[str, Any], processes: dict[str, int], calls: int, clients: int
) -> None:
    """Accepted jobs: alone and with many clients, beside the bare client on the same broker."""
    with contextlib.closing(Api(dev["url"])) as api:
        await api.call("PUT", f"/admin/models/{MODEL}", dev["admin_key"], HELD)
        await api.call("PUT", "/admin/providers/nobody", dev["admin_key"], {"concurrent": 0})
        keys = await api.open_orgs(dev["admin_key"], 100)
        for orgs in (1, 100):
            using = keys[:orgs]

            async def submit(number: int, using: list[str] = using) -> None:
                await api.submit_job(using[number % len(using)], MODEL, INPUT)

            await drive(clients, clients, submit)
            alone = await drive(100, 1, submit)
            p50 = alone.percentile_ms(50)
            report.add(f"a command alone, {orgs} org(s), p50", f"{p50:.1f} ms", "≤ 20 ms", p50 <= 20)
            report.add("  p99", f"{alone.percentile_ms(99):.1f} ms")
            before = cpu.spent_s(processes)
            many = await drive(calls, clients, submit)
            used = cpu.per_operation_ms(before, cpu.spent_s(processes), calls)
            plain = await bare.measure(dev["kafka_bootstrap"], calls, clients, orgs)
            rate = many.per_second
            report.add(f"accepted jobs/s, {clients} clients, {orgs} org(s)", f"{rate:.0f}/s", "≥ 400/s", rate >= 400)
            report.add("  p50 / p99", f"{many.percentile_ms(50):.0f} / {many.percentile_ms(99):.0f} ms")
            report.add(
                "  CPU a job, all processes", f"{sum(used.values()):.2f} ms (two idle cores: {cpu.ceiling(used):.0f}/s)"
            )
            report.add("  of it", ", ".join(f"{name} {ms:.2f}" for name, ms in used.items() if ms >= 0.01))
            report.add("  bare client, same broker", f"{plain.per_second:.0f}/s (ratio {rate / plain.per_second:.2f})")


def main(
    calls: Annotated[int, typer.Option(help="Jobs to submit under load.", min=64, max=100_000)] = 4_000,
    clients: Annotated[int, typer.Option(help="Clients under load.", min=1, max=1_000)] = 64,
    only: Annotated[str, typer.Option(help="sentence, memory, commands, or all.")] = "all",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Measures what the README promises, on a platform of its own, in about two minutes."""
    report = Report()
    report.add("this machine now: a fixed loop", f"{spin_ms():.0f} ms", "30 ms when idle")
    with platform(report) as (data_dir, dev):
        if only in ("all", "sentence"):
            console.print("running the main sentence three times …")
            measure_sentence(report, data_dir, dev)
        if only in ("all", "memory"):
            measure_memory(report, data_dir)
        if only in ("all", "commands"):
            console.print("submitting jobs …")
            processes = cpu.pids(studio(data_dir, "status", timeout_s=60))
            uvloop.run(measure_commands(report, dev, processes, calls, clients))
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console(width=None if sys.stdout.isatty() else TABLE_WIDTH))


if __name__ == "__main__":
    typer.run(main)
