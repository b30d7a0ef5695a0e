"""Whatever two schedulers and a holder do to slots, in whatever order: as a plain count of the caps would have it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis.asyncio import Redis

from events.jobs.slots import CAPS, EPOCH, Caps, Slot
from processors.dispatcher.leases import LEASE_MS
from processors.slots.scripts import RENEW
from processors.slots.slots import Full, Slots, SlotsUnknown
from processors.slots.table import SLOT_MS
from tests.redis import OwnRedis

T = TypeVar("T")
ORGS, APIS = ("org_A", "org_B"), (("acme", "x"), ("acme", "y"), ("other", "x"))


def attempt(job: int, lease: int) -> Slot:
    """An attempt is at one place: whatever its second is for another provider."""
    return Slot(f"job_{job}", lease, ORGS[job % len(ORGS)], *APIS[(job // 2 + lease) % len(APIS)])


attempts = st.builds(attempt, st.integers(0, 9), st.integers(1, 2))
some = st.integers(0, 3)
limits = st.builds(Caps, some, st.none() | some, some, st.none() | some)
clients = st.sampled_from((0, 1))


class SlotsMachine(RuleBasedStateMachine):
    """`held` is the model: what stands in Redis, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.server = OwnRedis(Path(self.folder.name))
        self.server.start()
        self.redis = Redis.from_url(self.server.url)
        self.held: set[Slot] = set()
        self.lapsed: set[Slot] = set()
        self.stop: asyncio.Event = self.do(self._event())
        self.slots = [Slots(self.redis, settle_s=0), Slots(self.redis, settle_s=0)]
        self.tasks = [self.do(self._spawn(slots.run(self.stop))) for slots in self.slots]

    async def _event(self) -> asyncio.Event:
        return asyncio.Event()

    async def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.create_task(work)

    def do(self, work: Awaitable[T]) -> T:
        async def wait() -> T:
            return await work

        return self.runner.run(wait())

    def teardown(self) -> None:
        async def end() -> None:
            self.stop.set()
            await asyncio.gather(*self.tasks)
            await self.redis.aclose()

        self.do(end())
        self.runner.close()
        self.server.kill()
        self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        self.know(0)
        self.know(1)

    @rule(client=clients)
    def know(self, client: int) -> None:
        """A scheduler looks, and puts what the log says wherever Redis has forgotten."""

        self.do(self.slots[client].look(lambda: tuple(self.held)))
        assert self.slots[client].known

    @rule(client=clients, slot=attempts, caps=limits)
    def take(self, client: int, slot: Slot, caps: Caps) -> None:
        known = self.do(self._knows(client))
        try:
            full = self.do(self.slots[client].take(slot, caps))
        except SlotsUnknown:
            assert not known
            return
        assert known
        expected = self._full(slot, caps)
        assert full == (None if expected is None else Full(expected))
        if full is None:
            self.held.add(slot)

    @precondition(lambda self: self.held)
    @rule(client=clients, data=st.data())
    def release(self, client: int, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(sorted(self.held, key=str)))

        async def release() -> None:
            self.slots[client].release(slot)
            while self.slots[client]._released or self.slots[client]._one.locked():  # noqa: ASYNC110
                await asyncio.sleep(0)

        self.do(release())
        self.held.discard(slot)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def lapse(self, data: st.DataObject) -> None:
        """Its time is over by Redis' clock."""
        slot = data.draw(st.sampled_from(sorted(self.held, key=str)))
        for key in slot.keys:
            self.do(self.redis.zadd(key, {slot.holder: 1}))
        self.held.discard(slot)
        self.lapsed.add(slot)

    @precondition(lambda self: self.lapsed or self.held)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        """A holder that is there goes on; one that is not, or not any more, is not put there by that."""
        slot = data.draw(st.sampled_from(sorted(self.lapsed | self.held, key=str)))
        script = self.redis.register_script(RENEW)
        self.do(script(keys=["lease", *slot.keys], args=[LEASE_MS, SLOT_MS, slot.lease, slot.holder]))

    @rule()
    def flush(self) -> None:
        self.do(self.redis.flushall())
        self.held.clear()

    @invariant()
    def redis_holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "tasks"):
            return
        found = self.do(self._found())
        expected = {(key.encode(), slot.holder.encode()) for slot in self.held for key in slot.keys}
        assert found == expected

    async def _knows(self, client: int) -> bool:
        """Whether this scheduler has put what it knows since Redis last forgot."""
        epoch = await self.redis.get(EPOCH)
        return epoch is not None and (self.slots[client]._epoch or "").encode() == epoch

    async def _found(self) -> set[tuple[bytes, bytes]]:
        """What has not lapsed."""
        now = (await self.redis.time())[0] * 1000
        keys: list[bytes] = [key async for key in self.redis.scan_iter("{slots}:*", _type="zset")]
        holders = {key: await self.redis.zrangebyscore(key, now, "+inf") for key in keys}
        return {(key, holder) for key, found in holders.items() for holder in found}  # type: ignore[misc]

    def _full(self, slot: Slot, caps: Caps) -> str | None:
        """The first cap that has no room for one more."""
        of = (caps.org, caps.org_api, caps.provider, caps.provider_api)
        for name, cap, key, n in zip(CAPS, of, slot.keys, itertools.count(), strict=False):
            holders = {other.holder for other in self.held if other.keys[n] == key}
            if cap is not None and slot.holder not in holders and len(holders) >= cap:
                return name
        return None


@pytest.mark.servers
def test_whatever_is_done_to_slots_is_as_a_plain_count_of_the_caps_would_have_it() -> None:
    often = settings(max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(SlotsMachine, settings=often)
