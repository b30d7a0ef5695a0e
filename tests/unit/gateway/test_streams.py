"""Rings, backlogs and connections: what is kept, what a client that comes back is given, who is let go."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from events.topics import EVENTS_CANVAS, EVENTS_CREDITS, PROGRESS
from gateway.live.hub import QUEUE_MAX, Connection, Hub
from gateway.live.rings import AGE_MAX_S, BYTES_MAX, Entry, Ring
from gateway.live.sse import backlog

CANVAS, LIVE = "events.canvas/1", "progress/1"


@dataclass
class Record:
    """As much of a record from the log as a ring looks at."""

    topic: str
    offset: int
    key: bytes = b"ses_X"
    value: bytes = b"{}"
    partition: int = 1
    headers: list[tuple[str, bytes]] = field(default_factory=lambda: [("ce_orgid", b"org_A")])


def entry(where: str, offset: int, at: float = 0.0, size: int = 2) -> Entry:
    return Entry(where, offset, at, Record(where.split("/")[0], offset, value=b"x" * size))


def ring(*entries: Entry) -> Ring:
    made = Ring()
    for one in entries:
        made.append(one)
    return made


def test_a_ring_is_complete_from_its_first_entry_on() -> None:
    made = ring(entry(CANVAS, 5), entry(LIVE, 90), entry(CANVAS, 8))
    assert made.since == {CANVAS: 5, LIVE: 90}
    assert made.org_id == "org_A"


def test_what_is_too_old_goes_and_the_ring_says_so() -> None:
    made = ring(entry(CANVAS, 5, 0.0), entry(CANVAS, 6, 10.0), entry(LIVE, 90, AGE_MAX_S + 5))
    assert [one.offset for one in made.entries] == [6, 90]
    assert made.since == {CANVAS: 6, LIVE: 90}


def test_a_ring_has_a_limit_in_bytes() -> None:
    made = ring(*(entry(LIVE, n, 0.0, 100_000) for n in range(30)))
    assert made.bytes <= BYTES_MAX
    assert made.since == {LIVE: made.entries[0].offset}
    assert made.bytes == sum(one.size for one in made.entries)


def test_a_resume_is_given_what_it_has_not_seen_of_each_part() -> None:
    made = ring(entry(CANVAS, 5), entry(LIVE, 90), entry(CANVAS, 6), entry(LIVE, 91))
    given = backlog(made, CANVAS, LIVE, {CANVAS: 6, LIVE: 91}, fresh=False)
    assert [one.offset for one in given] == [6, 91]


def test_who_comes_fresh_is_given_the_deltas_of_what_is_being_written() -> None:
    made = ring(entry(LIVE, 89), entry(CANVAS, 5), entry(LIVE, 90), entry(LIVE, 91))
    given = backlog(made, CANVAS, LIVE, {CANVAS: 6, LIVE: 92}, fresh=True)
    assert [one.offset for one in given] == [90, 91]


async def test_who_does_not_read_is_let_go_and_the_others_are_not() -> None:
    hub = Hub()
    with hub.session("ses_X", "org_A") as (slow, _), hub.session("ses_X", "org_A") as (quick, _):
        for offset in range(QUEUE_MAX + 1):
            hub.on_record(Record(EVENTS_CANVAS, offset))
            assert (await quick.next()) is not None
        assert slow.closed
        assert await slow.next() is None
        assert not quick.closed


async def test_records_reach_only_their_session_and_organisation() -> None:
    hub = Hub()
    with hub.session("ses_X", "org_A") as (mine, _), hub.session("ses_Y", "org_B") as (other, _):
        hub.on_record(Record(EVENTS_CANVAS, 1))
        hub.on_record(Record(PROGRESS, 2))
        hub.close()
        assert mine.closed
        assert other.closed
        assert hub.last == {CANVAS: 2, LIVE: 3}
    assert hub.org_of("ses_X") == "org_A"
    assert hub.org_of("ses_Y") is None


async def test_the_books_tell_only_who_listens() -> None:
    hub, told = Hub(), []
    hub.on_credits(lambda org, position: told.append((org, position)))
    hub.on_record(Record(EVENTS_CREDITS, 4, key=b"org_A"))
    assert told == [("org_A", {"events.credits/1": 5})]
    assert not hub.listening("org_A")
    with hub.org("org_A"):
        assert hub.listening("org_A")
    assert not hub.listening("org_A")


async def test_a_position_is_reached_or_it_is_not() -> None:
    hub = Hub()
    hub.on_record(Record(EVENTS_CANVAS, 4))
    assert await hub.reached(CANVAS, 5, 0.01)
    assert not await hub.reached(CANVAS, 6, 0.01)


@pytest.mark.parametrize("times", [1, 3])
async def test_a_closed_connection_takes_nothing_more(times: int) -> None:
    connection = Connection()
    connection.offer(entry(CANVAS, 1))
    for _ in range(times):
        connection.close()
    connection.offer(entry(CANVAS, 2))
    assert await connection.next() is None
