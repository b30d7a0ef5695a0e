"""`python -m bench.replay`: an account of a long history as of any time, by the index and without it."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bench.ledgers import OVER, Ledgers, write
from bench.pairs import with_broker
from bench.report import Report
from events.log.admin import ensure_topics
from events.topics import EVENTS_CREDITS
from studio.client.replay_sources import LogSource
from studio.client.replaying import Asked, Replay

FAST_MARK_S = 1.0
QUERIES = 10
console = Console(stderr=True)


class Differs(Exception):
    """With the index came out what does not come out without it."""


async def left(source: LogSource, org_id: str, as_of: datetime) -> tuple[float, dict[str, Any]]:
    """The seconds, and what the account was."""
    began = time.perf_counter()
    replay = Replay(source, Asked(org_id, as_of, movements=False), _nothing_sealed)
    async for _ in replay.movements():
        raise Differs("no movement was asked for")
    account = replay.account
    return time.perf_counter() - began, {"totals": account.totals, "head": account.book.head, **account.book.balances}


async def _nothing_sealed(_: Any) -> str:
    return ""


async def measure(bootstrap: str, folder: Path, entries: int, report: Report) -> None:
    await ensure_topics(bootstrap)
    began = time.perf_counter()
    records = await write(bootstrap, 1, entries, topics=(EVENTS_CREDITS,))
    console.print(f"{records} records written in {time.perf_counter() - began:.0f} s")
    org_id = Ledgers(1, 0).names[0]
    indexed = LogSource(bootstrap, org_id, folder / "index.sqlite", lambda _done, _total: None)
    whole = LogSource(bootstrap, org_id, folder / "none.sqlite", lambda _done, _total: None, every=2 * records)
    now = datetime.now(UTC)
    first, _ = await left(indexed, org_id, now)
    report.add(f"{entries} entries of one organisation: the index made", f"{first:.1f} s")
    random.seed(4)
    moments = [now - OVER * random.random() for _ in range(QUERIES)] + [now - timedelta(seconds=1)]
    found = [await left(indexed, org_id, moment) for moment in moments]
    report_times(report, [seconds for seconds, _ in found])
    for moment, (_, by_index) in zip(moments[-2:], found[-2:], strict=True):
        seconds, by_reading = await left(whole, org_id, moment)
        report.add("  the same by reading everything up to then", f"{seconds:.2f} s")
        if by_reading != by_index:
            raise Differs(f"as of {moment}: {by_index}, read: {by_reading}")


def report_times(report: Report, seconds: Sequence[float]) -> None:
    median, slowest = sorted(seconds)[len(seconds) // 2], max(seconds)
    report.add("  balances and totals as of a time, median", f"{median:.2f} s")
    report.add("  slowest", f"{slowest:.2f} s", f"≤ {FAST_MARK_S:.0f} s", slowest <= FAST_MARK_S)


def main(
    entries: Annotated[int, typer.Option(help="Entries of the one organisation.", min=1_000)] = 1_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Writes a history of so many entries, and asks for its account as of random times."""
    report = Report()
    with tempfile.TemporaryDirectory(prefix="studio-replay-") as name:
        folder = Path(name)
        with_broker(folder, lambda found: asyncio.run(measure(found, folder, entries, report)))
    if as_json:
        typer.echo(report.as_json())
    else:
        report.show(Console())


if __name__ == "__main__":
    typer.run(main)
