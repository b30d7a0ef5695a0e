"""The scheduler on its ticker: jobs and caps from the log, workers from Redis, dispatches as commands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from commands.ask import Ask, CommandFailed
from commands.catalog.commands import AnnounceModel
from commands.model import CommandEnvelope
from commands.orgs.commands import DispatchJob
from commands.refusals import Refusal
from events.catalog.current import BREAKERS, FLEET, CurrentModel, CurrentProvider, Troubled, TroubleKind, breaker_field
from events.envelope import Recorded
from events.ids import caused_id, new_id
from events.jobs.events import AttemptFailed, JobSucceeded, Priority
from events.model import Event
from events.topics import CURRENT_JOBS, CURRENT_ORGS
from processors.runners.together import before
from processors.scheduler.announcements import Announce, Announcements
from processors.scheduler.auditing import Logged, QueueAudit
from processors.scheduler.breakers import Failure
from processors.scheduler.core import Scheduler
from processors.scheduler.decisions import BreakerChanged, Decision, Dispatch, Release
from processors.scheduler.queues import PRIORITY_WEIGHTS
from processors.scheduler.registered import Registered
from processors.slots.slots import Full, Slots, SlotsUnknown

ACTOR: Final = "scheduler"
PLATFORM: Final = "platform"
TYPES: Final[tuple[type[Event], ...]] = (AttemptFailed, JobSucceeded)

CHANGES = Counter("studio_breakers_total", "Circuit breakers of providers' models", ["provider", "change"])
DISPATCHES = Counter("studio_dispatches_total", "Dispatches asked for", ["provider", "outcome"])

WORDS: Final[Mapping[TroubleKind | None, str]] = {
    "open": "opened",
    "half_open": "half open",
    "paused": "paused",
    None: "let through",
}

log = logging.getLogger(__name__)

Effect = Decision | Announce


class Claims(Protocol):
    """Who begins an attempt, where this very process carries it out."""

    def offer(self, job_id: str, lease: int, provider: str, org_id: str) -> str | None: ...

    def withdraw(self, job_id: str, lease: int) -> bool: ...


def failure_of(failed: AttemptFailed) -> Failure | None:
    if failed.provider is None or failed.model is None:
        return None
    return Failure(
        failed.provider,
        failed.model,
        f"{failed.job_id}.{failed.lease}",
        failed.category,
        failed.trouble,
        datetime.fromisoformat(failed.busy_until) if failed.busy_until is not None else None,
    )


class SchedulerTicks:
    """The core as a ticker runs it, and the hands that do what it says.

    What comes from elsewhere than the log, workers and refusals, is told to the core with the next tick.
    `registered` must be kept looking, and calls for a tick where there are other workers.
    """

    def __init__(
        self,
        ask: Ask,
        redis: Redis,
        slots: Slots,
        mine: Callable[[str], bool],
        jobs: Logged,
        *,
        weights: Mapping[Priority, int] = PRIORITY_WEIGHTS,
        claims: Claims | None = None,
    ) -> None:
        """`mine` says which providers' pools are scheduled here; `pools_changed` is told when it says otherwise.
        `jobs` is the copy of `current.jobs` that the core is told of."""
        self._ask = ask
        self._mine = mine
        self._claims = claims
        self._redis = redis
        self._slots = slots
        self.registered = Registered(redis)
        self._core = Scheduler(weights)
        self._announcements = Announcements()
        self._core.hold()
        self._core.own(mine)
        self._audit = QueueAudit(self._core, jobs)
        self._loaded = asyncio.Event()
        self._refused: list[tuple[Dispatch, bool]] = []
        """With whether it was the decider who refused, and not the slots."""

    def on_current(self, topic: str, key: str, value: Any | None, now: datetime) -> Iterable[Effect]:
        if topic == CURRENT_JOBS:
            return self._passed(self._core.on_job(key, value, now))
        if topic == CURRENT_ORGS:
            return self._passed(self._core.on_org(key, value, now))
        match value:
            case CurrentProvider():
                return self._passed(self._core.on_provider(value, now))
            case CurrentModel():
                self._announcements.on_model(value.model)
        return ()

    def on_event(self, recorded: Recorded, now: datetime) -> Iterable[Effect]:
        """How providers do: all else that counts here stands in the state."""
        match recorded.data:
            case AttemptFailed() as failed if (failure := failure_of(failed)) is not None:
                return self._passed(self._core.on_failed(failure, now))
            case JobSucceeded(provider=str(provider), model=str(model)) as done:
                return self._passed(self._core.on_succeeded(provider, model, f"{done.job_id}.{done.lease}", now))
        return ()

    def ready(self, now: datetime) -> Iterable[Effect]:
        self._loaded.set()
        return self._passed(self._core.ready(now))

    def pools_changed(self) -> None:
        """What is new here is scheduled from the next tick on; what is not ours any more has stopped already."""
        self._core.own(self._mine)

    def tick(self, now: datetime) -> Iterable[Effect]:
        decided: list[Effect] = []
        if (workers := self.registered.news()) is not None:
            decided += self._announcements.on_fleet(frozenset().union(*(one.models for one in workers)), now)
            decided += self._core.on_fleet(workers, now)
        refused, self._refused = self._refused, []
        for one, by_decider in refused:
            decided += self._core.on_refused(one.job_id, one.lease, now, by_decider=by_decider)
        decided += self._core.go_on(now) if self._slots.known else ()
        decided += self._audit.step(now) if self._loaded.is_set() else ()
        return self._passed((*decided, *self._core.tick(now)))

    def _passed(self, decisions: Iterable[Effect]) -> tuple[Effect, ...]:
        """What is free goes to Redis before whatever is decided after it. Of others' pools others speak."""
        passed: list[Effect] = []
        for one in decisions:
            match one:
                case Release(slot=slot) if self._mine(slot.provider):
                    self._slots.release(slot)
                case Dispatch():
                    passed.append(one)
                case BreakerChanged(provider=provider) if self._mine(provider):
                    passed.append(one)
                case Announce() if self._mine(FLEET):
                    passed.append(one)
        return tuple(passed)

    async def keep_slots(self, stop: asyncio.Event) -> None:
        """Holds the slots in Redis against what the log says, once that is known here."""
        if await before(stop, self._loaded.wait()):
            await self._slots.keep(self._core.slots, stop)

    async def perform(self, effect: Effect) -> None:
        match effect:
            case Dispatch():
                await self._dispatch(effect)
            case BreakerChanged():
                await self._tell(effect)
            case Announce():
                await self._announce(effect)

    async def _announce(self, announce: Announce) -> None:
        command = AnnounceModel(model_id=announce.model_id, announced=announce.announced)
        cause = new_id("cmd")
        envelope = CommandEnvelope(
            id=cause, org_id=PLATFORM, actor=ACTOR, correlation_id=cause, causation_id=announce.model_id
        )
        log.info("%s: %s", announce.model_id, "a worker has it" if announce.announced else "no worker has it any more")
        try:
            await self._ask(command, envelope)
        except (Refusal, CommandFailed) as refused:
            log.warning("%s cannot be announced: %s", announce.model_id, refused)

    async def _tell(self, changed: BreakerChanged) -> None:
        """For whoever asks why a job waits. While Redis is away nobody is told; the core knows all the same."""
        field = breaker_field(changed.provider, changed.model)
        change = WORDS[changed.state]
        CHANGES.labels(changed.provider, change).inc()
        log.warning("calls of %s: %s, wait until %s", changed.model, change, changed.until or "now")
        try:
            if changed.state is None or changed.until is None:
                await self._redis.hdel(BREAKERS, field)
            else:
                trouble = Troubled(state=changed.state, until=changed.until.isoformat())
                await self._redis.hset(BREAKERS, field, trouble.model_dump_json())
        except (RedisError, TimeoutError) as error:
            log.warning("a breaker cannot be told of: %s", error)

    async def _dispatch(self, dispatch: Dispatch) -> None:
        cause = f"{dispatch.job_id}/{dispatch.lease}"
        envelope = CommandEnvelope(
            id=caused_id(cause, "dispatch"),
            org_id=dispatch.org_id,
            actor=ACTOR,
            correlation_id=dispatch.job_id,
            causation_id=dispatch.job_id,
        )
        if not await self._takes(dispatch):
            return
        claims, attempt = self._claims, (dispatch.job_id, dispatch.lease)
        command = DispatchJob(
            org_id=dispatch.org_id,
            job_id=dispatch.job_id,
            lease=dispatch.lease,
            provider=dispatch.provider,
            model=dispatch.model,
            worker=dispatch.worker,
            considered=dispatch.considered,
            owner=claims.offer(*attempt, dispatch.provider, dispatch.org_id) if claims is not None else None,
        )
        try:
            await self._ask(command, envelope)
        except (Refusal, CommandFailed) as refused:
            if claims is not None:
                claims.withdraw(*attempt)
            DISPATCHES.labels(dispatch.provider, "refused").inc()
            log.info("dispatch of %s: %s", cause, refused)
            self._refused.append((dispatch, True))
        else:
            DISPATCHES.labels(dispatch.provider, "done").inc()

    async def _takes(self, dispatch: Dispatch) -> bool:
        """Its slot, before anything is said. Where that is another's, what the core holds for it is free with the next
        tick: until then nothing else is tried in its place."""
        try:
            full = await self._slots.take(dispatch.slot, dispatch.caps)
        except SlotsUnknown:
            self._core.hold()
            self._refused.append((dispatch, False))
            return False
        if isinstance(full, Full):
            DISPATCHES.labels(dispatch.provider, "no slot").inc()
            log.info("%s waits: %s is full in Redis", dispatch.slot.holder, full.cap)
            self._refused.append((dispatch, False))
        return full is None
