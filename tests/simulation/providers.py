"""Providers: the remote side as an oracle that keeps every execution it has accepted, and the adapters over it.

The oracle is the judge of caps and of double execution: it counts what runs where it runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from processors.dispatcher.errors import (
    CannotStop,
    ContentRefused,
    NotSent,
    NotThere,
    OutcomeUnknown,
    ProviderDown,
    RateLimited,
    SlotsTaken,
    WorkerGone,
)
from processors.dispatcher.ports import (
    Call,
    Ended,
    Failed,
    Handle,
    InlineFile,
    NeverArrived,
    Progressed,
    Reconciled,
    Stopped,
    Succeeded,
    Unknowable,
    Update,
)

if TYPE_CHECKING:
    from tests.simulation.world import Process, World

T = TypeVar("T")
POLL_S: Final = 1.0
GIVEN_UP_S: Final = 8.0
"""How long an adapter waits for an answer."""
PICTURE: Final = Succeeded((InlineFile(b"picture"),))

Fate = Literal["taken", "answer_lost", "not_sent", "down", "rate_limited", "no_slot", "refused", "late_answer"]
BAD_FATES: Final[tuple[Fate, ...]] = (
    "answer_lost", "not_sent", "down", "rate_limited", "no_slot", "refused", "late_answer",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Traits:
    """How a provider's API is, and how its simulation behaves."""

    name: str
    models: tuple[str, ...] = ("a",)
    concurrent: int = 2
    per_api: Mapping[str, int] = field(default_factory=dict)
    """Model → how many of it at a time."""
    idempotent: bool = False
    takes_our_name: bool = False
    at_once: bool = False
    tells: bool = False
    """Whether it can be asked what became of a call."""
    webhooks: bool = False
    can_stop: bool = True

    @property
    def catalog_ids(self) -> tuple[str, ...]:
        return tuple(f"{self.name}/{model}" for model in self.models)


@dataclass(eq=False, slots=True)
class Execution:
    """One accepted call. It runs until its end, unless it is stopped before."""

    provider_job_id: str
    job_id: str
    lease: int
    model: str
    worker: str | None
    accepted_at: float
    ends_at: float
    end: Ended
    stopped_at: float | None = None

    @property
    def until(self) -> float:
        return self.ends_at if self.stopped_at is None else min(self.stopped_at, self.ends_at)

    def runs(self, now: float) -> bool:
        return now < self.until


@dataclass(eq=False)
class Remote:
    """A provider's own side."""

    traits: Traits
    world: World
    random: Random
    badness: float
    """Share of calls that do not go well."""
    executions: list[Execution] = field(default_factory=list)
    calls: int = 0
    stalled_until: float = 0.0
    """Until when it takes nothing and answers nobody."""

    def accept(self, call: Call, *, answered: bool) -> Execution:
        """An idempotent API answers a repeat with what it has; a call may be for a worker that has gone.

        One whose name is known may run for longer than its model's longest run: it can be stopped.
        """
        if self.traits.idempotent:
            for known in self.executions:
                if (known.job_id, known.lease) == (call.job_id, call.lease):
                    return known
        now = self.world.now
        lasts = self.random.uniform(0.5, call.max_runtime_s * 0.8)
        if self.random.random() < self.badness * 0.3 and answered:
            lasts = call.max_runtime_s * 3.0
        end: Ended = PICTURE
        if self.random.random() < self.badness * 0.5:
            end = Failed("outage", "it broke", "no", retryable=self.random.random() < 0.8)
        name = call.token if self.traits.takes_our_name else f"{self.traits.name}-{len(self.executions)}"
        execution = Execution(name, call.job_id, call.lease, call.provider_model, call.worker, now, now + lasts, end)
        self.executions.append(execution)
        self.world.accepted(self, execution)
        return execution

    def find(self, provider_job_id: str) -> Execution | None:
        return next((e for e in self.executions if e.provider_job_id == provider_job_id), None)

    def find_attempt(self, call: Call) -> Execution | None:
        return next((e for e in self.executions if (e.job_id, e.lease) == (call.job_id, call.lease)), None)

    def stop(self, provider_job_id: str) -> None:
        execution = self.find(provider_job_id)
        if execution is not None and execution.runs(self.world.now):
            if not self.traits.can_stop:
                raise CannotStop("it runs on")
            execution.stopped_at = self.world.now

    def running(self, now: float) -> list[Execution]:
        return [execution for execution in self.executions if execution.runs(now)]

    def fate(self) -> Fate:
        self.calls += 1
        if self.calls <= len(self.world.scenario.fates):
            return self.world.scenario.fates[self.calls - 1]
        return self.random.choice(BAD_FATES) if self.random.random() < self.badness else "taken"


class SimProvider:
    """An adapter: `processors.dispatcher.ports.Provider` over a `Remote`."""

    def __init__(self, process: Process, remote: Remote) -> None:
        self._process = process
        self._remote = remote
        self._traits = remote.traits
        self.name = self._traits.name
        self.create_is_idempotent = self._traits.idempotent
        self.takes_our_name = self._traits.takes_our_name
        self.wants_files = False

    def answers_at_once(self, provider_model: str) -> bool:
        return self._traits.at_once

    async def submit(self, call: Call) -> Handle | Ended:
        fate = self._remote.fate()
        match fate:
            case "not_sent":
                raise (WorkerGone if call.worker else NotSent)("nobody listens")
            case "down":
                raise ProviderDown("down")
            case "rate_limited":
                raise RateLimited("too many", retry_after_s=2.0)
            case "no_slot":
                raise SlotsTaken("full")
            case "refused":
                raise ContentRefused("not this")
        if self._remote.world.now < self._remote.stalled_until:
            await asyncio.sleep(GIVEN_UP_S)
            raise OutcomeUnknown("no answer in time")
        if self._traits.at_once:
            return await self._answered(call, fate)
        execution = await self._ask("create", lambda: self._remote.accept(call, answered=fate == "taken"))
        if fate == "answer_lost":
            raise OutcomeUnknown("the connection broke")
        if fate == "late_answer":
            await asyncio.sleep(GIVEN_UP_S)
            raise OutcomeUnknown("no answer in time")
        return Handle(execution.provider_job_id, call.worker)

    async def _answered(self, call: Call, fate: Fate) -> Ended:
        """The answer is the end. A connection that breaks ends the call there, or before it has arrived."""
        world, broken, taken = self._remote.world, asyncio.Event(), list[Execution]()

        def arrive() -> Execution:
            if broken.is_set():
                raise ConnectionResetError("nobody is there any more")
            taken.append(self._remote.accept(call, answered=fate == "taken"))
            return taken[0]

        try:
            execution = await self._ask("create", arrive)
            world.connected(self._process, execution)
            await asyncio.sleep(max(0.0, execution.ends_at - world.now))
        except asyncio.CancelledError:
            broken.set()
            for one in taken:
                one.stopped_at = world.now
            raise
        return execution.end

    async def watch(self, handle: Handle) -> AsyncGenerator[Update, None]:
        while True:
            execution = await self._ask("status", lambda: self._remote.find(handle.provider_job_id))
            if execution is None:
                raise NotThere("no such call")
            if not execution.runs(self._remote.world.now):
                yield Stopped() if execution.stopped_at is not None else execution.end
                return
            yield Progressed(0.5)
            await asyncio.sleep(POLL_S)

    async def reconcile(self, call: Call) -> Reconciled:
        if not self._traits.tells:
            return Unknowable()
        found = await self._ask("find", lambda: self._remote.find_attempt(call))
        return NeverArrived() if found is None else Handle(found.provider_job_id, found.worker)

    async def cancel(self, handle: Handle) -> None:
        await self._ask("stop", lambda: self._remote.stop(handle.provider_job_id))

    async def _ask(self, what: str, effect: Callable[[], T]) -> T:
        if self._remote.world.now < self._remote.stalled_until:
            await asyncio.sleep(GIVEN_UP_S)
            raise ProviderDown("no answer in time")
        return await self._remote.world.network.call(self._process, self.name, what, effect)
