"""Writes histories of jobs and their money straight as the log holds them: for benchmarks of who reads them.

Each job is three decisions, as the orgs decider writes them: accepted with its reservation, dispatched, succeeded with
its capture; four job events and two entries.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from events.credits.chain import GENESIS, entry_hash
from events.log.clients import transactional_producer
from events.log.codec import time_to_text
from events.log.routing import partition_of
from events.topics import EVENTS_ACCOUNTS, EVENTS_CREDITS, EVENTS_JOBS, PARTITIONS_LOCAL

EVERYTHING = (EVENTS_ACCOUNTS, EVENTS_JOBS, EVENTS_CREDITS)
GRANT = 10**12
RESERVED, CAPTURED = 100, 60
OVER = timedelta(days=30)
COMMIT_EVERY = 20_000
"""Records a transaction."""
SEALED = {"$sealed": {"kid": "kid_" + "a" * 32, "nonce": "YWJjZGVmZ2hpamts", "ct": "QUJD" * 30}}
LINE = [{"unit": "run", "quantity": "1", "unit_amount": 100, "amount": 100}]

Written = tuple[str, int, bytes, bytes, list[tuple[str, bytes]]]
"""Topic, partition, key, value and headers."""


@dataclass(slots=True)
class _Book:
    org_id: str
    partition: int
    seq: int = 0
    head: str = GENESIS


class Ledgers:
    """Histories of so many organisations; times run over the month that ends now."""

    def __init__(self, orgs: int, jobs: int, series: int = 0) -> None:
        """`series` sets their names apart from those of another writing."""
        self.names = [f"org_{series:013d}{number:013d}" for number in range(orgs)]
        self._books = [_Book(name, partition_of(name, PARTITIONS_LOCAL)) for name in self.names]
        self._jobs = jobs
        self._series = series
        self._began = datetime.now(UTC) - OVER
        self._events = 0

    def records(self) -> Iterator[Written]:
        for book in self._books:
            yield self._event(book, self._began, "accounts.org_opened", book.org_id, 1, self._opened(book), "open")
            yield self._entry(book, self._began, "grant", None, [("available", GRANT), ("external", -GRANT)])
        for number in range(self._jobs):
            book = self._books[number % len(self._books)]
            yield from self._job(book, self._began + OVER * (number / self._jobs), number)

    def _opened(self, book: _Book) -> dict[str, Any]:
        return {"org_id": book.org_id, "title": "Bench"}

    def _job(self, book: _Book, at: datetime, number: int) -> Iterator[Written]:
        job, after = f"job_{self._series:013d}{number:013d}", at + timedelta(milliseconds=500)
        same = {"job_id": job, "org_id": book.org_id, "cause": {}}
        accepted = same | {
            "model": "bench/pair", "provider": "bench", "priority": "NORMAL", "input": SEALED, "reserved": RESERVED,
            "paid_from": "available", "price": LINE, "max_attempts": 3, "max_runtime_s": 180,
            "deadline_at": (at + timedelta(days=1)).isoformat(),
        }  # fmt: skip
        dispatched = same | {
            "lease": 1, "provider": "bench", "model": "bench/pair", "input": SEALED, "max_runtime_s": 180,
        }  # fmt: skip
        succeeded = same | {"lease": 1, "outputs": [], "captured": CAPTURED, "bill": LINE}
        account = f"reserved:{job}"
        yield self._event(book, at, "jobs.accepted", job, 1, accepted, f"a{number}")
        yield self._event(book, at, "jobs.queued", job, 2, same, f"a{number}")
        yield self._entry(book, at, "reserve", job, [("available", -RESERVED), (account, RESERVED)], f"a{number}")
        yield self._event(book, at, "jobs.dispatched", job, 3, dispatched, f"d{number}")
        yield self._event(book, after, "jobs.succeeded", job, 4, succeeded, f"s{number}")
        rest = [(account, -RESERVED), ("spent", CAPTURED), ("available", RESERVED - CAPTURED)]
        yield self._entry(book, after, "capture", job, rest, f"s{number}")

    def _entry(
        self, book: _Book, at: datetime, kind: str, job: str | None, postings: list[tuple[str, int]], command: str = "g"
    ) -> Written:
        name = {"grant": "granted", "reserve": "reserved", "capture": "captured"}[kind]
        named = {} if job is None else {"job_id": job}
        data: dict[str, Any] = {
            "org_id": book.org_id,
            "seq": book.seq + 1,
            "entry_id": f"ent_{(job or book.org_id)[4:]}.{kind}",
            "kind": kind,
            **named,
            "at": at.isoformat(),
            "postings": [{"account": account, "amount": amount} for account, amount in postings],
            "prev_hash": book.head,
        }
        data["hash"] = book.head = entry_hash(book.head, data)
        book.seq += 1
        return self._event(book, at, f"credits.{name}", book.org_id, book.seq, data, command)

    def _event(
        self, book: _Book, at: datetime, name: str, subject: str, version: int, data: dict[str, Any], command: str
    ) -> Written:
        self._events += 1
        headers = [
            ("ce_specversion", b"1.0"),
            ("content-type", b"application/json"),
            ("ce_source", b"/deciders/orgs"),
            ("ce_time", time_to_text(at).encode()),
            ("ce_orgid", book.org_id.encode()),
            ("ce_actor", b"bench"),
            ("ce_commandid", b"cmd_%026d" % self._events if command == "g" else b"cmd_%b" % command.encode()),
            ("ce_input", b"bench.commands/%d/%d" % (book.partition, self._events)),
            ("ce_correlationid", b"cor_%b" % command.encode()),
            ("ce_causationid", b"cor_%b" % command.encode()),
            ("ce_id", b"evt_%026d" % self._events),
            ("ce_type", b"com.aistudio.%b.v1" % name.encode()),
            ("ce_subject", subject.encode()),
            ("ce_streamversion", b"%d" % version),
        ]
        topic = {"accounts": EVENTS_ACCOUNTS, "credits": EVENTS_CREDITS, "jobs": EVENTS_JOBS}[name.partition(".")[0]]
        return topic, book.partition, book.org_id.encode(), orjson.dumps(data), headers


async def write(bootstrap: str, orgs: int, entries: int, series: int = 0, topics: Container[str] = EVERYTHING) -> int:
    """So many entries, and the job events beside them. Returns how many records in all."""
    writer = transactional_producer(bootstrap, "bench.ledgers")
    await writer.start()
    count = 0
    try:
        records = (one for one in Ledgers(orgs, (entries - orgs) // 2, series).records() if one[0] in topics)
        while True:
            async with writer.transaction():
                written = await _write(writer, records, COMMIT_EVERY)
            count += written
            if written < COMMIT_EVERY:
                return count
    finally:
        await writer.stop()


async def _write(writer: AIOKafkaProducer, records: Iterator[Written], most: int) -> int:
    """In whole batches: a future a record would cost more than the record."""
    open_: dict[tuple[str, int], Any] = {}
    count = 0
    for topic, partition, key, value, headers in records:
        count += 1
        batch = open_.setdefault((topic, partition), writer.create_batch())
        if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
            await writer.send_batch(batch, topic, partition=partition)
            batch = open_[topic, partition] = writer.create_batch()
            batch.append(key=key, value=value, timestamp=None, headers=headers)
        if count == most:
            break
    for (topic, partition), batch in open_.items():
        await (await writer.send_batch(batch, topic, partition=partition))
    return count
