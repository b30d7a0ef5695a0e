"""Checkpoints and the keys that sign them: what the orgs decider takes, refuses, and has nothing to do about."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.signing.keys import SigningKey
from commands.orgs import commands as c
from commands.orgs.decider import ORGS
from commands.orgs.streams import book_ref, checkpoints_ref
from commands.refusals import IllegalState, InvalidInput, NotFound
from events.credits.checkpoint import Checkpoint, CheckpointRequested, SigningKeyIntroduced
from events.credits.checkpoint_state import Checkpoints, Head
from events.credits.signatures import PLATFORM, endorsed_bytes, signed_bytes, verify
from events.credits.state import Book
from tests.given import ORG, opened
from tests.specification import Given, World

KEY = SigningKey.new()
AT = "2026-03-01T12:00:00+00:00"
REQUEST = c.RequestCheckpoint(org_id=ORG)


def given(*past: c.OrgCommand) -> Given:
    return Given(ORGS, past)


def grant(n: int) -> c.AddCredits:
    return c.AddCredits(org_id=ORG, entry_id=f"ent_g{n}", kind="grant", amount=n)


def book(*past: c.OrgCommand) -> Book:
    found: Book = Given(ORGS, past).world(book_ref(ORG)).state
    return found


def record(seq: int, entry_hash: str, key: SigningKey = KEY, **changed: Any) -> c.RecordCheckpoint:
    """Properly signed, but for what is changed afterwards."""
    data = {"org_id": ORG, "seq": seq, "hash": entry_hash, "at": AT, "key_id": key.key_id}
    signed = {**data, "public_key": key.public_key, "signature": key.sign(signed_bytes(data))}
    return c.RecordCheckpoint.model_validate({**{n: v for n, v in signed.items() if n != "key_id"}, **changed})


def head_of(*past: c.OrgCommand, **changed: Any) -> c.RecordCheckpoint:
    return record(book(*past).seq, book(*past).head, **changed)


class TestRecord:
    def test_the_head_is_recorded_as_it_was_signed(self) -> None:
        past = opened()
        decision = given(*past).when(head_of(*past)).then(Checkpoint)
        (ref, event), *_ = decision.events
        assert ref == checkpoints_ref(ORG)
        assert decision.result == {"seq": 1}
        assert verify(event.model_dump(mode="json"), KEY.public_key)

    def test_the_same_head_twice_is_nothing_to_do(self) -> None:
        past = opened()
        assert given(*past, head_of(*past)).when(head_of(*past)).then_nothing().result == {"seq": 1}

    def test_a_head_that_is_not_above_the_last_checkpoint_is_refused(self) -> None:
        past = (*opened(), grant(1))
        later = (*past, head_of(*past))
        refused = given(*later).when(head_of(*opened())).then_refused(IllegalState)
        assert refused.members["signed"] == 2

    def test_another_hash_of_a_signed_entry_is_refused(self) -> None:
        past = (*opened(), head_of(*opened()))
        given(*past).when(record(1, "a" * 64)).then_refused(IllegalState)

    def test_what_the_book_does_not_have_is_refused(self) -> None:
        given(*opened()).when(record(1, "a" * 64)).then_refused(InvalidInput)
        given(*opened()).when(record(2, book(*opened()).head)).then_refused(InvalidInput)
        given(opened()[0]).when(record(1, "0" * 64)).then_refused(InvalidInput)

    def test_a_head_that_the_book_has_left_is_refused_and_says_how_far_it_is(self) -> None:
        past = opened()
        refused = given(*past, grant(1)).when(head_of(*past)).then_refused(IllegalState)
        assert (refused.members["signed"], refused.members["head"]) == (0, 2)

    def test_a_head_that_was_asked_for_is_recorded_whatever_came_after_it(self) -> None:
        past = opened()
        asked = (*past, REQUEST, grant(1), grant(2))
        given(*asked).when(head_of(*past)).then(Checkpoint)
        given(*asked).when(record(1, "a" * 64)).then_refused(InvalidInput)
        given(*asked, head_of(*past)).when(head_of(*asked)).then(Checkpoint)

    @pytest.mark.parametrize(
        "changed",
        [{"at": "2026-03-01T12:00:01+00:00"}, {"signature": "AAAA"}, {"public_key": SigningKey.new().public_key}],
        ids=["another time", "no signature", "another key"],
    )
    def test_what_the_signature_does_not_cover_is_refused(self, changed: dict[str, str]) -> None:
        given(*opened()).when(head_of(*opened(), **changed)).then_refused(InvalidInput)

    def test_a_key_that_another_one_has_followed_is_refused(self) -> None:
        before = (*opened(), head_of(*opened()), grant(1))
        after = (*before, head_of(*before, key=SigningKey.new()), grant(2))
        given(*after).when(head_of(*after)).then_refused(InvalidInput)

    def test_a_key_that_is_none_is_refused(self) -> None:
        given(*opened()).when(head_of(*opened(), public_key="AAAA")).then_refused(InvalidInput)

    def test_an_unknown_organisation_is_not_found(self) -> None:
        given().when(record(1, "a" * 64)).then_refused(NotFound)


class TestRequest:
    def test_the_present_head_is_pinned(self) -> None:
        past = opened()
        requested = CheckpointRequested(org_id=ORG, seq=1, hash=book(*past).head)
        assert given(*past).when(REQUEST).then(requested).result == {"seq": 1}

    def test_what_is_asked_for_or_signed_already_is_nothing_to_do(self) -> None:
        past = opened()
        assert given(*past, REQUEST).when(REQUEST).then_nothing().result == {"seq": 1}
        assert given(*past, head_of(*past)).when(REQUEST).then_nothing().result == {"seq": 1}
        assert given(past[0]).when(REQUEST).then_nothing().result == {"seq": 0}

    def test_however_often_it_is_asked_the_first_head_stays_signable(self) -> None:
        past = opened()
        world = given(*past, REQUEST).world
        for n in range(1, 50):
            world.handle(grant(n))
            world.handle(REQUEST)
        state = world(checkpoints_ref(ORG)).state
        assert state == Checkpoints(asked=(Head(1, book(*past).head), Head(50, world(book_ref(ORG)).state.head)))
        world.handle(head_of(*past))
        assert world(checkpoints_ref(ORG)).state.asked == (Head(50, world(book_ref(ORG)).state.head),)

    def test_an_unknown_organisation_is_not_found(self) -> None:
        given().when(REQUEST).then_refused(NotFound)


def introduce(key: SigningKey, endorsement: str | None = None) -> c.IntroduceSigningKey:
    return c.IntroduceSigningKey(public_key=key.public_key, endorsement=endorsement)


class TestKeys:
    def test_the_first_key_is_introduced_once(self) -> None:
        event = SigningKeyIntroduced(key_id=KEY.key_id, public_key=KEY.public_key)
        given().when(introduce(KEY)).then(event)
        given(introduce(KEY)).when(introduce(KEY)).then_nothing()

    def test_a_key_is_vouched_for_by_the_one_it_replaces(self) -> None:
        fresh = SigningKey.new(before=KEY)
        decision = given(introduce(KEY)).when(introduce(fresh, fresh.endorsement)).then(SigningKeyIntroduced)
        event = decision.events[0][1]
        assert isinstance(event, SigningKeyIntroduced)
        assert (event.replaces, event.endorsement) == (KEY.key_id, fresh.endorsement)

    def test_an_endorsement_by_another_key_is_refused(self) -> None:
        fresh = SigningKey.new(before=SigningKey.new())
        given(introduce(KEY)).when(introduce(fresh, fresh.endorsement)).then_refused(InvalidInput)
        given().when(introduce(fresh, fresh.endorsement)).then_refused(InvalidInput)

    def test_an_endorsement_of_another_key_is_refused(self) -> None:
        other, fresh = SigningKey.new(), SigningKey.new()
        endorsement = KEY.sign(endorsed_bytes(other.public_key, KEY.key_id))
        given(introduce(KEY)).when(introduce(fresh, endorsement)).then_refused(InvalidInput)

    def test_a_key_that_nobody_vouches_for_is_taken_and_shows_it(self) -> None:
        fresh = SigningKey.new()
        decision = given(introduce(KEY)).when(introduce(fresh)).then(SigningKeyIntroduced)
        event = decision.events[0][1]
        assert isinstance(event, SigningKeyIntroduced)
        assert (event.replaces, event.endorsement) == (KEY.key_id, None)

    def test_a_key_that_was_replaced_does_not_come_back(self) -> None:
        given(introduce(KEY), introduce(SigningKey.new())).when(introduce(KEY)).then_refused(IllegalState)

    def test_what_is_no_key_is_refused(self) -> None:
        given().when(c.IntroduceSigningKey(public_key="AAAA")).then_refused(InvalidInput)


def test_the_platforms_keys_have_a_stream_of_their_own() -> None:
    world = World(ORGS)
    world.handle(introduce(KEY))
    assert [ref for ref, _ in world.log] == [checkpoints_ref(PLATFORM)]
