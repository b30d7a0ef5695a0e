"""Positions as tokens."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.log.position import covers, decode, encode, merge, only

parts = st.builds(lambda t, p: f"{t}/{p}", st.sampled_from(["events.jobs", "events.canvas"]), st.integers(0, 60))
positions = st.dictionaries(parts, st.integers(0, 2**63 - 1))


@given(positions)
def test_a_token_stands_for_its_position(position: dict[str, int]) -> None:
    assert decode(encode(position)) == position


@given(positions, positions)
def test_what_is_merged_covers_both(a: dict[str, int], b: dict[str, int]) -> None:
    merged = merge(a, b)
    assert covers(merged, a)
    assert covers(merged, b)
    assert set(merged) == set(a) | set(b)


def test_a_part_that_was_never_seen_is_not_covered() -> None:
    assert not covers({"events.jobs/1": 9}, {"events.jobs/2": 1})
    assert covers({}, {"events.jobs/2": 0})


def test_only_the_parts_of_a_reader() -> None:
    position = {"events.jobs/1": 3, "events.canvas/0": 2}
    assert only(position, {"events.jobs"}) == {"events.jobs/1": 3}


def _token(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        "!!!",
        "a",
        "é",
        "x" * 9000,
        _token(b"[]"),
        _token(b"{"),
        _token(b'{"events.jobs/0":-1}'),
        _token(b'{"events.jobs/0":true}'),
        _token(b'{"events.jobs/0":1.5}'),
        _token(b'{"events.jobs/0":"1"}'),
        _token(b'{"events.jobs":1}'),
        _token(b'{"$where/0":1}'),
        _token(b'{"events.jobs/0":9223372036854775808}'),
    ],
)
def test_what_encode_did_not_make_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="position"):
        decode(token)
