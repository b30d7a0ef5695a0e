"""The sweepers on their ticker: jobs from the log, leases from Redis, sweeps as commands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from commands.ask import Ask, CommandFailed
from commands.model import CommandEnvelope
from commands.orgs.commands import CancelJob, ConfirmStopped, ExpireLease, JobCommand
from commands.refusals import Refusal
from events.envelope import Recorded
from events.ids import caused_id
from processors.sweepers.core import GRACE, Sweep, Sweeper, seen

ACTOR: Final = "sweepers"
LOOK_EVERY_S: Final = 2.5
READ_AT_ONCE: Final = 500
RETRY_IN_S: Final = 1.0
STOOD_STILL: Final = GRACE / 2
"""Ticks that are further apart: this process was paused, and saw nothing of what was renewed meanwhile."""

SWEEPS = Counter("studio_sweeps_total", "Things that nobody finished and a sweeper did", ["purpose", "outcome"])
REDIS_AWAY = Counter("studio_sweeper_redis_errors_total", "Looks at the leases that Redis did not answer")

log = logging.getLogger(__name__)


class SweeperTicks:
    """The core as a ticker runs it, and the hands that do what it says."""

    def __init__(self, ask: Ask, redis: Redis) -> None:
        self._ask = ask
        self._redis = redis
        self._core = Sweeper()
        self._found: dict[str, int] | None = None
        self._was_away = False
        """Redis, or this process from it."""
        self._ticked_at: datetime | None = None

    def on_current(self, _topic: str, key: str, value: Any | None, now: datetime) -> Iterable[Sweep]:
        self._core.on_job(key, value, now)
        return ()

    def on_event(self, _recorded: Recorded, _now: datetime) -> Iterable[Sweep]:
        return ()

    def ready(self, _now: datetime) -> Iterable[Sweep]:
        return ()

    def tick(self, now: datetime) -> Iterable[Sweep]:
        """Leases only on a fresh look: while Redis is away, or this process is paused, none counts as missing.
        Deadlines wait for nobody."""
        found, self._found = self._found, None
        if self._ticked_at is not None and now - self._ticked_at > STOOD_STILL:
            found, self._was_away = None, True
        self._ticked_at = now
        if found is None:
            return self._core.tick(now, looked=False)
        if self._was_away:
            self._was_away = False
            self._core.redis_was_away(now)
        self._core.on_leases(found, now)
        return self._core.tick(now)

    async def look(self, stop: asyncio.Event) -> None:
        """Reads the leases that should be held, again and again."""
        while not stop.is_set():
            try:
                self._found = await self._leases()
            except (RedisError, TimeoutError) as error:
                REDIS_AWAY.inc()
                self._was_away = True
                log.warning("leases cannot be read, none expires: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await stop.wait()

    async def _leases(self) -> dict[str, int]:
        jobs = self._core.held()
        found: dict[str, int] = {}
        for begin in range(0, len(jobs), READ_AT_ONCE):
            chunk = jobs[begin : begin + READ_AT_ONCE]
            values: list[bytes | None] = await self._redis.mget([f"lease:{job_id}" for job_id in chunk])  # type: ignore[assignment]
            found |= seen(zip(chunk, values, strict=True))
        return found

    async def perform(self, sweep: Sweep) -> None:
        """Refused: it came to its end by itself in the meantime."""
        cause = f"{sweep.job_id}/{sweep.lease}"
        envelope = CommandEnvelope(
            id=caused_id(cause, sweep.purpose),
            org_id=sweep.org_id,
            actor=ACTOR,
            correlation_id=sweep.job_id,
            causation_id=sweep.job_id,
        )
        try:
            await self._ask(command_of(sweep), envelope)
        except Refusal as refused:
            SWEEPS.labels(sweep.purpose, "refused").inc()
            log.info("%s of %s: %s", sweep.purpose, cause, refused.detail)
        except CommandFailed:
            SWEEPS.labels(sweep.purpose, "failed").inc()
            log.exception("%s of %s was set aside by its decider", sweep.purpose, cause)
        else:
            self._core.answered(sweep)
            SWEEPS.labels(sweep.purpose, "done").inc()
            log.warning("%s of %s", sweep.purpose, cause)


def command_of(sweep: Sweep) -> JobCommand:
    match sweep.purpose:
        case "expire_lease":
            return ExpireLease(org_id=sweep.org_id, job_id=sweep.job_id, lease=sweep.lease, retry_in_s=RETRY_IN_S)
        case "cancel_overdue":
            return CancelJob(org_id=sweep.org_id, job_id=sweep.job_id, overdue=True)
        case "free_slot":
            return ConfirmStopped(org_id=sweep.org_id, job_id=sweep.job_id, lease=sweep.lease, unheard=True)
