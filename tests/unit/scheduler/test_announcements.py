"""A model that needs a worker of its own is usable while one announces it; a worker's new start takes nothing away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from commands.ask import Answer
from commands.catalog.commands import AnnounceModel
from commands.model import Command, CommandEnvelope
from commands.refusals import UnknownModel
from events.catalog.current import CurrentModel
from events.catalog.events import ModelSpec, Price
from events.topics import CURRENT_CATALOG
from processors.scheduler.announcements import ASK_AGAIN, GONE_FOR, Announce, Announcements
from processors.scheduler.fleet import Worker
from processors.scheduler.ticking import SchedulerTicks
from processors.slots.slots import Slots
from tests.unit.scheduler.makers import START

GPU = "gpu/diffusion"
NOBODY: frozenset[str] = frozenset()
SOMEBODY = frozenset({GPU, "local/picture"})
SECOND = timedelta(seconds=1)


def spec(announced: bool | None) -> ModelSpec:
    return ModelSpec(
        id=GPU, title="G", media_out=("image",), agent_type="image", input_schema={}, provider="fleet",
        price=Price(unit="image", amount=1), announced=announced,
    )  # fmt: skip


def listed(announced: bool | None) -> Announcements:
    announcements = Announcements()
    announcements.on_model(spec(announced))
    return announcements


def test_it_is_announced_as_soon_as_a_worker_has_it() -> None:
    it = listed(False)
    assert it.on_fleet(NOBODY, START) == []
    assert it.on_fleet(SOMEBODY, START + SECOND) == [Announce(GPU, True)]


def test_what_any_worker_can_run_is_not_looked_at() -> None:
    it = listed(None)
    assert it.on_fleet(SOMEBODY, START) == []
    assert it.on_fleet(NOBODY, START + 2 * GONE_FOR) == []


def test_it_is_taken_back_when_nobody_has_had_it_for_a_minute() -> None:
    it = listed(True)
    assert it.on_fleet(SOMEBODY, START) == []
    assert it.on_fleet(NOBODY, START + GONE_FOR - SECOND) == []
    assert it.on_fleet(SOMEBODY, START + GONE_FOR) == []
    assert it.on_fleet(NOBODY, START + 2 * GONE_FOR - SECOND) == []
    assert it.on_fleet(NOBODY, START + 2 * GONE_FOR) == [Announce(GPU, False)]


def test_after_a_restart_a_worker_has_a_minute_to_be_seen() -> None:
    it = listed(True)
    assert it.on_fleet(NOBODY, START) == []
    assert it.on_fleet(NOBODY, START + GONE_FOR) == [Announce(GPU, False)]


def test_what_does_not_show_in_the_catalog_is_asked_for_again_and_not_at_once() -> None:
    it = listed(False)
    assert it.on_fleet(SOMEBODY, START) == [Announce(GPU, True)]
    assert it.on_fleet(SOMEBODY, START + SECOND) == []
    assert it.on_fleet(SOMEBODY, START + ASK_AGAIN) == [Announce(GPU, True)]
    it.on_model(spec(True))
    assert it.on_fleet(SOMEBODY, START + 2 * ASK_AGAIN) == []


@given(st.booleans(), st.lists(st.tuples(st.booleans(), st.integers(1, 90)), max_size=40))
def test_the_catalog_follows_the_fleet_and_never_lags_longer_than_the_grace(
    announced: bool, looks: list[tuple[bool, int]]
) -> None:
    it, now, gone_at = listed(announced), START, START
    for there, seconds in looks:
        now += timedelta(seconds=seconds)
        for said in it.on_fleet(SOMEBODY if there else NOBODY, now):
            announced = said.announced
            it.on_model(spec(announced))
        gone_at = now if there else gone_at
        assert announced or not there
        if announced and not there:
            assert now - max(gone_at, START) < GONE_FOR + timedelta(seconds=90)


class Decider:
    """Answers, or refuses, and remembers what it was told."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.told: list[Command] = []
        self._refusal = refusal

    async def __call__(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        self.told.append(command)
        if self._refusal is not None:
            raise self._refusal
        return Answer({})


@pytest.mark.parametrize("refusal", [None, UnknownModel("withdrawn")])
async def test_the_schedulers_look_at_the_workers_is_what_tells(refusal: Exception | None) -> None:
    decider = Decider(refusal)
    ticks = SchedulerTicks(decider, Redis(), Slots(Redis()), lambda _: True, {})
    ticks.on_current(CURRENT_CATALOG, f"model:{GPU}", CurrentModel(model=spec(False), version=1), START)
    ticks.registered._found = (Worker("w1", SOMEBODY, 1), Worker("w2", frozenset({"local/picture"}), 1))
    for effect in ticks.tick(START):
        await ticks.perform(effect)
    assert decider.told == [AnnounceModel(model_id=GPU, announced=True)]
