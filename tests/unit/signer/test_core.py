"""The signer's core, rule by rule: when it signs, and that it never signs what does not hold."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from events.credits.chain import GENESIS
from events.credits.checkpoint_state import NOTHING, Head
from events.credits.events import LedgerEntry
from processors.signer.core import (
    AGAIN,
    AGE_MAX,
    ENTRIES_MAX,
    KEPT_MAX,
    LOOK_EVERY,
    NOT_YET,
    Alarm,
    Effect,
    Link,
    Load,
    Look,
    Recomputed,
    Sign,
    Signer,
    link_of,
)
from tests.given import ORG, opened
from tests.specification import World

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def chain(count: int, start: int = 1, prev: str = GENESIS) -> list[Link]:
    """Links that hold; their hashes are not of anything."""
    links = []
    for seq in range(start, start + count):
        links.append(Link(seq, prev, f"{seq:064x}", holds=True))
        prev = links[-1].hash
    return links


def head(link: Link) -> Head:
    return Head(link.seq, link.hash)


def told(core: Signer, links: Sequence[Link], now: datetime = NOON) -> list[Effect]:
    return [effect for link in links for effect in core.on_entry(ORG, link, now)]


def ticked(core: Signer, now: datetime) -> list[Effect]:
    """But for looks, which have a test of their own."""
    return [effect for effect in core.tick(now) if not isinstance(effect, Look)]


def test_the_thousandth_entry_is_signed_at_once() -> None:
    core, links = Signer(), chain(ENTRIES_MAX)
    assert told(core, links[:-1]) == []
    assert told(core, links[-1:]) == [Sign(ORG, head(links[-1]))]


def test_a_book_without_news_gets_no_checkpoint() -> None:
    core, links = Signer(), chain(2)
    assert ticked(core, NOON + 10 * AGE_MAX) == []
    told(core, links, NOON + 10 * AGE_MAX)
    core.on_checkpoint(ORG, head(links[1]), NOON + 10 * AGE_MAX)
    assert ticked(core, NOON + 100 * AGE_MAX) == []


def test_the_first_unsigned_entry_waits_a_minute_at_most() -> None:
    core, links = Signer(), chain(2)
    told(core, links[:1])
    told(core, links[1:], NOON + 30 * SECOND)
    assert ticked(core, NOON + AGE_MAX - SECOND) == []
    assert ticked(core, NOON + AGE_MAX) == [Sign(ORG, head(links[1]))]


def test_what_was_asked_for_is_signed_at_once_though_more_has_come() -> None:
    core, links = Signer(), chain(3)
    told(core, links)
    assert core.on_requested(ORG, head(links[1]), NOON) == (Sign(ORG, head(links[1])),)


def test_what_was_asked_for_before_it_was_read_is_signed_once_it_is() -> None:
    core, links = Signer(), chain(3)
    told(core, links[:1])
    assert core.on_requested(ORG, head(links[1]), NOON) == ()
    assert told(core, links[1:2]) == [Sign(ORG, head(links[1]))]


def test_a_head_that_has_not_come_back_is_signed_again_but_not_sooner() -> None:
    core, links = Signer(), chain(1)
    told(core, links)
    now = NOON + AGE_MAX
    assert ticked(core, now) == [Sign(ORG, head(links[0]))]
    assert ticked(core, now + AGAIN - SECOND) == []
    assert ticked(core, now + AGAIN) == [Sign(ORG, head(links[0]))]


def test_a_book_that_is_signed_to_its_end_takes_no_room() -> None:
    core, links = Signer(), chain(5)
    told(core, links)
    assert core.unsigned == 1
    core.on_checkpoint(ORG, head(links[4]), NOON)
    assert core.unsigned == 0


def test_the_entry_after_a_checkpoint_waits_its_own_minute() -> None:
    core, links = Signer(), chain(3)
    told(core, links[:2])
    core.on_checkpoint(ORG, head(links[1]), NOON + 50 * SECOND)
    told(core, links[2:], NOON + 55 * SECOND)
    assert ticked(core, NOON + AGE_MAX) == []
    assert ticked(core, NOON + 55 * SECOND + AGE_MAX) == [Sign(ORG, head(links[2]))]


class TestAfterARestart:
    def test_the_entries_before_are_loaded_and_then_signed(self) -> None:
        core, links = Signer(), chain(5)
        assert told(core, links[3:4]) == [Load(ORG, 3)]
        assert told(core, links[4:]) == []
        found = Recomputed(ORG, NOTHING, head(links[2]), since=NOON - AGE_MAX)
        assert core.on_loaded(found, NOON) == (Sign(ORG, head(links[4])),)

    def test_what_the_read_model_does_not_have_yet_is_asked_for_again(self) -> None:
        core, links = Signer(), chain(5)
        told(core, links[3:4])
        assert core.on_loaded(Recomputed(ORG, NOTHING, head(links[1])), NOON) == ()
        assert ticked(core, NOON + NOT_YET) == [Load(ORG, 3)]

    def test_a_look_finds_what_nobody_writes_to_any_more(self) -> None:
        core, links = Signer(), chain(5)
        assert Look() in core.tick(NOON)
        assert core.on_unsigned(ORG, 5, NOON) == (Load(ORG, 5),)
        found = Recomputed(ORG, head(links[1]), head(links[4]), since=NOON)
        assert core.on_loaded(found, NOON + SECOND) == (Sign(ORG, head(links[4])),)

    def test_what_a_look_finds_is_signed_at_once_though_entries_go_on(self) -> None:
        core, links = Signer(), chain(6)
        told(core, links[5:])
        core.on_unsigned(ORG, 5, NOON)
        found = Recomputed(ORG, NOTHING, head(links[4]), since=NOON)
        assert core.on_loaded(found, NOON) == (Sign(ORG, head(links[5])),)

    def test_looks_go_on_and_become_seldom(self) -> None:
        core = Signer()
        looks = [n for n in range(7200) if Look() in core.tick(NOON + n * SECOND)]
        assert looks[:5] == [0, 5, 15, 35, 75]
        assert {later - earlier for earlier, later in pairwise(looks[8:])} == {LOOK_EVERY.total_seconds()}

    def test_what_is_signed_already_is_forgotten(self) -> None:
        core, links = Signer(), chain(5)
        core.on_unsigned(ORG, 5, NOON)
        core.on_loaded(Recomputed(ORG, head(links[4]), head(links[4])), NOON)
        assert core.unsigned == 0

    def test_what_was_asked_for_and_written_before_the_start_is_loaded(self) -> None:
        core, links = Signer(), chain(3)
        core.on_unsigned(ORG, 2, NOON)
        assert core.on_loaded(Recomputed(ORG, NOTHING, head(links[1])), NOON) == (Sign(ORG, head(links[1])),)
        core.on_requested(ORG, head(links[2]), NOON)
        assert ticked(core, NOON + AGAIN - SECOND) == []
        assert ticked(core, NOON + AGAIN) == [Load(ORG, 3)]
        found = Recomputed(ORG, NOTHING, head(links[2]))
        assert core.on_loaded(found, NOON + AGAIN) == (Sign(ORG, head(links[2])),)

    def test_a_look_that_is_ahead_of_what_was_read_is_believed(self) -> None:
        core, links = Signer(), chain(3)
        core.on_checkpoint(ORG, head(links[1]), NOON)
        assert core.on_unsigned(ORG, 3, NOON) == (Load(ORG, 3),)

    def test_a_gap_is_loaded(self) -> None:
        core, links = Signer(), chain(5)
        told(core, links[:2])
        assert told(core, links[3:4]) == [Load(ORG, 3)]

    def test_entries_go_on_while_the_ones_before_are_loaded(self) -> None:
        core, links = Signer(), chain(3 * KEPT_MAX)
        assert told(core, links[3:]) == [Load(ORG, 3)]
        assert core.on_loaded(Recomputed(ORG, NOTHING, head(links[2])), NOON) == (Sign(ORG, head(links[-1])),)


class TestMemory:
    def test_what_cannot_be_signed_does_not_grow_with_its_entries(self) -> None:
        few, many = Signer(), Signer()
        told(few, chain(2 * KEPT_MAX))
        told(many, chain(10 * KEPT_MAX))
        assert len(pickle.dumps(many)) - len(pickle.dumps(few)) < 100

    def test_a_head_that_was_asked_for_and_is_not_kept_is_answered_by_the_newest(self) -> None:
        core, links = Signer(), chain(2 * KEPT_MAX)
        told(core, links)
        assert core.on_requested(ORG, head(links[2]), NOON + AGAIN) == (Sign(ORG, head(links[-1])),)

    def test_a_checkpoint_that_cannot_be_compared_any_more_is_computed_from_again(self) -> None:
        core, links = Signer(), chain(2 * KEPT_MAX)
        told(core, links)
        assert core.on_checkpoint(ORG, head(links[2]), NOON) == (Load(ORG, 2 * KEPT_MAX),)
        found = Recomputed(ORG, head(links[2]), head(links[-1]), since=NOON)
        assert core.on_loaded(found, NOON) == (Sign(ORG, head(links[-1])),)

    def test_books_that_are_signed_leave_nothing(self) -> None:
        core = Signer()
        for n in range(5):
            told(core, chain(1))
            core.on_checkpoint(ORG, head(chain(1)[0]), NOON + n * SECOND)
        core.tick(NOON + 2 * AGE_MAX)
        fresh = Signer()
        fresh.tick(NOON + 2 * AGE_MAX)
        assert len(pickle.dumps(core)) - len(pickle.dumps(fresh)) < 300


class TestBroken:
    @pytest.mark.parametrize(
        "third",
        [Link(3, f"{2:064x}", "a" * 64, holds=False), Link(3, "b" * 64, f"{3:064x}", holds=True)],
        ids=["its own hash", "the one before"],
    )
    def test_an_entry_that_does_not_hold_raises_an_alarm_once_and_is_never_signed(self, third: Link) -> None:
        core = Signer()
        told(core, chain(2))
        [alarm] = told(core, [third])
        assert isinstance(alarm, Alarm)
        assert (alarm.org_id, alarm.seq) == (ORG, 3)
        assert told(core, chain(ENTRIES_MAX, start=4, prev=third.hash)) == []
        assert core.on_requested(ORG, head(third), NOON) == ()
        assert ticked(core, NOON + 10 * AGE_MAX) == []

    def test_a_chain_does_not_begin_anywhere(self) -> None:
        [alarm] = told(Signer(), [Link(1, "a" * 64, "b" * 64, holds=True)])
        assert isinstance(alarm, Alarm)

    def test_a_checkpoint_of_another_chain_raises_an_alarm(self) -> None:
        core = Signer()
        told(core, chain(3))
        [alarm] = core.on_checkpoint(ORG, Head(2, "a" * 64), NOON)
        assert isinstance(alarm, Alarm)

    def test_an_entry_that_does_not_follow_the_checkpoint_raises_an_alarm(self) -> None:
        core = Signer()
        told(core, chain(2))
        core.on_checkpoint(ORG, head(chain(2)[1]), NOON)
        [alarm] = told(core, [Link(3, "a" * 64, "b" * 64, holds=True)])
        assert isinstance(alarm, Alarm)

    def test_another_hash_than_the_one_that_was_read_is_not_signed_on_request(self) -> None:
        core = Signer()
        told(core, chain(3))
        [alarm] = core.on_requested(ORG, Head(2, "a" * 64), NOON)
        assert isinstance(alarm, Alarm)

    def test_what_is_loaded_must_lead_to_what_was_read(self) -> None:
        core = Signer()
        told(core, chain(2, start=4, prev=f"{3:064x}"))
        [alarm] = core.on_loaded(Recomputed(ORG, NOTHING, Head(3, "a" * 64)), NOON)
        assert isinstance(alarm, Alarm)

    def test_what_does_not_hold_while_loading_raises_an_alarm(self) -> None:
        core = Signer()
        core.on_unsigned(ORG, 5, NOON)
        broken = Alarm(ORG, 2, "x")
        assert core.on_loaded(Recomputed(ORG, NOTHING, Head(1, "a" * 64), broken=broken), NOON) == (broken,)
        assert ticked(core, NOON + AGE_MAX) == []


def test_the_hash_of_a_real_entry_is_computed_again() -> None:
    world = World(ORGS)
    for command in (*opened(), c.AddCredits(org_id=ORG, entry_id="ent_1", kind="grant", amount=5)):
        world.handle(command)
    entries = [event for _, event in world.log if isinstance(event, LedgerEntry)]
    for entry in entries:
        data = entry.model_dump(mode="json", exclude_none=True)
        assert link_of(data) == Link(entry.seq, entry.prev_hash, entry.hash, holds=True)
        assert not link_of({**data, "entry_id": "ent_x"}).holds
        assert not link_of({**data, "more": 1}).holds
