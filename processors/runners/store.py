"""The local, disposable store of one decider partition: a cache in memory over a SQLite file."""

from __future__ import annotations

import asyncio
import logging
import pickle
import secrets
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import orjson

from commands.model import Stream
from processors.runners.rows import Changes, CommandRow, LastEvent, Mark, StreamRow

log = logging.getLogger(__name__)

SCHEMA_VERSION: Final = "1"
STREAMS_IN_MEMORY: Final = 4_000
COMMANDS_IN_MEMORY: Final = 5_000
REMEMBERED_MS: Final = 24 * 3600 * 1000
"""How long a command id is known, by the log's time."""
PRUNE_EVERY: Final = 60
"""Flushes between two prunings."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS streams (
  topic TEXT NOT NULL, subject TEXT NOT NULL, version INTEGER NOT NULL, state BLOB NOT NULL,
  digest TEXT, result TEXT, correlation TEXT NOT NULL, PRIMARY KEY (topic, subject));
CREATE TABLE IF NOT EXISTS commands (
  id TEXT PRIMARY KEY, correlation TEXT NOT NULL, digest TEXT, result TEXT, time_ms INTEGER NOT NULL,
  position TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS commands_by_time ON commands (time_ms);
"""

K = TypeVar("K")
V = TypeVar("V")


class StoreBroken(RuntimeError):
    """The file cannot be read, or is another's by now. It has been removed or left; the process starts anew."""


class _Layer(Generic[K, V]):
    """One kind of rows in memory: what waits to be written, what is being written, and a bounded cache."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self.dirty: dict[K, V] = {}
        self.writing: dict[K, V] = {}
        self._clean: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        for rows in (self.dirty, self.writing):
            if (row := rows.get(key)) is not None:
                return row
        if (row := self._clean.get(key)) is not None:
            self._clean.move_to_end(key)
        return row

    def keep(self, key: K, row: V) -> None:
        self._clean[key] = row
        self._clean.move_to_end(key)
        if len(self._clean) > self._bound:
            self._clean.popitem(last=False)

    def take(self) -> dict[K, V]:
        self.writing, self.dirty = self.dirty, {}
        return self.writing

    def written(self) -> None:
        for key, row in self.writing.items():
            self.keep(key, row)
        self.writing = {}


class DeciderStore:
    """Reads through to the file; changes stay in memory until `flush` writes them with the mark they belong to.

    The file is at every moment one consistent picture of the log up to its mark. Losing it costs time only.
    """

    def __init__(self, path: Path, *, fingerprint: str) -> None:
        self._path = path
        self._owner = secrets.token_hex(8)
        self._streams: _Layer[tuple[str, str], StreamRow] = _Layer(STREAMS_IN_MEMORY)
        self._commands: _Layer[str, CommandRow] = _Layer(COMMANDS_IN_MEMORY)
        self._flushing = asyncio.Lock()
        self._flushes = 0
        self._read, self._write = self._open(f"{SCHEMA_VERSION}:{fingerprint}")
        self.mark = self._load_mark()

    # --- opening ---------------------------------------------------------------------------------------

    def _open(self, fingerprint: str) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write = self._connect()
            found = _meta(write, "fingerprint")
            if found not in (None, fingerprint):
                log.info("%s was written by other code and is made anew", self._path.name)
                write.close()
                self.remove()
                write = self._connect()
        except (sqlite3.DatabaseError, OSError) as error:
            log.warning("%s cannot be read and is made anew: %r", self._path.name, error)
            self.remove()
            write = self._connect()
        with write:
            write.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [("fingerprint", fingerprint), ("owner", self._owner)],
            )
        return sqlite3.connect(self._path, isolation_level=None), write

    def _connect(self) -> sqlite3.Connection:
        """The writing connection. A killed process loses nothing of it; a lost machine may."""
        connection = sqlite3.connect(self._path, check_same_thread=False, timeout=10)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def remove(self) -> None:
        """Deletes the file: the log is folded from its beginning next time."""
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def _load_mark(self) -> Mark:
        raw = _meta(self._read, "mark")
        if raw is None:
            return Mark()
        data = orjson.loads(raw)
        last_events = {topic: LastEvent(offset, id_) for topic, (offset, id_) in data["last_events"].items()}
        return Mark(last_events, data["highest_input"], data["last_ms"])

    # --- reading ---------------------------------------------------------------------------------------

    def stream(self, topic: str, subject: str) -> StreamRow | None:
        key = (topic, subject)
        if (row := self._streams.get(key)) is not None:
            return row
        found = self._select(
            "SELECT version, state, digest, result, correlation FROM streams WHERE topic = ? AND subject = ?", key
        )
        if not found:
            return None
        version, state, digest, result, correlation = found[0]
        row = StreamRow(Stream(self._unpickle(state), version, digest, result), correlation)
        self._streams.keep(key, row)
        return row

    def absent(self, keys: Iterable[tuple[str, str] | None]) -> set[tuple[str, str]]:
        """Those streams that are not there yet: one read for all of them."""
        asked = {key for key in keys if key is not None and self._streams.get(key) is None}
        if not asked:
            return asked
        marks = ",".join(["(?, ?)"] * len(asked))
        flat = [part for key in asked for part in key]
        there = self._select(f"SELECT topic, subject FROM streams WHERE (topic, subject) IN (VALUES {marks})", flat)
        return asked.difference(there)

    def command(self, command_id: str) -> CommandRow | None:
        return self.known_commands([command_id]).get(command_id)

    def known_commands(self, ids: Iterable[str]) -> dict[str, CommandRow]:
        """Those of the commands that led to something in the last 24 hours; one read for all of them."""
        known: dict[str, CommandRow] = {}
        absent: list[str] = []
        for command_id in ids:
            if (row := self._commands.get(command_id)) is not None:
                known[command_id] = row
            else:
                absent.append(command_id)
        if absent:
            marks = ",".join("?" * len(absent))
            query = f"SELECT id, correlation, digest, result, time_ms, position FROM commands WHERE id IN ({marks})"
            for command_id, correlation, digest, result, time_ms, position in self._select(query, absent):
                row = CommandRow(correlation, digest, result, time_ms, orjson.loads(position))
                self._commands.keep(command_id, row)
                known[command_id] = row
        return known

    def _select(self, query: str, parameters: Iterable[object]) -> list[tuple[Any, ...]]:
        try:
            return self._read.execute(query, tuple(parameters)).fetchall()
        except sqlite3.DatabaseError as error:
            self.remove()
            raise StoreBroken(f"{self._path.name}: {error}") from error

    def _unpickle(self, state: bytes) -> Any:
        try:
            return pickle.loads(state)  # our own file, for our own code only
        except Exception as error:
            self.remove()
            raise StoreBroken(f"{self._path.name}: {error!r}") from error

    # --- writing ---------------------------------------------------------------------------------------

    def apply(self, changes: Changes, mark: Mark) -> None:
        """Takes over what is committed on the log up to `mark`; written with the next flush."""
        self._streams.dirty.update(changes.streams)
        self._commands.dirty.update(changes.commands)
        self.mark = mark

    @property
    def unwritten(self) -> int:
        """How many rows wait in memory to be written."""
        return len(self._streams.dirty) + len(self._commands.dirty)

    async def flush(self) -> None:
        """Writes what has changed and its mark in one transaction, in a thread of its own."""
        async with self._flushing:
            if not self.unwritten:
                return
            streams, commands, mark = self._streams.take(), self._commands.take(), self.mark.copy()
            self._flushes += 1
            await asyncio.to_thread(self._write_out, streams, commands, mark)
            self._streams.written()
            self._commands.written()

    def _write_out(
        self, streams: dict[tuple[str, str], StreamRow], commands: dict[str, CommandRow], mark: Mark
    ) -> None:
        stream_rows = (
            (*key, r.view.version, pickle.dumps(r.view.state, 5), r.view.digest, r.view.result, r.correlation)
            for key, r in streams.items()
        )
        command_rows = (
            (
                id_,
                r.correlation,
                r.digest,
                r.result,
                r.time_ms,
                orjson.dumps(r.position, option=orjson.OPT_SORT_KEYS).decode(),
            )
            for id_, r in commands.items()
        )
        try:
            with self._write as connection:
                connection.execute("BEGIN IMMEDIATE")
                if _meta(connection, "owner") != self._owner:
                    raise StoreBroken(f"{self._path.name} belongs to a successor")
                connection.executemany("INSERT OR REPLACE INTO streams VALUES (?,?,?,?,?,?,?)", stream_rows)
                connection.executemany("INSERT OR REPLACE INTO commands VALUES (?,?,?,?,?,?)", command_rows)
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('mark', ?)", (_dump(mark),))
                if self._flushes % PRUNE_EVERY == 0:
                    connection.execute("DELETE FROM commands WHERE time_ms < ?", (mark.last_ms - REMEMBERED_MS,))
        except sqlite3.DatabaseError as error:
            self.remove()
            raise StoreBroken(f"{self._path.name}: {error}") from error

    async def close(self) -> None:
        await self.flush()
        self._read.close()
        self._write.close()


def _meta(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def _dump(mark: Mark) -> str:
    last_events = {topic: [last.offset, last.id] for topic, last in mark.last_events.items()}
    return orjson.dumps(
        {"last_events": last_events, "highest_input": mark.highest_input, "last_ms": mark.last_ms}
    ).decode()
