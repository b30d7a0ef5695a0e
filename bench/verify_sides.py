"""One side of `bench.verify`, on one core: `python -m bench.verify_sides bare|entries|verify BOOTSTRAP`."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time

import orjson

from events.log.history import History, in_step
from events.topics import EVENTS_CREDITS, EVENTS_JOBS
from projections.audit.ever import Ever
from projections.audit.faults import Fault
from projections.audit.verifier import Verifier
from studio.client.verifying import Asked, verify_log


class DoesNotHold(Exception):
    """What the benchmark has written is not what a verifier accepts."""


def refuse(fault: Fault) -> None:
    raise DoesNotHold(str(fault))


async def bare(bootstrap: str) -> tuple[int, int]:
    """Entries and all records, read as the verifier reads them, and dropped."""
    records = entries = 0
    async with History(bootstrap, [EVENTS_JOBS, EVENTS_CREDITS]) as history:
        for number in history.numbers:
            async for batch in in_step(history, number, [EVENTS_JOBS, EVENTS_CREDITS]):
                records += len(batch)
                entries += len(batch) if batch[0].topic == EVENTS_CREDITS else 0
    return entries, records


async def entries_alone(bootstrap: str) -> tuple[int, int]:
    """All that is checked of the entries themselves; no job event is read."""
    with Ever(EVENTS_CREDITS) as ever:
        verifier = Verifier(refuse, ever)
        async with History(bootstrap, [EVENTS_CREDITS]) as history:
            for number in history.numbers:
                while batch := await history.batch(EVENTS_CREDITS, number):
                    verifier.take(batch)
        ever.finish(refuse)
    return verifier.entries, verifier.entries


async def verify(bootstrap: str) -> tuple[int, int]:
    verifier = await verify_log(bootstrap, Asked(), refuse, lambda _done, _total: None)
    return verifier.entries, verifier.entries + verifier.pairs.events


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    side = {"bare": bare, "entries": entries_alone, "verify": verify}[sys.argv[1]]
    began = time.perf_counter()
    entries, records = asyncio.run(side(sys.argv[2]))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"seconds": seconds, "entries": entries, "records": records, "rss_mib": peak}
    sys.stdout.write(orjson.dumps(told).decode())
