"""Documents of jobs made anew from the log, where they are not what it says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final, Protocol

from commands.ports import Vault
from events.envelope import Recorded
from events.log.codec import from_record
from events.log.history import History
from events.log.lookup import written_from
from events.registry import Registry
from events.topics import EVENTS_JOBS
from events.types import REGISTRY
from projections.drift import Drifted
from projections.jobs import COLLECTION
from projections.opening import open_all
from projections.read_models import project
from projections.writes import Insert, Update, Write

BEFORE: Final = timedelta(minutes=1)
"""An event is written a little earlier or later than it says."""
TRIES: Final = 3

log = logging.getLogger(__name__)


class Replacing(Protocol):
    """A store whose documents can be made anew."""

    async def documents(self, collection: str, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]: ...

    async def replace(
        self, collection: str, document_id: str, before: Mapping[str, Any] | None, writes: Sequence[Insert | Update]
    ) -> bool:
        """Makes the document anew from these writes, if it still is what it was before; None: it was not there."""
        ...


class Mending:
    """`vault_of` makes a vault that has cached no key: of whoever is forgotten in between nothing comes back."""

    def __init__(
        self, bootstrap: str, store: Replacing, vault_of: Callable[[], Vault], registry: Registry = REGISTRY
    ) -> None:
        self._bootstrap = bootstrap
        self._store = store
        self._vault_of = vault_of
        self._registry = registry

    async def mend(self, drifted: Iterable[Drifted]) -> dict[str, bool]:
        """By job whether its document is as the log has it now. What changes meanwhile is left to the next look."""
        mended: dict[str, bool] = {}
        for org_id, some in groupby(sorted(drifted, key=lambda one: (one.org_id, one.job_id)), lambda one: one.org_id):
            jobs = {one.job_id: one.accepted_at for one in some}
            before = await self._store.documents(COLLECTION, list(jobs))
            streams = await self._read(org_id, jobs, min(map(_when, jobs.values())))
            for job_id in jobs:
                mended[job_id] = await self._make_anew(job_id, streams.get(job_id, []), before.get(job_id))
        return mended

    async def _read(self, org_id: str, jobs: Iterable[str], since: datetime) -> dict[str, list[Recorded]]:
        """The jobs' streams: what their organisation's partition holds from the acceptance of the oldest of them on."""
        starts = await written_from(self._bootstrap, EVENTS_JOBS, int((since - BEFORE).timestamp() * 1000))
        streams: dict[str, list[Recorded]] = {job_id: [] for job_id in jobs}
        async with History(self._bootstrap, [EVENTS_JOBS], key=org_id, starts=starts) as history:
            for partition in history.numbers:
                while records := await history.batch(EVENTS_JOBS, partition):
                    for record in records:
                        recorded = from_record(record, self._registry)
                        if (stream := streams.get(recorded.stream.subject)) is not None:
                            stream.append(recorded)
        return streams

    async def _make_anew(self, job_id: str, stream: Sequence[Recorded], before: Mapping[str, Any] | None) -> bool:
        """Again until the keys that its texts were opened with are those that there are after it was written."""
        if not stream or stream[0].version != 1:
            log.error("%s: its document says what the log does not tell", job_id)
            return False
        writes = await self._writes(stream)
        for _ in range(TRIES):
            if not await self._store.replace(COLLECTION, job_id, before, writes):
                return False
            again = await self._writes(stream)
            if again == writes:
                return True
            before, writes = (await self._store.documents(COLLECTION, [job_id])).get(job_id), again
        return False

    async def _writes(self, stream: Sequence[Recorded]) -> list[Insert | Update]:
        writes: list[Write] = project(stream, await open_all(self._vault_of(), stream), frozenset({COLLECTION}))
        return [write for write in writes if isinstance(write, Insert | Update)]


def _when(stamp: str) -> datetime:
    """A document that has lost even that is looked for from the log's beginning on."""
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return datetime.fromtimestamp(BEFORE.total_seconds(), UTC)
