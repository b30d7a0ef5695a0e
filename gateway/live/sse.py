"""Streams of server-sent events: resumed by position, no durable frame lost or doubled."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Any, Final

import orjson
from pymongo.errors import PyMongoError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from commands.ask import Unavailable
from events.log import position as positions
from events.log.position import part
from events.log.routing import partition_of
from events.topics import EVENTS_CANVAS, PROGRESS
from gateway.access.keyring import Caller, Keyring
from gateway.http.problems import KINDS, Problem
from gateway.live.credits_feed import CreditsFeed
from gateway.live.frames import Frame, Renderer
from gateway.live.hub import Connection, Hub
from gateway.live.rings import Entry, Ring
from gateway.reads.reading import AFTER_WAIT_S, Reading
from projections.streams import StreamStore

log = logging.getLogger(__name__)

KEEP_ALIVE_S: Final = 15.0
SEND_WITHIN_S: Final = 30.0
"""Who does not take a frame for this long is gone."""
HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
COMMENT: Final = b": keep\n"
"""One line: some readers take a blank line after it for an empty event."""


class EventStream(Response):
    """Sends what an iterator yields until it ends, the client goes, or the client does not read."""

    def __init__(self, chunks: AsyncGenerator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        gone = asyncio.ensure_future(_disconnected(receive))
        sending = asyncio.ensure_future(self._send(send, gone))
        try:
            await asyncio.wait((gone, sending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (gone, sending):
                task.cancel()
            await asyncio.wait((gone, sending))
        if not sending.cancelled() and (error := sending.exception()) is not None:
            raise error

    async def _send(self, send: Send, gone: asyncio.Future[None]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        async with contextlib.aclosing(self._chunks):
            async for chunk in self._chunks:
                if gone.done():
                    return  # being cancelled may have been swallowed in the middle of a reading (`projections.looking`)
                try:
                    async with asyncio.timeout(SEND_WITHIN_S):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                except TimeoutError:
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def encode(frame: Frame, position: positions.Position) -> bytes:
    event, data = frame
    return b"event: %b\nid: %b\ndata: %b\n\n" % (
        event.encode(),
        positions.encode(position).encode(),
        orjson.dumps(data),
    )


def interrupted(at: positions.Position) -> bytes:
    """The last frame of a stream that cannot go on: the client comes back with the position it has."""
    return encode(("error", {"type": "/problems/unavailable", "title": KINDS["unavailable"].title}), at)


class Streams:
    """Makes the streams of sessions and organisations."""

    def __init__(
        self,
        hub: Hub,
        renderer: Renderer,
        feed: CreditsFeed,
        store: StreamStore,
        reading: Reading,
        keyring: Keyring,
        partitions: int,
    ) -> None:
        self._hub = hub
        self._renderer = renderer
        self._feed = feed
        self._store = store
        self._reading = reading
        self._keyring = keyring
        self._partitions = partitions

    async def resume_point(self, session_id: str, last_event_id: str | None) -> dict[str, int] | None:
        """Where a client stands; None where it begins now. Raises a Problem for a malformed or future position."""
        if not last_event_id:
            return None
        try:
            position = positions.decode(last_event_id)
        except ValueError as error:
            raise Problem("malformed", "Last-Event-ID is no position") from error
        canvas, _ = self._parts(session_id)
        if canvas in position and not await self._hub.reached(canvas, position[canvas], AFTER_WAIT_S):
            raise Problem("read-model-behind", "this gateway has not seen that position yet")
        return position

    async def session(self, session_id: str, who: Caller, start: dict[str, int] | None) -> AsyncGenerator[bytes]:
        """Ends with the caller's key, as every stream does."""
        canvas, progress = self._parts(session_id)
        with (
            self._hub.session(session_id, who.org_id) as (connection, ring),
            self._keyring.watching(who, connection.close),
        ):
            now = {name: self._hub.last.get(name, 0) for name in (canvas, progress)}
            at = {name: (start or now).get(name, now[name]) for name in (canvas, progress)}
            waiting = backlog(ring, canvas, progress, at, fresh=start is None or progress not in start)
            at[progress] = min([at[progress], *(entry.offset for entry in waiting if entry.where == progress)])
            complete_from = ring.since.get(canvas, now[canvas])
            try:
                yield encode(_frame_of(await self._feed.state(who.org_id)), at)
                if at[canvas] < complete_from:
                    async for chunk in self._stored(connection, session_id, canvas, at, complete_from):
                        yield chunk
                for entry in waiting:
                    async for chunk in self._sent(connection, entry, at):
                        yield chunk
                async for chunk in self._live(connection, at):
                    yield chunk
            except (Problem, PyMongoError, Unavailable) as error:
                log.warning("a stream ends early: %r", error, extra={"session_id": session_id})
                yield interrupted(at)

    async def org(self, who: Caller) -> AsyncGenerator[bytes]:
        """Changes of jobs and of the balance; what was before now is read from the API."""
        with self._hub.org(who.org_id) as connection, self._keyring.watching(who, connection.close):
            at: dict[str, int] = {}
            try:
                yield encode(_frame_of(await self._feed.state(who.org_id)), at)
                async for chunk in self._live(connection, at):
                    yield chunk
            except (PyMongoError, Unavailable) as error:
                log.warning("a stream ends early: %r", error, extra={"org_id": who.org_id})
                yield interrupted(at)

    async def _stored(
        self, connection: Connection, session_id: str, canvas: str, at: dict[str, int], to: int
    ) -> AsyncGenerator[bytes]:
        await self._reading.reach({canvas: to})
        async for event in self._store.of_session(session_id, at[canvas], to):
            at[canvas] = event.offset + 1
            frame = await self._renderer.of_event(event)
            if connection.closed:
                return
            if frame is not None:
                yield encode(frame, at)

    async def _live(self, connection: Connection, at: dict[str, int]) -> AsyncGenerator[bytes]:
        clock = asyncio.get_running_loop().time
        keep_at = clock() + KEEP_ALIVE_S
        while not connection.closed:
            try:
                async with asyncio.timeout_at(keep_at):
                    entry = await connection.next()
            except TimeoutError:
                yield COMMENT
                keep_at = clock() + KEEP_ALIVE_S
                continue
            if entry is not None:
                async for chunk in self._sent(connection, entry, at):
                    yield chunk

    async def _sent(self, connection: Connection, entry: Entry, at: dict[str, int]) -> AsyncGenerator[bytes]:
        if entry.where is not None:
            if entry.offset < at.get(entry.where, 0):
                return
            at[entry.where] = entry.offset + 1
        frame = await self._renderer.frame(entry)
        if frame is not None and not connection.closed:
            yield encode(frame, at)

    def _parts(self, session_id: str) -> tuple[str, str]:
        number = partition_of(session_id, self._partitions)
        return part(EVENTS_CANVAS, number), part(PROGRESS, number)


def backlog(ring: Ring, canvas: str, progress: str, at: dict[str, int], *, fresh: bool) -> list[Entry]:
    """What the ring holds for a client that stands at `at`. Who comes without a place in `progress` is given the
    deltas since the last durable entry: what is being written at this moment."""
    entries = list(ring.entries)
    last_durable = max((index for index, entry in enumerate(entries) if entry.where == canvas), default=-1)
    return [
        entry
        for index, entry in enumerate(entries)
        if (entry.where == canvas and entry.offset >= at[canvas])
        or (entry.where == progress and (index > last_durable if fresh else entry.offset >= at[progress]))
    ]


def _frame_of(state: Entry) -> tuple[str, Any]:
    if state.frame is None:
        raise ValueError("a state has its frame")
    return state.frame
