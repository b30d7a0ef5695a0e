"""A replay that begins at a snapshot comes to exactly what a replay from the beginning comes to."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from events.log.clients import Record
from projections.audit.account import Account, Movement, Reading
from projections.audit.books import Book
from projections.audit.snapshots import Building
from studio.client.book_index import BookIndex
from tests.histories import Step, at, history

ORGS = ("org_A", "org_B", "org_C")
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.sampled_from(ORGS), st.integers(0, 3), st.integers(0, 10**6)), min_size=1, max_size=60
)


def chunks(records: Sequence[Record], size: int) -> list[Sequence[Record]]:
    return [records[begin : begin + size] for begin in range(0, len(records), size)]


def read_on(account: Account, records: Sequence[Record], before: str, size: int) -> list[Movement]:
    reading, moved = Reading(account, before), []
    for batch in chunks(records, size):
        moved += list(reading.take(batch))
        if reading.ended:
            break
    return moved


def indexed(records: Sequence[Record], index: BookIndex, every: int, size: int) -> None:
    building = Building(index, every=every)
    for batch in chunks(records, size):
        building.take(batch)


@given(STEPS, st.integers(1, 20), st.integers(1, 7), st.integers(1, 7), st.integers(-1, 150))
def test_with_the_index_as_without(steps: list[Step], every: int, size: int, other: int, ms: int) -> None:
    records, before = history(steps), at(ms).isoformat()
    with tempfile.TemporaryDirectory() as folder, BookIndex(Path(folder) / "index.sqlite", "events.credits/0") as index:
        indexed(records, index, every, size)
        for org_id in ORGS:
            whole = Account(Book(org_id))
            movements = read_on(whole, records, before, other)
            snapshot = index.newest(before)
            start = 0 if snapshot is None else snapshot.offset
            account = Account(Book(org_id)) if snapshot is None else index.account(org_id, snapshot)
            known = account.book.seq
            later = read_on(account, [one for one in records if one.offset >= start], before, other)
            assert account == whole
            assert later == movements[known:]
            assert account.fault is None


@given(STEPS, st.integers(1, 10), st.integers(1, 7), st.integers(0, 60))
def test_an_index_that_is_brought_up_to_date_is_that_of_the_whole(
    steps: list[Step], every: int, size: int, cut: int
) -> None:
    records = history(steps)
    with tempfile.TemporaryDirectory() as folder, BookIndex(Path(folder) / "index.sqlite", "events.credits/0") as index:
        indexed(records[:cut], index, every, size)
        last = index.newest()
        building = Building(index, {} if last is None else index.accounts(last), every)
        for batch in chunks([one for one in records if last is None or one.offset >= last.offset], size):
            building.take(batch)
        newest = index.newest()
        if newest is None:
            assert len(records) < every + size
            return
        for org_id, account in index.accounts(newest).items():
            whole = Account(Book(org_id))
            list(Reading(whole).take([one for one in records if one.offset < newest.offset]))
            assert account == whole


@given(STEPS, st.integers(-1, 150), st.integers(-1, 150), st.integers(1, 7))
def test_a_span_and_what_was_before_it_are_the_whole(steps: list[Step], one: int, two: int, size: int) -> None:
    records, (since, before) = history(steps), sorted([at(one).isoformat(), at(two).isoformat()])
    for org_id in ORGS:
        whole, parts = Account(Book(org_id)), Account(Book(org_id))
        movements = read_on(whole, records, before, size)
        opening = Reading(parts, since)
        first = []
        for batch in chunks(records, size):
            first += list(opening.take(batch))
            if opening.ended:
                break
        rest = read_on(parts, [record for record in records if record.offset >= opening.resume], before, size)
        assert first + rest == movements
        assert parts == whole
