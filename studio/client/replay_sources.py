"""Where a replay reads: Kafka, with the index of snapshots beside it, or an export."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from events.log.clients import Record
from events.log.history import History
from events.log.lookup import end_of, records_at, written_from
from events.log.position import Position, part
from events.log.routing import partition_of
from events.topics import EVENTS_CANVAS, EVENTS_CREDITS, EVENTS_JOBS
from projections.audit.account import Account
from projections.audit.books import Book
from projections.audit.snapshots import EVERY, Building, Snapshot, digest
from studio.client import exported
from studio.client.book_index import BookIndex, Damaged
from studio.client.verifying_files import Tell

CLOCKS_APART: Final = timedelta(minutes=5)
"""By so much a writer's clock may be behind the broker's."""


class LogSource:
    """Kafka, and nothing else but what was derived from it."""

    def __init__(self, bootstrap: str, org_id: str, index: Path, tell: Tell, every: int = EVERY) -> None:
        self._bootstrap = bootstrap
        self._org_id = org_id
        self._index = index
        self._tell = tell
        self._every = every
        self.rebuilt = False
        """Whether the index was of another log, of one that was altered since, or damaged."""

    async def begin(self, before: str) -> tuple[Account, int]:
        """From the index, which is made or brought up to date where it is far behind."""
        number, end = await end_of(self._bootstrap, EVENTS_CREDITS, self._org_id)
        with BookIndex(self._index, part(EVENTS_CREDITS, number)) as index:
            try:
                return await self._nearest(index, number, end, before)
            except Damaged:
                self.rebuilt = True
                index.clear()
                return await self._nearest(index, number, end, before)

    async def _nearest(self, index: BookIndex, number: int, end: int, before: str) -> tuple[Account, int]:
        if not await self._holds(index, number, before):
            self.rebuilt = True
            index.clear()
        last = index.newest()
        if end - (0 if last is None else last.offset) >= 2 * self._every:
            await self._extend(index, number, last)
        snapshot = index.newest(before)
        if snapshot is None:
            return Account(Book(self._org_id)), 0
        return index.account(self._org_id, snapshot), snapshot.offset

    async def _holds(self, index: BookIndex, number: int, before: str) -> bool:
        """Whether the log still has the records that the snapshots ended with, and the account's head."""
        used = [one for one in (index.newest(), index.newest(before)) if one is not None]
        found = await records_at(self._bootstrap, EVENTS_CREDITS, number, [one.last_offset for one in used])
        if not all(r is not None and digest(r) == one.last_digest for one, r in zip(used, found, strict=True)):
            return False
        if not used or (account := index.account(self._org_id, used[-1])).offset < 0:
            return True
        [head] = await records_at(self._bootstrap, EVENTS_CREDITS, number, [account.offset])
        return head is not None and account.book.head.encode() in head.value

    async def _extend(self, index: BookIndex, number: int, last: Snapshot | None) -> None:
        building = Building(index, {} if last is None else index.accounts(last), self._every)
        starts = {} if last is None else {part(EVENTS_CREDITS, number): last.offset}
        async for records in self._partition(EVENTS_CREDITS, starts):
            building.take(records)

    async def credits(self, start: int) -> AsyncIterator[Sequence[Record]]:
        number, _ = await end_of(self._bootstrap, EVENTS_CREDITS, self._org_id)
        async for records in self._partition(EVENTS_CREDITS, {part(EVENTS_CREDITS, number): start}):
            yield records

    async def jobs(self, since: str | None) -> AsyncIterator[Sequence[Record]]:
        starts: Position = {}
        if since is not None:
            began = datetime.fromisoformat(since) - CLOCKS_APART
            starts = await written_from(self._bootstrap, EVENTS_JOBS, int(began.timestamp() * 1000))
        async for records in self._partition(EVENTS_JOBS, starts):
            yield records

    async def canvas(self, sessions: Sequence[str]) -> AsyncIterator[Sequence[Record]]:
        async with History(self._bootstrap, [EVENTS_CANVAS]) as history:
            for number in sorted({partition_of(session, len(history.numbers)) for session in sessions}):
                while records := await history.batch(EVENTS_CANVAS, number):
                    yield records
                    self._tell(history.done, history.total)

    async def _partition(self, topic: str, starts: Position) -> AsyncIterator[Sequence[Record]]:
        """All records of the partition that the organisation's go to."""
        async with History(self._bootstrap, [topic], key=self._org_id, starts=starts) as history:
            [number] = history.numbers
            while records := await history.batch(topic, number):
                yield records
                self._tell(history.done, history.total)


class FileSource:
    """An export. It holds jobs and money; sessions are not in it. Raises NoExport."""

    def __init__(self, path: Path, org_id: str) -> None:
        self._path = path
        self._org_id = org_id

    async def begin(self, before: str) -> tuple[Account, int]:  # noqa: ARG002 - nothing is known of a file before
        return Account(Book(self._org_id)), 0

    async def credits(self, start: int) -> AsyncIterator[Sequence[Record]]:
        for records in exported.records(self._path, EVENTS_CREDITS):
            if later := [record for record in records if record.offset >= start]:
                yield later

    async def jobs(self, since: str | None) -> AsyncIterator[Sequence[Record]]:  # noqa: ARG002 - all, then
        for records in exported.records(self._path, EVENTS_JOBS):
            yield records

    async def canvas(self, sessions: Sequence[str]) -> AsyncIterator[Sequence[Record]]:  # noqa: ARG002
        for records in exported.records(self._path, EVENTS_CANVAS):
            yield records
