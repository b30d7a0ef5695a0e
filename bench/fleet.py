"""`python -m bench.fleet`: how long a worker stands between two jobs while another one waits for it.

All jobs are queued while the fleet is closed, so that whatever a worker runs next has been waiting. Engines are timed
around their own work: what the worker itself does before and after, fetching inputs and hashing results, counts as
standing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Final

import typer
import uvloop
from rich.console import Console

from bench.__main__ import TABLE_WIDTH, platform
from bench.load import Api, drive, spin_ms
from bench.report import Report
from events.catalog.current import FLEET, UNLIMITED
from events.jobs.events import EngineSpan, JobDispatched, JobSucceeded
from events.log.clients import Record
from events.log.codec import from_record
from events.log.follower import Follower
from events.topics import EVENTS_JOBS
from events.types import REGISTRY

MODEL: Final = "local/picture"
INPUT: Final = {"prompt": "a red mug", "width": 320, "height": 180}
AT_ONCE: Final = 16
STANDS_MARK_MS: Final = 200.0
WITHIN_S: Final = 300.0


class Spans:
    """When each worker's engines worked, as the log tells it."""

    def __init__(self) -> None:
        self.by_worker: defaultdict[str, list[EngineSpan]] = defaultdict(list)
        self._workers: dict[str, str] = {}
        self._more = asyncio.Condition()

    async def on_record(self, record: Record) -> None:
        match from_record(record, REGISTRY).data:
            case JobDispatched(job_id=job_id, worker=str(worker)):
                self._workers[job_id] = worker
            case JobSucceeded(job_id=job_id, engine=EngineSpan() as span) if job_id in self._workers:
                async with self._more:
                    self.by_worker[self._workers.pop(job_id)].append(span)
                    self._more.notify_all()

    async def of(self, jobs: int) -> None:
        """Returns once so many jobs have ended."""
        async with asyncio.timeout(WITHIN_S), self._more:
            await self._more.wait_for(lambda: sum(map(len, self.by_worker.values())) >= jobs)


def standing_ms(spans: Sequence[EngineSpan]) -> list[float]:
    """Between the end of each and the beginning of the next, of one worker that does one at a time."""
    in_order = sorted(spans, key=lambda span: span.started_at)
    return [(after.started_at - before.ended_at) * 1000 for before, after in pairwise(in_order)]


async def measure(report: Report, dev: Mapping[str, Any], jobs: int) -> None:
    spans, stop = Spans(), asyncio.Event()
    follower = Follower(str(dev["kafka_bootstrap"]), [EVENTS_JOBS], on_record=spans.on_record, name="bench")
    following = asyncio.create_task(follower.run(stop))
    await follower.ready()
    with contextlib.closing(Api(dev["url"])) as api:
        [key] = await api.open_orgs(dev["admin_key"], 1)

        async def submit(number: int) -> None:
            await api.submit_job(key, MODEL, {**INPUT, "seed": number})

        await api.call("PUT", f"/admin/providers/{FLEET}", dev["admin_key"], {"concurrent": 0})
        await drive(jobs, AT_ONCE, submit)
        await api.call("PUT", f"/admin/providers/{FLEET}", dev["admin_key"], {"concurrent": UNLIMITED})
        await spans.of(jobs)
    stop.set()
    await following
    stood = sorted(ms for each in spans.by_worker.values() for ms in standing_ms(each))
    worked = [(span.ended_at - span.started_at) * 1000 for each in spans.by_worker.values() for span in each]
    p99 = stood[int(len(stood) * 0.99)]
    report.add(f"{jobs} jobs on {len(spans.by_worker)} workers, an engine's work each", f"{sum(worked) / jobs:.0f} ms")
    report.add("  a worker stands between two while another waits, p50", f"{stood[len(stood) // 2]:.0f} ms")
    report.add("    p99", f"{p99:.0f} ms", f"≤ {STANDS_MARK_MS:.0f} ms", p99 <= STANDS_MARK_MS)
    report.add("    at most", f"{stood[-1]:.0f} ms")


def main(
    jobs: Annotated[int, typer.Option(help="Jobs that wait for the fleet.", min=10, max=10_000)] = 300,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """How long a free worker stands while a job that it could run waits."""
    report = Report()
    report.add("this machine now: a fixed loop", f"{spin_ms():.0f} ms", "30 ms when idle")
    with platform(report) as (_, dev):
        uvloop.run(measure(report, dev, jobs))
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console(width=TABLE_WIDTH))


if __name__ == "__main__":
    typer.run(main)
