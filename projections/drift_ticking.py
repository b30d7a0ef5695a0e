"""Read models against the log, on a ticker: looks at documents again and again, and makes anew what is wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiokafka.errors import KafkaError
from prometheus_client import Counter
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from events.envelope import Recorded
from events.log.follower import Stalled
from projections.drift import LIVE, Drifted, JobsDrift, Shown
from projections.jobs import COLLECTION
from projections.mending import Mending

LOOK_EVERY_S: Final = 30.0
LOOKED_AT_MAX: Final = 20_000
"""Documents that look alive, oldest first: the others have their turn when those are gone."""
AT_ONCE: Final = 1000
MENDED_AT_ONCE: Final = 50

DRIFTED = Counter("studio_read_model_drifted_total", "Documents of jobs that were not as the log has it", ["outcome"])

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MakeAnew:
    drifted: tuple[Drifted, ...]


class DriftTicks:
    """The core as a ticker runs it, and the hands that do what it says."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]], mending: Mending) -> None:
        self._jobs = db[COLLECTION]
        self._mending = mending
        self._core = JobsDrift()
        self._shown: Mapping[str, Shown] | None = None

    def on_current(self, _topic: str, key: str, value: Any | None, _now: datetime) -> Iterable[MakeAnew]:
        self._core.on_job(key, value)
        return ()

    def on_event(self, _recorded: Recorded, _now: datetime) -> Iterable[MakeAnew]:
        return ()

    def ready(self, _now: datetime) -> Iterable[MakeAnew]:
        """What was seen before the log was says nothing."""
        self._shown = None
        return ()

    def tick(self, now: datetime) -> Iterable[MakeAnew]:
        shown, self._shown = self._shown, None
        if shown is None:
            return ()
        drifted = self._core.on_shown(shown, now)
        return tuple(MakeAnew(drifted[i : i + MENDED_AT_ONCE]) for i in range(0, len(drifted), MENDED_AT_ONCE))

    async def look(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.read()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await stop.wait()

    async def read(self) -> None:
        """One look, for the next tick."""
        try:
            shown = await self._found({"status": {"$in": list(LIVE)}}, LOOKED_AT_MAX)
            others = [job_id for job_id in self._core.live() if job_id not in shown]
            for begin in range(0, len(others), AT_ONCE):
                shown |= await self._found({"_id": {"$in": others[begin : begin + AT_ONCE]}}, AT_ONCE)
        except PyMongoError as error:
            log.warning("documents of jobs cannot be read: %r", error)
        else:
            self._shown = shown

    async def _found(self, wanted: Mapping[str, Any], limit: int) -> dict[str, Shown]:
        fields = {"org_id": 1, "status": 1, "accepted_at": 1}
        found = self._jobs.find(wanted, fields).sort("accepted_at", 1).limit(limit)
        return {one["_id"]: _shown(one) async for one in found}

    async def perform(self, mend: MakeAnew) -> None:
        """What cannot be done now is found again."""
        for one in mend.drifted:
            log.warning("%s: shown as %s, on the log it is %s", one.job_id, one.shown, one.logged or "ended")
        try:
            mended = await self._mending.mend(mend.drifted)
        except (PyMongoError, KafkaError, Stalled) as error:
            log.warning("%d documents not made anew: %r", len(mend.drifted), error)
            mended = dict.fromkeys((one.job_id for one in mend.drifted), False)
        for done in mended.values():
            DRIFTED.labels("mended" if done else "left").inc()


def _shown(document: Mapping[str, Any]) -> Shown:
    """Whatever is left of it."""
    org_id, status, accepted_at = (str(document.get(name, "")) for name in ("org_id", "status", "accepted_at"))
    return Shown(org_id, status, accepted_at)
