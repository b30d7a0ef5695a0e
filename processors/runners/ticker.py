"""The ticker: a pure core driven by current state, events and a clock; its effects are performed beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar

from commands.ask import Unavailable
from events.envelope import Recorded
from events.log.clients import Record
from events.log.codec import from_record, record_type_name, type_name
from events.log.follower import Follower
from events.log.table import CompactedTable
from events.model import Event
from events.registry import Registry
from events.types import REGISTRY
from processors.runners.clock import Clock, steady
from processors.runners.metrics import EFFECTS
from processors.runners.together import before, together

log = logging.getLogger(__name__)

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)

EFFECTS_WAITING_MAX: Final = 10_000
EARLY_EVENTS_MAX: Final = 100_000
ATTEMPTS_MAX: Final = 5
RETRY_FIRST_S: Final = 0.2


class Core(Protocol[E_co]):
    """Pure: what it is told and when, and the effects that follow. Restarted, it is told everything again."""

    def on_current(self, topic: str, key: str, value: Any | None, now: datetime) -> Iterable[E_co]:
        """A record of a `current.*` topic; None where it is gone."""
        ...

    def on_event(self, recorded: Recorded, now: datetime) -> Iterable[E_co]:
        """An event from about the time of the start on; one that the state contains already may come too."""
        ...

    def tick(self, now: datetime) -> Iterable[E_co]: ...

    def ready(self, now: datetime) -> Iterable[E_co]:
        """Told once, when all current state has been handed over."""
        ...


class Ticker(Generic[E]):
    """Runs a core: state from copies of compacted topics, then events from the end, then the clock.

    `perform` runs up to `concurrency` effects at a time, in no order. `Unavailable` is tried again a few times
    and then left to the core, which will be told by the clock; anything else ends `run`.
    """

    def __init__(
        self,
        bootstrap: str,
        name: str,
        *,
        current: Mapping[str, CompactedTable[Any]],
        events: Sequence[str],
        types: Collection[type[Event]] | None = None,
        core: Core[E],
        perform: Callable[[E], Awaitable[None]],
        interval_s: float = 1.0,
        concurrency: int = 16,
        patience_ms: int = 0,
        clock: Clock | None = None,
        registry: Registry = REGISTRY,
    ) -> None:
        """`current` holds the process's copy of each compacted topic; others may use it too, and somebody runs it.
        `types` are all that is read of the events; for so long as `patience_ms` one may wait for others."""
        self._name = name
        self._current = current
        self._core = core
        self._perform = perform
        self._interval_s = interval_s
        self._concurrency = concurrency
        self._clock = clock or steady()
        self._registry = registry
        self._effects: asyncio.Queue[E] = asyncio.Queue(EFFECTS_WAITING_MAX)
        self._early: list[Recorded] | None = []
        """Events that came while the state was still being read; None once it has been."""
        self._ready = asyncio.Event()
        self._hurried = asyncio.Event()
        self._names = None if types is None else frozenset(type_name(kind) for kind in types)
        self._events = Follower(
            bootstrap,
            events,
            on_record=self._on_event,
            start="end",
            name=f"{name} events",
            patience_ms=patience_ms,
        )

    async def ready(self) -> None:
        """Returns once the core knows the present state."""
        await self._ready.wait()

    def hurry(self) -> None:
        """The next tick is now: something has changed that no topic tells of."""
        self._hurried.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Runs the core until `stop`; effects that are being performed may end."""
        await together(stop, self._events.run, self._read_state, self._tick, *[self._work] * self._concurrency)

    async def _read_state(self, stop: asyncio.Event) -> None:
        """The state, from behind a point from which on events are kept: so none can fall in between."""
        copies = (table.ready() for table in self._current.values())
        if not await before(stop, asyncio.gather(self._events.ready(), *copies)):
            return
        for topic, table in self._current.items():
            await self._take_over(topic, table)
        early, self._early = self._early or [], None
        await self._put(self._core.ready(self._clock()))
        for recorded in early:
            await self._put(self._core.on_event(recorded, self._clock()))
        self._ready.set()
        await stop.wait()

    async def _take_over(self, topic: str, table: CompactedTable[Any]) -> None:
        """What the copy holds, and from now on whatever changes: told twice is no harm, told in the wrong order is."""

        async def changed(key: str, value: Any | None) -> None:
            await self._put(self._core.on_current(topic, key, value, self._clock()))

        table.on_change(changed)
        for key, _ in list(table.items()):
            if (present := table.get(key)) is not None:
                await changed(key, present)

    async def _on_event(self, record: Record) -> None:
        if self._names is not None and record_type_name(record) not in self._names:
            return
        recorded = from_record(record, self._registry)
        if self._early is None:
            await self._put(self._core.on_event(recorded, self._clock()))
            return
        if len(self._early) >= EARLY_EVENTS_MAX:
            raise RuntimeError(f"{self._name}: {EARLY_EVENTS_MAX} events came before the state was read")
        self._early.append(recorded)

    async def _tick(self, stop: asyncio.Event) -> None:
        await before(stop, self._ready.wait())
        while not stop.is_set():
            self._hurried.clear()
            await self._put(self._core.tick(self._clock()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval_s):
                    await before(stop, self._hurried.wait())

    async def _put(self, effects: Iterable[E]) -> None:
        for effect in effects:
            await self._effects.put(effect)

    async def _work(self, stop: asyncio.Event) -> None:
        """Performs effects as they come. Waiting costs nothing: idle hands are woken by an effect or by the stop."""
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                taken = asyncio.ensure_future(self._effects.get())
                await asyncio.wait((taken, stopping), return_when=asyncio.FIRST_COMPLETED)
                if not taken.done():
                    taken.cancel()
                    return
                await self._perform_one(taken.result(), stop)
        finally:
            stopping.cancel()

    async def _perform_one(self, effect: E, stop: asyncio.Event) -> None:
        pause = RETRY_FIRST_S
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                await self._perform(effect)
            except Unavailable as error:
                log.warning("%s: attempt %d of %s: %s", self._name, attempt, type(effect).__name__, error)
                if stop.is_set():
                    return
                await asyncio.sleep(pause)
                pause *= 2
            else:
                EFFECTS.labels(self._name).inc()
                return
