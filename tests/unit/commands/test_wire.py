"""Commands and replies as records."""

from __future__ import annotations

from typing import Any

import pytest

from commands.ask import Answer, CommandFailed
from commands.model import Command, CommandEnvelope
from commands.refusals import REFUSALS, InsufficientCredit, InvalidInput, Refusal
from commands.wire import (
    BadCommand,
    decode_command,
    decode_reply,
    encode_answer,
    encode_command,
    encode_failure,
    encode_refusal,
    is_remembered,
)
from tests.unit.runners.toy import Add

KINDS: dict[str, type[Command]] = {Add.type_name(): Add}
COMMAND = Add(owner="o", account="a", amount=3)
PLAIN = CommandEnvelope(id="c1", org_id="org", actor="key_1", correlation_id="r1", causation_id="r1")
FULL = CommandEnvelope(
    id="c1",
    org_id="org",
    actor="key_1",
    correlation_id="r1",
    causation_id="e1",
    idempotency_key="once\u00e9",
    digest="d",
    traceparent="00-a-b-01",
)


@pytest.mark.parametrize("envelope", [PLAIN, FULL])
def test_a_command_comes_as_it_was_sent(envelope: CommandEnvelope) -> None:
    value, headers = encode_command(COMMAND, envelope)
    received = decode_command(KINDS, value, headers)
    assert received.command == COMMAND
    assert received.envelope == envelope


VALUE, HEADERS = encode_command(COMMAND, FULL)


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (None, HEADERS),
        (b"", HEADERS),
        (b"{", HEADERS),
        (b"\xff", HEADERS),
        (b"[]", HEADERS),
        (b'{"owner":"o","account":"a"}', HEADERS),
        (b'{"owner":"o","account":"a","amount":3,"org_id":"mine"}', HEADERS),
        (VALUE, []),
        (VALUE, [(name, raw) for name, raw in HEADERS if name != "ce_id"]),
        (VALUE, [(name, b"" if name == "ce_id" else raw) for name, raw in HEADERS]),
        (VALUE, [(name, b"\xff" if name == "ce_actor" else raw) for name, raw in HEADERS]),
        (VALUE, [(name, b"toy.Unknown" if name == "ce_type" else raw) for name, raw in HEADERS]),
        (VALUE, [*HEADERS, ("ce_id", None)]),
    ],
)
def test_what_is_no_command_is_told_apart(value: bytes | None, headers: Any) -> None:
    with pytest.raises(BadCommand):
        decode_command(KINDS, value, headers)


def test_the_reason_tells_nothing_of_the_input() -> None:
    with pytest.raises(BadCommand) as bad:
        decode_command(KINDS, b'{"owner":"o","account":"a","amount":"a secret word"}', HEADERS)
    assert "secret" not in str(bad.value)


def test_an_answer_comes_back() -> None:
    position = {"events.jobs/0": 7}
    assert decode_reply(encode_answer('{"job_id":"job_1"}', position)) == Answer({"job_id": "job_1"}, position)
    assert decode_reply(encode_answer(None, {})) == Answer({}, {})


def test_only_what_left_events_is_remembered() -> None:
    assert is_remembered(encode_answer('{"go":true}', {}))
    for other in (
        encode_answer('{"go":true}', {}, remembered=False),
        encode_refusal(InsufficientCredit("too dear")),
        encode_failure("x"),
    ):
        assert not is_remembered(other)


def test_a_refusal_comes_back_as_it_was_decided() -> None:
    with pytest.raises(InsufficientCredit) as refused:
        decode_reply(encode_refusal(InsufficientCredit("not enough", asked=5, available=3)))
    assert refused.value.detail == "not enough"
    assert refused.value.members == {"asked": 5, "available": 3}


@pytest.mark.parametrize("kind", REFUSALS.values())
def test_every_kind_of_refusal_travels(kind: type[Refusal]) -> None:
    with pytest.raises(kind):
        decode_reply(encode_refusal(kind("no")))


def test_pointers_travel() -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_reply(encode_refusal(InvalidInput.at("/input", "is missing")))
    assert refused.value.members["errors"] == [{"pointer": "/input", "detail": "is missing"}]


def test_a_failure_is_neither_answer_nor_refusal() -> None:
    with pytest.raises(CommandFailed, match="broken"):
        decode_reply(encode_failure("broken"))


def test_a_refusal_of_a_newer_decider_is_a_failure() -> None:
    with pytest.raises(CommandFailed, match="brand-new"):
        decode_reply(b'{"refused":{"slug":"brand-new","detail":"x","members":{}}}')
