"""The events of a stream come out the same however its bytes arrive."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm import sse
from adapters.llm.failures import Broken
from adapters.llm.sse import EventReader, value_of

values = st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=2)


def read(raw: bytes, size: int) -> list[bytes]:
    reader = EventReader()
    return [data for at in range(0, len(raw), size) for data in reader.feed(raw[at : at + size])]


@given(said=st.lists(values, max_size=5), size=st.integers(1, 40), line_end=st.sampled_from([b"\n", b"\r\n"]))
def test_any_pieces_of_a_stream_give_its_events(said: list[dict[str, str]], size: int, line_end: bytes) -> None:
    lines = [b": hello", b"event: x", b""]
    for value in said:
        lines += [b"data: " + json.dumps(value, ensure_ascii=False).encode(), b""]
    found = read(line_end.join([*lines, b""]), size)
    assert [value_of(data) for data in found] == said


@given(said=values, cut=st.integers(1, 60))
def test_an_event_that_did_not_end_is_none(said: dict[str, str], cut: int) -> None:
    raw = b"data: " + json.dumps(said).encode() + b"\n\n"
    assert read(raw[: -min(cut, len(raw))], 7) == []


def test_lines_of_one_event_belong_together() -> None:
    assert [value_of(data) for data in read(b'data: {"a":\ndata:1}\n\n', 3)] == [{"a": 1}]


def test_an_event_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "EVENT_BYTES_MAX", 100)
    with pytest.raises(Broken):
        read(b"data: " + b"x" * 101, 10)
    with pytest.raises(Broken):
        read(b"data: x\n" * 20, 10)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'"\xf0\x9f"', b"[" * 100_000, b"nul"])
def test_what_is_no_json_is_broken(data: bytes) -> None:
    with pytest.raises(Broken):
        value_of(data)


def test_half_a_surrogate_pair_is_let_through() -> None:
    assert value_of(b'"\\ud83d"') == "\ud83d"
