"""What led to the movements of an account, from the log alone: jobs, plans, steps and the words of persons."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import orjson

from events.ids import plan_of
from events.log.clients import Record

PEOPLE: Final = ("key_", "usr_", "platform")
"""How the actors begin that are somebody; the others are processes of the house."""
SEALED: Final = ("step_title", "prompt")
"""Members of a cause that only their person's key opens."""
_SCHEMA: Final = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
CREATE TABLE jobs (id TEXT PRIMARY KEY, said BLOB) WITHOUT ROWID;
CREATE TABLE plans (id TEXT PRIMARY KEY, message TEXT) WITHOUT ROWID;
CREATE TABLE steps (id TEXT PRIMARY KEY, title BLOB) WITHOUT ROWID;
CREATE TABLE messages (id TEXT PRIMARY KEY, actor TEXT, text BLOB) WITHOUT ROWID;
CREATE TABLE sessions (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Causes:
    """A context manager. What is gathered lies in a temporary file: memory does not grow with the history."""

    def __init__(self, org_id: str, until: datetime) -> None:
        """What was said or renamed after `until` is no cause of what moved before."""
        self._org = org_id.encode()
        self._until = until
        self._stack = ExitStack()

    def __enter__(self) -> Causes:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-replay-"))
        self._db = sqlite3.connect(Path(folder) / "causes.sqlite")
        self._stack.callback(self._db.close)
        self._db.executescript(_SCHEMA)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def take_jobs(self, records: Sequence[Record]) -> None:
        """Records of `events.jobs`: what each job was accepted for."""
        jobs, sessions = [], []
        for record in records:
            if record.key != self._org:
                continue
            headers = dict(record.headers)
            if name_of(headers) != "accepted":
                continue
            data = orjson.loads(record.value)
            cause = data.get("cause", {})
            run = cause.get("run_id")
            said = {"plan_id": plan_of(run) if run else None, "model": data.get("model"), **cause}
            said["actor"] = headers.get("ce_actor", b"").decode()
            jobs.append((data["job_id"], orjson.dumps(said)))
            if "session_id" in cause:
                sessions.append((cause["session_id"],))
        self._db.executemany("INSERT OR IGNORE INTO jobs VALUES (?,?)", jobs)
        self._db.executemany("INSERT OR IGNORE INTO sessions VALUES (?)", sessions)

    def sessions(self) -> Iterator[str]:
        """Those that some job was accepted for."""
        return (found for (found,) in self._db.execute("SELECT id FROM sessions"))

    def take_canvas(self, records: Iterable[Record]) -> None:
        """Records of `events.canvas`: messages, plans, and the titles of steps as they were last."""
        for record in records:
            headers = dict(record.headers)
            if headers.get("ce_orgid") != self._org:
                continue
            name = name_of(headers)
            if name not in ("message_posted", "plan_drafted", "step_drafted", "plan_revised"):
                continue
            if datetime.fromisoformat(headers["ce_time"].decode()) <= self._until:
                self._said(name, orjson.loads(record.value), headers)

    def _said(self, name: str, data: Mapping[str, Any], headers: Mapping[str, bytes]) -> None:
        if name == "message_posted":
            said = (data["message_id"], headers.get("ce_actor", b"").decode(), orjson.dumps(data["text"]))
            self._db.execute("INSERT OR IGNORE INTO messages VALUES (?,?,?)", said)
        elif name == "plan_drafted":
            plan = headers["ce_subject"].decode()
            self._db.execute("INSERT OR IGNORE INTO plans VALUES (?,?)", (plan, data["message_id"]))
        else:
            titled = (data["step"]["step_id"], orjson.dumps(data["step"]["title"]))
            self._db.execute("INSERT OR REPLACE INTO steps VALUES (?,?)", titled)

    def of(self, entry: Mapping[str, Any], actor: str) -> dict[str, Any]:
        """Who and what led to an entry; `SEALED` members as they stand on the log."""
        job_id = entry.get("job_id")
        found = self._row("SELECT said FROM jobs WHERE id = ?", job_id)
        job = {} if found is None else orjson.loads(found[0])
        message = self._row(
            "SELECT actor, text FROM plans JOIN messages ON messages.id = plans.message WHERE plans.id = ?",
            job.get("plan_id"),
        )
        title = self._row("SELECT title FROM steps WHERE id = ?", job.get("step_id"))
        asked_by = job.get("actor") if message is None else message[0]
        cause = {
            "actor": actor if actor.startswith(PEOPLE) else asked_by or actor,
            **{name: job.get(name) for name in ("session_id", "plan_id", "run_id", "step_id")},
            "step_title": None if title is None else orjson.loads(title[0]),
            "job_id": job_id,
            "model": job.get("model"),
            "prompt": None if message is None else orjson.loads(message[1]),
        }
        return {name: value for name, value in cause.items() if value is not None}

    def _row(self, query: str, key: str | None) -> tuple[Any, ...] | None:
        if key is None:
            return None
        found: tuple[Any, ...] | None = self._db.execute(query, (key,)).fetchone()
        return found


def name_of(headers: Mapping[str, bytes]) -> str:
    """Of `com.aistudio.<context>.<name>.v<n>` the name."""
    parts = headers.get("ce_type", b"").split(b".")
    return parts[3].decode() if len(parts) == 5 else ""
