"""Events as records and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import Envelope, InputPosition, StreamRef
from events.log.codec import BadRecord, from_record, time_to_text, to_ms, to_record
from events.registry import UnknownEventType
from tests.unit.runners.toy import REGISTRY, Added

EVENT = Added(account="acc", amount=3)


def envelope(**changes: Any) -> Envelope:
    members: dict[str, Any] = {
        "id": "e1",
        "type": EVENT.ce_type(),
        "time": datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC),
        "stream": StreamRef("toy.accounts", "acc"),
        "version": 7,
        "org_id": "org",
        "actor": "key_1",
        "command_id": "c1",
        "input": InputPosition("commands.toy", 3, 99),
        "correlation_id": "r1",
        "causation_id": "e0",
    }
    return Envelope(**{**members, **changes})


def record(value: bytes | None, headers: Any) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord("toy.accounts", 2, 5, 0, 0, b"k", value, None, 1, 1, tuple(headers))


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
texts = st.none() | text


@given(texts, texts, texts, texts, text)
def test_an_event_comes_back_as_it_was_written(
    key: str | None, digest: str | None, result: str | None, trace: str | None, actor: str
) -> None:
    written = envelope(idempotency_key=key, digest=digest, result=result, traceparent=trace, actor=actor)
    recorded = from_record(record(*to_record(written, EVENT)), REGISTRY)
    assert recorded.envelope == written
    assert recorded.data == EVENT
    assert (recorded.partition, recorded.offset) == (2, 5)


def test_the_headers_are_those_of_a_cloud_event() -> None:
    value, headers = to_record(envelope(), EVENT, "/deciders/toy")
    named = dict(headers)
    assert named["ce_specversion"] == b"1.0"
    assert named["ce_source"] == b"/deciders/toy"
    assert named["ce_type"] == b"com.aistudio.toy.added.v1"
    assert named["ce_time"] == b"2026-01-02T03:04:05.678Z"
    assert named["ce_streamversion"] == b"7"
    assert named["ce_input"] == b"commands.toy/3/99"
    assert named["content-type"] == b"application/json"
    assert not {"ce_digest", "ce_result", "ce_idempotencykey", "traceparent"} & set(named)
    assert value == b'{"account":"acc","amount":3}'


def test_times_are_told_in_utc() -> None:
    at = datetime(2026, 1, 2, 3, 0, tzinfo=timezone(timedelta(hours=2)))
    assert time_to_text(at) == "2026-01-02T01:00:00.000Z"


@given(st.integers(0, 4_000_000_000_000))
def test_a_time_on_the_log_is_exact_to_the_millisecond(at_ms: int) -> None:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    assert to_ms(datetime.fromisoformat(time_to_text(at))) == at_ms


def test_what_is_no_event_is_never_skipped() -> None:
    value, headers = to_record(envelope(), EVENT)
    for missing in ("ce_id", "ce_subject", "ce_streamversion", "ce_input", "ce_time"):
        with pytest.raises(BadRecord):
            from_record(record(value, [header for header in headers if header[0] != missing]), REGISTRY)
    with pytest.raises(BadRecord):
        from_record(record(None, headers), REGISTRY)
    newer = [(name, b"com.aistudio.toy.added.v2" if name == "ce_type" else raw) for name, raw in headers]
    with pytest.raises(UnknownEventType):
        from_record(record(value, newer), REGISTRY)


def test_fields_of_a_newer_writer_are_let_pass() -> None:
    _, headers = to_record(envelope(), EVENT)
    recorded = from_record(record(b'{"account":"acc","amount":3,"new":1}', headers), REGISTRY)
    assert recorded.data == EVENT
