"""The mirror in Firestore: plain merges from one writer; a failure is logged and passed by."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Any, Final

from google.api_core.exceptions import GoogleAPICallError, ResourceExhausted, RetryError, ServiceUnavailable
from google.api_core.retry import AsyncRetry, if_exception_type
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient
from google.cloud.firestore_v1.types import CommitRequest, RunQueryRequest, StructuredQuery

from events.ids import plan_of, session_of
from projections.stores.firestore_erasing import erased
from projections.stores.firestore_wire import Merge, replacing, write_of
from projections.stores.mongo import KidsOf
from projections.writes import Blank, Insert, Store, Update, Write

log = logging.getLogger(__name__)

CHUNK: Final = 500
REMEMBERED_MAX: Final = 200_000
CALL_WITHIN_S: Final = 10.0
REPEATED: Final = if_exception_type(ServiceUnavailable, ResourceExhausted)
MIRRORED: Final = frozenset({"accounts", "sessions", "messages", "plans", "steps", "jobs"})
BELOW: Final[Mapping[str, tuple[str, ...]]] = {
    "orgs": ("sessions", "jobs"),
    "sessions": ("messages", "plans"),
    "plans": ("steps",),
}

Path = tuple[str, ...]


class FirestoreStore:
    """Positions lie with those of MongoDB; documents under `orgs/{org}`. What was written last is remembered by its
    version, so that an older one is skipped."""

    def __init__(
        self,
        client: FirestoreAsyncClient,
        project: str,
        positions: Store,
        kids_of: KidsOf,
        within_s: float = CALL_WITHIN_S,
    ) -> None:
        self._client = client
        self._within_s = within_s
        self._database = f"projects/{project}/databases/(default)"
        self._positions = positions
        self._kids_of = kids_of
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
            if path is None or isinstance(write, Blank) or write.version < self._versions.get(path, 0):
                continue
            self._remember(path, write.version)
            merge = found.setdefault(path, Merge())
            for field, value in fields_of(write):
                merge.put(field, value)
            for field in unset_by(write):
                merge.delete(field)
        return list(found.items())

    def _remember(self, path: Path, version: int) -> None:
        self._versions[path] = version
        self._versions.move_to_end(path)
        if len(self._versions) > REMEMBERED_MAX:
            self._versions.popitem(last=False)

    async def _commit(self, chunk: Sequence[tuple[Path, Merge]]) -> None:
        request = CommitRequest.pb(CommitRequest(database=self._database))
        request.writes.extend(write_of(self._name(path), merge) for path, merge in chunk)
        await self._send(request)

    async def _send(self, request: Any) -> None:
        await self._client.commit(CommitRequest.wrap(request), **self._bounded())

    async def _blank(self, write: Blank) -> None:
        """Whatever of the organisation's was sealed under one of the person's keys."""
        kids = await self._kids_of(write.org_id, write.person)
        if kids:
            await self._erase_below(self._name(("orgs", write.org_id)), "orgs", kids)

    async def _erase_below(self, parent: str, kind: str, kids: Sequence[str]) -> None:
        for collection in BELOW.get(kind, ()):
            for name, fields in await self._below(parent, collection):
                changed = erased(collection, fields, kids)
                if changed:
                    request = CommitRequest.pb(CommitRequest(database=self._database))
                    request.writes.append(replacing(name, changed))
                    await self._send(request)
                await self._erase_below(name, collection, kids)

    async def _below(self, parent: str, collection: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Read to its end before anything else is asked: the time of a call is that of its stream."""
        query = StructuredQuery(from_=[StructuredQuery.CollectionSelector(collection_id=collection)])
        request = RunQueryRequest(parent=parent, structured_query=query)
        found = await self._client.run_query(request, **self._bounded())
        documents = [type(answer).pb(answer).document async for answer in found]
        return [(document.name, document.fields) for document in documents if document.name]

    def _name(self, path: Path) -> str:
        return f"{self._database}/documents/{'/'.join(path)}"

    def _bounded(self) -> dict[str, Any]:
        """A call with all its repetitions takes no longer than this; the client's own would go on for minutes."""
        again = AsyncRetry(REPEATED, initial=0.1, maximum=1.0, timeout=self._within_s)
        metadata = (("google-cloud-resource-prefix", self._database),)
        return {"retry": again, "timeout": self._within_s, "metadata": metadata}

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
    """(path, value) of everything that a write sets, but for what is the platform's own; a list that grows is a map."""
    yield ("_v",), write.version
    for kid in sorted(write.kids):
        yield ("_kids", kid), True
    if isinstance(write, Insert):
        for name, value in write.document.items():
            if value != [] and not name.startswith("_"):
                yield (name,), value
        return
    for name, value in write.set.items():
        if not name.startswith("_"):
            yield tuple(name.split(".")), value
    for name, (key, value) in write.push.items():
        yield (name, key), value


def unset_by(write: Insert | Update) -> Iterator[Path]:
    if isinstance(write, Update):
        for name in write.unset:
            yield tuple(name.split("."))
