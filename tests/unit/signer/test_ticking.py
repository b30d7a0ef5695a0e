"""The signer's hands: the key is on the log before it signs, and what cannot be signed is said."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from adapters.signing.keys import BadSigningKey, SigningKey
from commands.ask import Answer
from commands.model import Command, CommandEnvelope
from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from commands.orgs.streams import book_ref, checkpoints_ref
from events.credits.checkpoint import Checkpoint, CheckpointRequested, SigningKeyIntroduced
from events.credits.checkpoint_state import NOTHING, Head
from events.credits.events import LedgerEntry
from events.credits.signatures import PLATFORM
from events.topics import EVENTS_CHECKPOINTS
from processors.signer.core import Load, Look, Sign
from processors.signer.ticking import BROKEN, SignerTicks
from tests.given import ORG, opened
from tests.records import record_of
from tests.specification import World


class House:
    """The real decider, and books that are read from its log."""

    def __init__(self) -> None:
        self.world = World(ORGS)
        self.key: SigningKey | None = SigningKey.new()
        self.ticks = SignerTicks(self.ask, self.present_key, self)
        for command in opened():
            self.world.handle(command)

    async def ask(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        return Answer(self.world.handle(command).result or {})

    def present_key(self) -> SigningKey:
        if self.key is None:
            raise BadSigningKey("there is none")
        return self.key

    @property
    def head(self) -> Head:
        book = self.world(book_ref(ORG)).state
        return Head(book.seq, book.head)

    def types(self) -> list[type]:
        return [type(event) for ref, event in self.world.log if ref.topic == EVENTS_CHECKPOINTS]

    async def unsigned(self) -> AsyncIterator[tuple[str, int]]:
        yield ORG, self.head.seq

    async def signed(self, org_id: str) -> Head:
        return NOTHING

    async def entries(self, org_id: str, after: int, upto: int) -> AsyncIterator[Mapping[str, Any]]:
        for _, event in self.world.log:
            if isinstance(event, LedgerEntry):
                yield self.stored(event.model_dump(mode="json", exclude_none=True))

    def stored(self, entry: dict[str, Any]) -> dict[str, Any]:
        return entry


async def test_a_key_is_introduced_before_it_signs_and_only_once() -> None:
    house = House()
    await house.ticks.introduce()
    await house.ticks.perform(Sign(ORG, house.head))
    assert house.types() == [SigningKeyIntroduced, Checkpoint]


async def test_a_key_that_was_replaced_while_we_run_is_introduced_too() -> None:
    house = House()
    await house.ticks.introduce()
    house.key = SigningKey.new(before=house.key)
    await house.ticks.perform(Sign(ORG, house.head))
    assert house.types() == [SigningKeyIntroduced, SigningKeyIntroduced, Checkpoint]


async def test_a_replaced_key_signs_nothing_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    await house.ticks.introduce()
    old, house.key = house.key, SigningKey.new(before=house.key)
    await house.ticks.introduce()
    house.key = old
    house.ticks = SignerTicks(house.ask, house.present_key, house)
    with caplog.at_level(logging.CRITICAL):
        await house.ticks.perform(Sign(ORG, house.head))
        await house.ticks.perform(Sign(ORG, house.head))
    assert Checkpoint not in house.types()
    assert [record.getMessage() for record in caplog.records] == [
        "nothing can be signed: this key was replaced and signs no more"
    ]


async def test_a_signer_whose_key_another_one_has_replaced_signs_no_more() -> None:
    house = House()
    await house.ticks.introduce()
    other = SigningKey.new()
    house.world.handle(c.IntroduceSigningKey(public_key=other.public_key))
    house.ticks.on_record(record_of(checkpoints_ref(PLATFORM), house.world.log[-1][1], house.world.at))
    await house.ticks.perform(Sign(ORG, house.head))
    assert Checkpoint not in house.types()


async def test_an_entry_is_hashed_as_its_bytes_say(caplog: pytest.LogCaptureFixture) -> None:
    """A member that no model knows is nothing that a model would show."""
    house = House()
    [entry] = [event for _, event in house.world.log if isinstance(event, LedgerEntry)]
    record = record_of(book_ref(ORG), entry, house.world.at)
    house.ticks.on_record(replace(record, value=record.value.replace(b"{", b'{"more":1,', 1)))
    with caplog.at_level(logging.CRITICAL):
        for effect in house.ticks.tick(house.world.at):
            await house.ticks.perform(effect)
    assert f"the chain of {ORG} does not hold at entry 1" in caplog.text


async def test_two_signers_sign_a_head_once() -> None:
    house = House()
    other = SignerTicks(house.ask, house.present_key, house)
    for ticks in (house.ticks, other, house.ticks):
        await ticks.perform(Sign(ORG, house.head))
    assert house.types() == [SigningKeyIntroduced, Checkpoint]


async def test_without_a_key_nothing_is_signed_until_there_is_one() -> None:
    house = House()
    key, house.key = house.key, None
    await house.ticks.perform(Sign(ORG, house.head))
    assert house.types() == []
    house.key = key
    await house.ticks.perform(Sign(ORG, house.head))
    assert house.types() == [SigningKeyIntroduced, Checkpoint]


async def test_a_head_that_the_book_has_left_is_asked_for() -> None:
    house = House()
    left = house.head
    house.world.handle(c.AddCredits(org_id=ORG, entry_id="ent_1", kind="grant", amount=1))
    await house.ticks.perform(Sign(ORG, left))
    requested = house.world.log[-1][1]
    assert isinstance(requested, CheckpointRequested)
    assert Head(requested.seq, requested.hash) == house.head


async def test_a_head_that_the_book_does_not_have_is_said_aloud(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    with caplog.at_level(logging.CRITICAL):
        await house.ticks.perform(Sign(ORG, Head(1, "a" * 64)))
    assert Checkpoint not in house.types()
    assert "its book does not take it" in caplog.text


async def test_a_read_model_that_was_changed_is_not_signed_from(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    broken = BROKEN._value.get()
    house.stored = lambda entry: {**entry, "entry_id": "ent_x"}  # type: ignore[method-assign]
    await house.ticks.perform(Look())
    load = Load(ORG, house.head.seq)
    await house.ticks.perform(load)
    with caplog.at_level(logging.CRITICAL):
        for effect in house.ticks.tick(house.world.at):
            await house.ticks.perform(effect)
    assert Checkpoint not in house.types()
    assert BROKEN._value.get() == broken + 1
    assert f"the chain of {ORG} does not hold at entry 1" in caplog.text
