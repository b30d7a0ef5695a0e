"""The signer under any order of entries, delays, requests and restarts: nothing stays unsigned or is signed falsely.

The decider is the real one, and so are the signer's hands; only Kafka, MongoDB and the clock are stood in for: the log
is handed over late and topic by topic out of step, the read model lags behind, and a restart forgets all that the
signer knew, with what came while it was away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from datetime import timedelta
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from adapters.signing.keys import SigningKey
from commands.ask import Answer
from commands.model import Command, CommandEnvelope
from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from commands.orgs.streams import book_ref, checkpoints_ref
from events.credits.checkpoint import Checkpoint
from events.credits.checkpoint_state import NOTHING, Head
from events.credits.events import LedgerEntry
from events.credits.signatures import verify
from events.model import Event
from events.topics import EVENTS_CHECKPOINTS, EVENTS_CREDITS
from processors.signer.core import Alarm, Effect, Signer
from processors.signer.ticking import SignerTicks
from tests.records import record_of
from tests.specification import Append, World

ENTRIES_MAX: Final = 7
AGE_MAX: Final = timedelta(seconds=60)
LOOK_EVERY: Final = timedelta(seconds=60)
TICK_S: Final = 1.0
SLACK_S: Final = 3 * TICK_S
"""Ticks until something that is due has been read, signed and recorded."""
ORG_IDS: Final = ("org_A", "org_B", "org_C")
KEY: Final = SigningKey.new()
TOPICS: Final = (EVENTS_CREDITS, EVENTS_CHECKPOINTS)


def data_of(event: Event) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude_none=True)


class House:
    """The log, how far of it the signer and the read model are, and the signer."""

    def __init__(self) -> None:
        self.world = World(ORGS)
        self.followed = dict.fromkeys(TOPICS, 0)
        self.projected = 0
        self.alarms: list[Alarm] = []
        self.start()

    def start(self) -> None:
        """Follows from the end; whatever was under way is lost."""
        self.followed = {topic: len(self.of(topic)) for topic in TOPICS}
        core = Signer(ENTRIES_MAX, AGE_MAX, LOOK_EVERY)
        self.ticks = SignerTicks(self.ask, lambda: KEY, self, core, lambda: self.world.at)
        self.effects: list[Effect] = []

    def of(self, topic: str) -> list[Append]:
        return [append for append in self.world.log if append[0].topic == topic]

    async def ask(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        return Answer(self.world.handle(command).result or {})

    def deliver(self, topic: str, count: int) -> None:
        for ref, event in self.of(topic)[self.followed[topic] :][:count]:
            self.followed[topic] += 1
            self.ticks.on_record(record_of(ref, event, self.world.at))

    def perform(self) -> None:
        effects, self.effects = self.effects, []
        self.alarms += [effect for effect in effects if isinstance(effect, Alarm)]
        for effect in effects:
            run(self.ticks.perform(effect))

    def tick(self) -> None:
        self.world.pass_time(TICK_S)
        self.effects += self.ticks.tick(self.world.at)
        self.perform()

    def settle(self) -> None:
        """Everything that is under way arrives."""
        self.projected = len(self.world.log)
        for topic in TOPICS:
            self.deliver(topic, len(self.world.log))
        self.perform()

    # --- the read model, as far as it is -----------------------------------------------------------------

    def rows(self, kind: type[Event], org_id: str | None = None) -> list[dict[str, Any]]:
        projected = [event for _, event in self.world.log[: self.projected] if isinstance(event, kind)]
        rows = [data_of(event) for event in projected]
        return [row for row in rows if org_id in (None, row["org_id"])]

    async def unsigned(self) -> AsyncIterator[tuple[str, int]]:
        newest = {row["org_id"]: row["seq"] for row in self.rows(LedgerEntry)}
        signed = {(row["org_id"], row["seq"]) for row in self.rows(Checkpoint)}
        for org_id, seq in newest.items():
            if (org_id, seq) not in signed:
                yield org_id, seq

    async def signed(self, org_id: str) -> Head:
        rows = self.rows(Checkpoint, org_id)
        return Head(rows[-1]["seq"], rows[-1]["hash"]) if rows else NOTHING

    async def entries(self, org_id: str, after: int, upto: int) -> AsyncIterator[Mapping[str, Any]]:
        for row in self.rows(LedgerEntry, org_id):
            if after < row["seq"] <= upto:
                yield row


def run(doing: Coroutine[Any, Any, None]) -> None:
    """Nothing in here really waits."""
    asyncio.run(doing)


class Signing(RuleBasedStateMachine):
    @initialize()
    def opens(self) -> None:
        self.house = House()
        self.entries = 0
        for org_id in ORG_IDS:
            self.house.world.handle(c.OpenOrg(org_id=org_id, title="t"))

    @rule(org_id=st.sampled_from(ORG_IDS), count=st.integers(1, 12))
    def writes(self, org_id: str, count: int) -> None:
        for _ in range(count):
            self.entries += 1
            grant = c.AddCredits(org_id=org_id, entry_id=f"ent_{self.entries}", kind="grant", amount=1)
            self.house.world.handle(grant)

    @rule(org_id=st.sampled_from(ORG_IDS))
    def asks(self, org_id: str) -> None:
        self.house.world.handle(c.RequestCheckpoint(org_id=org_id))

    @rule(topic=st.sampled_from(TOPICS), count=st.integers(1, 20))
    def delivers(self, topic: str, count: int) -> None:
        self.house.deliver(topic, count)

    @rule()
    def performs(self) -> None:
        self.house.perform()

    @rule(count=st.integers(1, 30))
    def projects(self, count: int) -> None:
        self.house.projected = min(len(self.house.world.log), self.house.projected + count)

    @rule(count=st.integers(1, 90))
    def ticks(self, count: int) -> None:
        for _ in range(count):
            self.house.tick()

    @rule()
    def restarts(self) -> None:
        self.house.start()

    @rule()
    def nothing_stays_unsigned(self) -> None:
        """With nothing delayed any more: soon few and nothing that was asked for, and after another minute nothing."""
        house = self.house
        looked = LOOK_EVERY.total_seconds() + SLACK_S
        for n in range(int((LOOK_EVERY + AGE_MAX).total_seconds() + SLACK_S)):
            house.settle()
            house.tick()
            if n >= looked:
                states = [house.world(checkpoints_ref(org_id)).state for org_id in ORG_IDS]
                assert [state.asked for state in states] == [()] * len(ORG_IDS)
                assert all(self.unsigned(org_id) < ENTRIES_MAX for org_id in ORG_IDS)
        house.settle()
        assert [self.unsigned(org_id) for org_id in ORG_IDS] == [0] * len(ORG_IDS)

    def unsigned(self, org_id: str) -> int:
        newest: Head = self.house.world(checkpoints_ref(org_id)).state.newest
        seq: int = self.house.world(book_ref(org_id)).state.seq
        return seq - newest.seq

    @invariant()
    def every_checkpoint_holds_and_is_above_the_one_before(self) -> None:
        if not hasattr(self, "house"):
            return
        assert self.house.alarms == []
        hashes: dict[tuple[str, int], str] = {}
        newest: dict[str, int] = {}
        for _, event in self.house.world.log:
            if isinstance(event, LedgerEntry):
                hashes[event.org_id, event.seq] = event.hash
            if isinstance(event, Checkpoint):
                assert hashes[event.org_id, event.seq] == event.hash
                assert event.seq > newest.get(event.org_id, 0)
                assert verify(data_of(event), KEY.public_key)
                newest[event.org_id] = event.seq


Signing.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestSigning = Signing.TestCase
