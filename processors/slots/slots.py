"""The slots of the scheduler: taken and released together with whatever else waits, known only within an epoch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError
from ulid import ULID

from events.jobs.slots import CAPS, EPOCH, Caps, Slot
from processors.slots.scripts import ADOPT, STATE, TAKE
from processors.slots.table import SLOT_MS, SlotTable

AT_ONCE: Final = 200
LOOK_EVERY_S: Final = 0.5
SETTLE_S: Final = 1.0
"""After Redis has forgotten: what was taken before comes onto the log meanwhile, from where the slots are put back."""

TAKEN = Counter("studio_slots_total", "Slots asked for before a dispatch", ["outcome"])
REBUILT = Counter("studio_slots_rebuilt_total", "Times that slots were put into Redis from the log")

log = logging.getLogger(__name__)


class SlotsUnknown(Exception):
    """Redis is away or has forgotten what was taken: nothing can be taken now."""


@dataclass(frozen=True, slots=True)
class Full:
    """Nothing was taken: another one holds what this cap has."""

    cap: str


@dataclass(slots=True)
class _Wanted:
    slot: Slot
    caps: Caps
    answer: asyncio.Future[Full | None]


class Slots:
    """One round trip at a time: what comes meanwhile goes together with the next."""

    def __init__(self, redis: Redis, *, slot_ms: int = SLOT_MS, settle_s: float = SETTLE_S) -> None:
        self._slot_ms = slot_ms
        self._settle_s = settle_s
        self._take_script: Any = redis.register_script(TAKE)
        self._table = SlotTable(redis, slot_ms=slot_ms)
        self._adopt_script: Any = redis.register_script(ADOPT)
        self._state_script: Any = redis.register_script(STATE)
        self._epoch: str | None = None
        self._wanted: list[_Wanted] = []
        self._released: list[Slot] = []
        self._wake = asyncio.Event()
        self._wake_keeper = asyncio.Event()
        self._forgotten_at: float | None = None
        self._ended = False
        self._one = asyncio.Lock()
        """So that nothing is released between being found held and being put."""

    @property
    def known(self) -> bool:
        """Whether slots can be taken, as far as is known here."""
        return self._epoch is not None

    async def take(self, slot: Slot, caps: Caps) -> Full | None:
        """Takes a slot at all four caps; None: it is held now. Raises SlotsUnknown.

        Taken again by the same attempt it is held just as well.
        """
        if self._epoch is None or self._ended:
            raise SlotsUnknown
        wanted = _Wanted(slot, caps, asyncio.get_running_loop().create_future())
        self._wanted.append(wanted)
        self._wake.set()
        return await wanted.answer

    def release(self, slot: Slot) -> None:
        """Of an attempt that the log says is over; before anything that is taken from now on."""
        self._released.append(slot)
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Takes and releases until the stop; who is waiting then is told that nothing is known."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self._wake.set())
        try:
            while not stop.is_set():
                await self._wake.wait()
                self._wake.clear()
                while self._wanted or self._released:
                    async with self._one:
                        await self._send()
        finally:
            stopping.cancel()
            self._ended = True
            self._refuse(self._wanted)

    async def keep(self, held: Callable[[], Sequence[Slot]], stop: asyncio.Event) -> None:
        """Sees to it that Redis knows what is held, `held` being what the log says, and what is on its way there."""
        while not stop.is_set():
            self._wake_keeper.clear()
            await self.look(held)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wake_keeper.wait()

    async def look(self, held: Callable[[], Sequence[Slot]]) -> None:
        """Whether Redis still knows; where it does not, and what was on its way has had the time to settle, it is told
        again."""
        now = asyncio.get_running_loop().time()
        try:
            run, epoch = await self._state()
            if epoch is None:
                self._forgotten_at = now if self._forgotten_at is None else self._forgotten_at
                self._epoch = None
                if now - self._forgotten_at < self._settle_s:
                    return
            if epoch is None or epoch != self._epoch:
                await self._rebuild(run, held, forgotten=epoch is None)
            self._forgotten_at = None
        except (RedisError, TimeoutError) as error:
            self._epoch = None
            log.warning("slots cannot be looked at, nothing is dispatched: %s", error)

    async def _state(self) -> tuple[str, str | None]:
        run, epoch = await self._state_script(keys=[EPOCH])
        return run.decode(), None if epoch is None else epoch.decode()

    async def _rebuild(self, run: str, held: Callable[[], Sequence[Slot]], *, forgotten: bool) -> None:
        """Nothing is taken before all of it is there. On another server by then the next look does it again."""
        self._epoch = None
        async with self._one:
            if forgotten:
                await self._table.clear()
            slots = held()
            await self._table.put(slots)
            adopted = await self._adopt_script(keys=[EPOCH], args=[run, f"{run}:{ULID()}"])
        if adopted is not None:
            self._epoch = adopted.decode()
            REBUILT.inc()
            log.info("slots: %d put into Redis from the log", len(slots))

    async def _send(self) -> None:
        wanted, self._wanted = self._wanted[:AT_ONCE], self._wanted[AT_ONCE:]
        released, self._released = self._released[:AT_ONCE], self._released[AT_ONCE:]
        keys = [EPOCH, *(key for slot in released for key in slot.keys)]
        args: list[str | int] = [self._epoch or "", self._slot_ms, len(released), *(slot.holder for slot in released)]
        for one in wanted:
            keys += one.slot.keys
            args += (one.slot.holder, *(-1 if cap is None else cap for cap in _in_order(one.caps)))
        try:
            answers: list[int] | None = await self._take_script(keys=keys, args=args)
        except (RedisError, TimeoutError) as error:
            log.warning("%d slots not taken, %d not released: %s", len(wanted), len(released), error)
            answers = None
        if answers is None:
            self._lose()
            self._refuse(wanted)
            return
        for one, full in zip(wanted, answers, strict=True):
            _answer(one, Full(CAPS[full - 1]) if full else None)

    def _lose(self) -> None:
        self._epoch = None
        self._wake_keeper.set()

    @staticmethod
    def _refuse(wanted: Iterable[_Wanted]) -> None:
        for one in wanted:
            TAKEN.labels("unknown").inc()
            if not one.answer.done():
                one.answer.set_exception(SlotsUnknown())


def _answer(one: _Wanted, full: Full | None) -> None:
    TAKEN.labels("taken" if full is None else full.cap).inc()
    if not one.answer.done():
        one.answer.set_result(full)


def _in_order(caps: Caps) -> tuple[int | None, ...]:
    return caps.org, caps.org_api, caps.provider, caps.provider_api
