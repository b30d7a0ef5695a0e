"""The mirror in Firestore: plain merges from one writer; a failure is logged and passed by."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Any, Final

from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.cloud.firestore import DELETE_FIELD, AsyncClient
from google.cloud.firestore_v1.field_path import FieldPath

from commands.ports import ERASED
from events.ids import plan_of, session_of
from projections.stores.mongo import PERSONAL
from projections.writes import Blank, Insert, Store, Update, Write

log = logging.getLogger(__name__)

CHUNK: Final = 500
REMEMBERED_MAX: Final = 200_000
COMMIT_WITHIN_S: Final = 10.0
MIRRORED: Final = frozenset({"accounts", "sessions", "messages", "plans", "steps", "jobs"})

Path = tuple[str, ...]
Merge = tuple[dict[str, Any], list[FieldPath]]
"""Nested data, and the field paths in it that are written."""


class FirestoreStore:
    """Positions lie with those of MongoDB; documents under `orgs/{org}`. What was written last is remembered by its
    version, so that an older one is skipped."""

    def __init__(self, client: AsyncClient, positions: Store) -> None:
        self._client = client
        self._positions = positions
        self._versions: OrderedDict[Path, int] = OrderedDict()

    async def positions(self, name: str) -> dict[str, int]:
        return await self._positions.positions(name)

    async def apply(self, name: str, writes: Sequence[Write], positions: Mapping[str, int]) -> None:
        merges = self._merged(writes)
        for start in range(0, len(merges), CHUNK):
            await self._passing_by(self._commit(merges[start : start + CHUNK]))
        for write in writes:
            if isinstance(write, Blank):
                await self._passing_by(self._blank(write))
        await self._positions.apply(name, (), positions)

    def _merged(self, writes: Sequence[Write]) -> list[tuple[Path, Merge]]:
        """One merge a document, its newest values; nothing of what is older than what was written."""
        found: dict[Path, Merge] = {}
        for write in writes:
            path = path_of(write)
            if path is None or isinstance(write, Blank):
                continue
            if write.version < self._versions.get(path, 0):
                continue
            self._remember(path, write.version)
            data, paths = found.setdefault(path, ({}, []))
            for field, value in fields_of(write):
                put(data, field, value)
                paths.append(FieldPath(*field))
        return [(path, (data, outermost(paths))) for path, (data, paths) in found.items()]

    def _remember(self, path: Path, version: int) -> None:
        self._versions[path] = version
        self._versions.move_to_end(path)
        if len(self._versions) > REMEMBERED_MAX:
            self._versions.popitem(last=False)

    async def _commit(self, chunk: Sequence[tuple[Path, Merge]]) -> None:
        batch = self._client.batch()
        for path, (data, paths) in chunk:
            batch.set(self._client.document(*path), data, merge=paths)
        await batch.commit(timeout=COMMIT_WITHIN_S)

    async def _blank(self, write: Blank) -> None:
        """Sessions that were the person's own, with everything in them."""
        sessions = self._client.collection("orgs", write.org_id, "sessions")
        async for session in sessions.where("user_id", "==", write.person).stream(timeout=COMMIT_WITHIN_S):
            await self._erase(session.reference, "sessions")
            async for message in session.reference.collection("messages").stream(timeout=COMMIT_WITHIN_S):
                await self._erase(message.reference, "messages")
            async for plan in session.reference.collection("plans").stream(timeout=COMMIT_WITHIN_S):
                await self._erase(plan.reference, "plans")
                async for step in plan.reference.collection("steps").stream(timeout=COMMIT_WITHIN_S):
                    await self._erase(step.reference, "steps")

    async def _erase(self, reference: Any, collection: str) -> None:
        plain = {field: ERASED for field in PERSONAL[collection] if "." not in field}
        await reference.set(plain, merge=True, timeout=COMMIT_WITHIN_S)

    async def _passing_by(self, sending: Awaitable[None]) -> None:
        try:
            await sending
        except (GoogleAPICallError, RetryError) as error:
            log.warning("the mirror is passed by: %r", error)


def path_of(write: Write) -> Path | None:
    """Where a document lies; None for what is not mirrored."""
    if isinstance(write, Blank) or write.collection not in MIRRORED:
        return None
    org: Path = ("orgs", write.org_id)
    match write.collection:
        case "accounts":
            return org
        case "messages" if isinstance(write, Insert):
            return (*org, "sessions", write.document["session_id"], "messages", write.id)
        case "plans":
            return (*org, "sessions", session_of(write.id), "plans", write.id)
        case "steps":
            return (*org, "sessions", session_of(write.id), "plans", plan_of(write.id), "steps", write.id)
        case "sessions" | "jobs":
            return (*org, write.collection, write.id)
    return None


def fields_of(write: Insert | Update) -> Iterator[tuple[Path, Any]]:
    """(path, value) of everything that a write says; a list that grows is a map here."""
    yield ("_v",), write.version
    if isinstance(write, Insert):
        for name, value in write.document.items():
            if value != []:
                yield (name,), value
        return
    for name, value in write.set.items():
        yield tuple(name.split(".")), value
    for name in write.unset:
        yield tuple(name.split(".")), DELETE_FIELD
    for name, (key, value) in write.push.items():
        yield (name, key), value


def put(data: dict[str, Any], path: Path, value: Any) -> None:
    for name in path[:-1]:
        inner = data.get(name)
        if not isinstance(inner, dict):
            inner = data[name] = {}
        data = inner
    data[path[-1]] = value


def outermost(paths: Sequence[FieldPath]) -> list[FieldPath]:
    """Without repeats, and without paths inside of another one: Firestore takes no overlap."""
    unique = {path.parts: path for path in paths}
    return [path for parts, path in unique.items() if not any(parts[:n] in unique for n in range(1, len(parts)))]
