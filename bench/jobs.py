"""`python -m bench.jobs`: jobs from acceptance to their stored result, on a platform whose providers are simulated.

The provider answers at once with a second of sound; what is measured is everything that we add: queue, lease, dispatch,
the file brought home, looked at and stored, money, read models.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
import uvloop
from rich.console import Console

from bench import cpu
from bench.__main__ import TABLE_WIDTH, platform, studio
from bench.load import Api, Connection, Sample, drive, spin_ms
from bench.report import Report
from studio.local import addresses
from studio.settings import Settings

MODEL, PROVIDER = "elevenlabs/sound-effects", "elevenlabs"
WORDS = "simulate:ok=0"
"""A simulated run of no length."""
INPUT = {"text": WORDS}
DIRECT_PATH = "/simulators/elevenlabs/v1/sound-generation"
SLOTS = 512
WAIT_S = 30
ALONE = 100
AT_ONCE = 64
console = Console(stderr=True)


async def prepare(api: Api, dev: Mapping[str, Any], orgs: int) -> list[str]:
    """Keys of so many organisations that wait for no slot of their own or of the provider."""
    admin = dev["admin_key"]
    await api.call("PUT", f"/admin/providers/{PROVIDER}", admin, {"concurrent": SLOTS})
    return await api.open_orgs(admin, orgs)


async def done(api: Api, key: str) -> dict[str, Any]:
    """A job, submitted and waited for."""
    accepted = await api.submit_job(key, MODEL, INPUT)
    job: dict[str, Any] = await api.call("GET", f"/jobs/{accepted['job_id']}?wait={WAIT_S}", key)
    if job["status"] != "succeeded":
        raise RuntimeError(f"{job['job_id']} is {job['status']}: {job.get('error')}")
    return job


async def direct(url: str) -> Sample:
    """The simulator alone, asked as the adapter asks it."""
    connection = Connection(url)
    body, headers = orjson.dumps({"text": WORDS}), {"xi-api-key": "k", "Content-Type": "application/json"}

    async def call(_number: int) -> None:
        status, _ = await connection.request("POST", DIRECT_PATH, headers, body)
        if status != 200:
            raise RuntimeError(f"the simulator answered {status}")

    try:
        return await drive(ALONE, 1, call)
    finally:
        connection.close()


def dispatched_ms(job: Mapping[str, Any]) -> float:
    """From acceptance to the intent on the log, by the events' own times."""
    accepted = datetime.fromisoformat(job["accepted_at"])
    return (datetime.fromisoformat(job["attempts"][0]["started_at"]) - accepted).total_seconds() * 1000


async def measure(
    report: Report, dev: Mapping[str, Any], simulators: str, processes: dict[str, int], jobs: int
) -> None:
    with contextlib.closing(Api(dev["url"])) as api:
        keys = await prepare(api, dev, 100)
        waits: list[float] = []

        async def alone(_number: int) -> None:
            waits.append(dispatched_ms(await done(api, keys[0])))

        await drive(20, 1, alone)
        waits.clear()
        plain, ours = await direct(simulators), await drive(ALONE, 1, alone)
        waits.sort()
        p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
        added = ours.percentile_ms(50) - plain.percentile_ms(50)
        report.add("accepted → dispatched, one at a time, p50", f"{p50:.0f} ms", "≤ 50 ms", p50 <= 50)
        report.add("  p99", f"{p99:.0f} ms", "≤ 150 ms", p99 <= 150)
        report.add("a call and its result, p50", f"{ours.percentile_ms(50):.0f} ms")
        report.add("  the simulator alone", f"{plain.percentile_ms(50):.1f} ms")
        report.add("  added by us", f"{added:.0f} ms", "≤ 60 ms", added <= 60)
        for orgs in (1, 100):
            loaded = await under_load(api, keys[:orgs], processes, jobs)
            rate, total = loaded.sample.per_second, sum(loaded.cpu_ms.values())
            report.add(f"accepted → done, 64 at a time, {orgs} org(s)", f"{rate:.0f}/s", "≥ 200/s", rate >= 200)
            sample = loaded.sample
            report.add("  p50 / p99", f"{sample.percentile_ms(50):.0f} / {sample.percentile_ms(99):.0f} ms")
            report.add("  CPU a job, all processes", f"{total:.2f} ms", "≤ 5 ms", total <= 5)
            report.add("  of it", loaded.shares)


@dataclass(frozen=True)
class Loaded:
    """Jobs accepted and awaited, and the CPU that each of them took of each process."""

    sample: Sample
    cpu_ms: Mapping[str, float]

    @property
    def shares(self) -> str:
        return ", ".join(f"{name} {ms:.2f}" for name, ms in self.cpu_ms.items() if ms >= 0.01)


async def under_load(api: Api, keys: list[str], processes: dict[str, int], jobs: int) -> Loaded:
    """So many jobs, 64 at a time, after some that warm everything up."""

    async def one(number: int) -> None:
        await done(api, keys[number % len(keys)])

    await drive(AT_ONCE, AT_ONCE, one)
    before = cpu.spent_s(processes)
    sample = await drive(jobs, AT_ONCE, one)
    return Loaded(sample, cpu.per_operation_ms(before, cpu.spent_s(processes), jobs))


def main(
    jobs: Annotated[int, typer.Option(help="Jobs under load.", min=64, max=100_000)] = 2_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Jobs from acceptance to their stored result, beside the simulated provider alone."""
    os.environ["STUDIO_SANDBOX"] = "true"
    report = Report()
    report.add("this machine now: a fixed loop", f"{spin_ms():.0f} ms", "30 ms when idle")
    with platform(report) as (data_dir, dev):
        simulators = addresses.connected(Settings(data_dir=Path(data_dir), _env_file=None)).standins_url
        assert simulators is not None
        processes = cpu.pids(studio(data_dir, "status", timeout_s=60))
        uvloop.run(measure(report, dev, simulators, processes, jobs))
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console(width=TABLE_WIDTH))


if __name__ == "__main__":
    typer.run(main)
