"""One side of `bench.verify`, on one core: `python -m bench.verify_sides SIDE BOOTSTRAP`."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial

import orjson
import uvloop
from aiokafka import TopicPartition

from events.log.clients import consumer
from events.log.follower import assigned_partitions
from events.log.history import CHUNK, FETCH_BYTES, History
from events.topics import EVENTS_CREDITS, EVENTS_JOBS
from projections.audit.ever import Ever
from projections.audit.faults import Fault
from projections.audit.verifier import Verifier
from studio.client.verifying import verify_log
from studio.client.verifying_files import Asked
from studio.collector import tune_collector


class DoesNotHold(Exception):
    """What the benchmark has written is not what a verifier accepts."""


def refuse(fault: Fault) -> None:
    raise DoesNotHold(str(fault))


async def bare(topics: list[str], bootstrap: str) -> tuple[int, int]:
    """Entries and all records, read by nothing but the client that the verifier has, and dropped."""
    client = consumer(bootstrap, partition_bytes=FETCH_BYTES)
    await client.start()
    try:
        partitions = await assigned_partitions(client, topics)
        client.assign(partitions)
        ends = await client.end_offsets(partitions)
        await client.seek_to_beginning(*partitions)
        records = entries = 0
        left: set[TopicPartition] = set(partitions)
        while left:
            for tp, batch in (await client.getmany(timeout_ms=100, max_records=CHUNK)).items():
                records += len(batch)
                entries += len(batch) if tp.topic == EVENTS_CREDITS else 0
            left = {tp for tp in left if await client.position(tp) < ends[tp]}
        return entries, records
    finally:
        await client.stop()


async def entries_alone(bootstrap: str) -> tuple[int, int]:
    """All that is checked of the entries themselves; no job event is read."""
    with Ever(EVENTS_CREDITS, EVENTS_JOBS) as ever:
        verifier = Verifier(refuse, ever)
        async with History(bootstrap, [EVENTS_CREDITS]) as history:
            for number in history.numbers:
                while batch := await history.batch(EVENTS_CREDITS, number):
                    verifier.take(batch)
                    verifier.pairs._waiting.clear()  # no job event will come
        verifier.finish()
    return verifier.entries, verifier.entries


async def verify(bootstrap: str) -> tuple[int, int]:
    verifier = await verify_log(bootstrap, Asked(), refuse, lambda _done, _total: None)
    return verifier.entries, verifier.entries + verifier.pairs.events


SIDES: dict[str, Callable[[str], Awaitable[tuple[int, int]]]] = {
    "bare": partial(bare, [EVENTS_JOBS, EVENTS_CREDITS]),
    "bare-entries": partial(bare, [EVENTS_CREDITS]),
    "entries": entries_alone,
    "verify": verify,
}


async def measured(side: str, bootstrap: str) -> tuple[int, int]:
    return await SIDES[side](bootstrap)


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    tune_collector()
    began, cpu = time.perf_counter(), time.process_time()
    entries, records = uvloop.run(measured(sys.argv[1], sys.argv[2]))
    told = {
        "seconds": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu,
        "entries": entries,
        "records": records,
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.write(orjson.dumps(told).decode())
