"""The gateway's one follower of events and progress: routes records to rings, connections and waiting requests."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from events.log.clients import Record
from events.log.codec import record_type_name
from events.log.position import part
from events.topics import EVENTS_CANVAS, EVENTS_CREDITS, EVENTS_JOBS, PROGRESS
from gateway.live.rings import Entry, Ring
from gateway.live.trails import ENDS, Trails

TOPICS: Final = (EVENTS_CANVAS, EVENTS_JOBS, EVENTS_CREDITS, PROGRESS)
QUEUE_MAX: Final = 2000
RINGS_MAX: Final = 10_000
RINGS_BYTES_MAX: Final = 256 * 1024 * 1024


class Connection:
    """One open stream: a bounded queue of what is still to be sent. Who reads too slowly is lost."""

    def __init__(self) -> None:
        self.closed = False
        self._queue: asyncio.Queue[Entry | None] = asyncio.Queue(QUEUE_MAX)

    def offer(self, entry: Entry) -> None:
        if self.closed:
            return
        try:
            self._queue.put_nowait(entry)
        except asyncio.QueueFull:
            self.close()

    def close(self) -> None:
        """Ends the stream once its reader looks; what waits is thrown away, a resume will bring it."""
        self.closed = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def next(self) -> Entry | None:
        """The next one; None at the end."""
        return await self._queue.get()


class Hub:
    """Everything in memory and bounded; nothing here is the truth of anything."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}
        """`topic/partition` → the offset after its last record."""
        self._rings: OrderedDict[str, Ring] = OrderedDict()
        self._bytes = 0
        self._sessions: dict[str, set[Connection]] = {}
        self._orgs: dict[str, set[Connection]] = {}
        self._jobs: dict[str, set[asyncio.Future[dict[str, int]]]] = {}
        self.trails = Trails()
        self._moved = asyncio.Event()
        self._credit_listeners: list[Callable[[str, dict[str, int]], None]] = []

    def on_record(self, record: Record) -> None:
        where = part(record.topic, record.partition)
        self.last[where] = record.offset + 1
        key = "" if record.key is None else record.key.decode()
        if record.topic == EVENTS_CREDITS:
            for listener in self._credit_listeners:
                listener(key, {where: record.offset + 1})
        elif record.topic == EVENTS_JOBS:
            self._on_job(record, key, where)
        elif key.startswith("ses_"):
            self._on_session(Entry(where, record.offset, time.monotonic(), record), key)
        else:
            self._tell(f"{key}/all", Entry(where, record.offset, time.monotonic(), record))
        self._moved.set()

    def on_credits(self, listener: Callable[[str, dict[str, int]], None]) -> None:
        self._credit_listeners.append(listener)

    def listening(self, org_id: str) -> bool:
        return org_id in self._orgs

    def tell_org(self, org_id: str, entry: Entry) -> None:
        """To every stream of the organisation, of sessions too."""
        self._tell(org_id, entry)

    async def reached(self, where: str, offset: int, timeout_s: float) -> bool:
        """Whether everything before this offset has come, within the time."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.last.get(where, 0) < offset:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    @contextmanager
    def job_end(self, job_id: str) -> Iterator[asyncio.Future[dict[str, int]]]:
        """A future that is given the position of the job's end; at once where that has passed just now."""
        end: asyncio.Future[dict[str, int]] = asyncio.get_running_loop().create_future()
        if (passed := self.trails.end(job_id)) is not None:
            end.set_result({part(passed.topic, passed.partition): passed.offset + 1})
        waiting = self._jobs.setdefault(job_id, set())
        waiting.add(end)
        try:
            yield end
        finally:
            waiting.discard(end)
            if not waiting:
                self._jobs.pop(job_id, None)

    @contextmanager
    def session(self, session_id: str, org_id: str) -> Iterator[tuple[Connection, Ring]]:
        """A connection to a session, and what its ring holds at this moment."""
        connection = Connection()
        with _among(self._sessions, session_id, connection), _among(self._orgs, org_id, connection):
            yield connection, self._ring(session_id).copy()

    @contextmanager
    def org(self, org_id: str) -> Iterator[Connection]:
        """A connection to everything of an organisation."""
        connection = Connection()
        with _among(self._orgs, f"{org_id}/all", connection), _among(self._orgs, org_id, connection):
            yield connection

    def org_of(self, session_id: str) -> str | None:
        """Whose session this is, where its ring has seen one of its events."""
        ring = self._rings.get(session_id)
        return None if ring is None else ring.org_id

    def close(self) -> None:
        """Ends all streams: the gateway stops."""
        for connections in (*self._sessions.values(), *self._orgs.values()):
            for connection in connections:
                if not connection.closed:
                    connection.close()

    def _ring(self, session_id: str) -> Ring:
        ring = self._rings.get(session_id)
        if ring is None:
            ring = self._rings[session_id] = Ring()
        return ring

    def _on_session(self, entry: Entry, session_id: str) -> None:
        ring = self._ring(session_id)
        self._rings.move_to_end(session_id)
        self._bytes += ring.append(entry)
        for connection in self._sessions.get(session_id, ()):
            connection.offer(entry)
        while self._rings and self._oldest_must_go(entry.at):
            _, gone = self._rings.popitem(last=False)
            self._bytes -= gone.bytes

    def _oldest_must_go(self, now: float) -> bool:
        if len(self._rings) > RINGS_MAX or self._bytes > RINGS_BYTES_MAX:
            return True
        return next(iter(self._rings.values())).idle_since(now)

    def _on_job(self, record: Record, org_id: str, where: str) -> None:
        listeners = self._orgs.get(f"{org_id}/all")
        headers = dict(record.headers)
        self.trails.add(headers["ce_subject"].decode(), record)
        if record_type_name(record) in ENDS:
            for end in self._jobs.pop(headers["ce_subject"].decode(), ()):
                if not end.done():
                    end.set_result({where: record.offset + 1})
        if listeners:
            entry = Entry(where, record.offset, time.monotonic(), record)
            for connection in listeners:
                connection.offer(entry)

    def _tell(self, key: str, entry: Entry) -> None:
        for connection in self._orgs.get(key, ()):
            connection.offer(entry)


@contextmanager
def _among(connections: dict[str, set[Connection]], key: str, connection: Connection) -> Iterator[None]:
    connections.setdefault(key, set()).add(connection)
    try:
        yield
    finally:
        connections[key].discard(connection)
        if not connections[key]:
            del connections[key]
