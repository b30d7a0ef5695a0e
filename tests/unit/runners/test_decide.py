"""Batches of commands: what they lead to, without a broker."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.ask import Answer, CommandFailed
from commands.model import Command, CommandEnvelope
from commands.refusals import IdempotencyMismatch, IdempotencyReplay, IllegalState, NotFound
from commands.wire import decode_reply, encode_answer, encode_command
from events.log.codec import to_ms
from events.log.request_reply import REPLY_PARTITION, REPLY_TO
from events.topics import DEADLETTER_COMMANDS
from processors.runners.decide import RESULT_BYTES_MAX, Batch, BatchDecider, FoldFailed
from processors.runners.rows import LastEvent
from processors.runners.store import DeciderStore
from tests.unit.runners.toy import Add, Explode, Look, Names, Open, Say, Toy, Unfold

NAMES = Names()
_offsets = itertools.count()


def record(
    command: Command,
    command_id: str,
    *,
    correlation: str | None = None,
    key: str | None = None,
    digest: str | None = None,
    at_ms: int = 1_000,
    offset: int | None = None,
) -> ConsumerRecord[bytes, bytes]:
    envelope = CommandEnvelope(
        id=command_id,
        org_id="org",
        actor="tester",
        correlation_id=correlation or command_id,
        causation_id=command_id,
        idempotency_key=key,
        digest=digest,
    )
    value, headers = encode_command(command, envelope)
    headers += [(REPLY_TO, command_id.encode()), (REPLY_PARTITION, b"3")]
    return raw(value, headers, command.route.encode(), at_ms=at_ms, offset=offset)


def raw(
    value: bytes | None, headers: Any, key: bytes | None, *, at_ms: int = 1_000, offset: int | None = None
) -> ConsumerRecord[bytes, bytes]:
    place = next(_offsets) if offset is None else offset
    return ConsumerRecord(NAMES.commands, 0, place, at_ms, 1, key, value, None, -1, -1, tuple(headers))


class Partition:
    """A decider partition whose commits always succeed at once."""

    def __init__(self, folder: Path) -> None:
        self.store = DeciderStore(folder / "toy.sqlite", fingerprint="test")
        self.deciding = BatchDecider(Toy(NAMES).decider, self.store, partition=0, partitions=1)
        self.log: list[Any] = []

    def take(self, *records: ConsumerRecord[bytes, bytes]) -> Batch:
        batch = self.deciding.decide(records)
        mark = self.store.mark.copy()
        mark.last_ms = batch.last_ms
        for out in batch.records:
            self.log.append(out)
            if out.command is not None and out.event_id is not None:
                out.command.position[f"{out.topic}/0"] = len(self.log)
                mark.last_events[out.topic] = LastEvent(len(self.log) - 1, out.event_id)
        self.store.apply(batch.changes, mark)
        return batch

    def ask(self, *records: ConsumerRecord[bytes, bytes]) -> Any:
        """What the last of the records was answered."""
        [*_, reply] = self.take(*records).replies
        if reply.finished is not None:
            return decode_reply(reply.finished)
        position = {} if reply.command is None else reply.command.position
        return decode_reply(encode_answer(reply.result, position))

    def events(self) -> list[dict[str, str]]:
        return [{name: value.decode() for name, value in out.headers} for out in self.log if out.event_id is not None]


@pytest.fixture
def partition(tmp_path: Path) -> Partition:
    return Partition(tmp_path)


def opening(account: str = "acc", command_id: str = "open", **more: Any) -> ConsumerRecord[bytes, bytes]:
    return record(Open(owner="o", account=account, topic=NAMES.accounts), command_id, **more)


def adding(amount: int, command_id: str, account: str = "acc", **more: Any) -> ConsumerRecord[bytes, bytes]:
    return record(Add(owner="o", account=account, amount=amount), command_id, **more)


def test_a_batch_is_decided_against_what_it_has_changed_itself(partition: Partition) -> None:
    answer = partition.ask(opening(), adding(5, "a"), adding(-3, "b"))
    assert answer.result == {"amount": 2, "version": 3}
    assert [(e["ce_subject"], e["ce_streamversion"]) for e in partition.events()] == [
        ("acc", "1"),
        ("acc", "1"),
        ("acc", "2"),
        ("acc", "3"),
    ]
    with pytest.raises(IllegalState):
        partition.ask(adding(-3, "c"))


def test_a_mixed_batch_answers_each_and_stops_for_none(partition: Partition) -> None:
    poison = raw(b"\xff{", [("ce_id", b"p"), (REPLY_TO, b"p"), (REPLY_PARTITION, b"0")], b"o")
    nothing = raw(None, [], None)
    batch = partition.take(
        opening(),
        poison,
        record(Explode(owner="o", account="acc"), "boom"),
        nothing,
        adding(-1, "refused"),
        adding(7, "last"),
    )
    answers: list[Any] = []
    for reply in batch.replies:
        try:
            answers.append(decode_reply(reply.finished or encode_answer(reply.result, {})))
        except (CommandFailed, IllegalState) as error:
            answers.append(type(error))
    assert answers == [
        Answer({"account_id": "acc"}, {}),
        CommandFailed,
        CommandFailed,
        IllegalState,
        Answer({"amount": 7, "version": 2}, {}),
    ]
    dead = [dict(out.headers) for out in batch.records if out.topic == DEADLETTER_COMMANDS]
    assert [letter["ce_input"].rsplit(b"/", 1)[0] for letter in dead] == [NAMES.commands.encode() + b"/0"] * 3
    assert dead[1]["reason"] == b"ZeroDivisionError in toy.Explode"
    assert [e["ce_type"] for e in partition.events()][-1] == "com.aistudio.toy.added.v1"


def test_an_event_that_does_not_fold_stops_the_partition(partition: Partition) -> None:
    partition.take(opening())
    with pytest.raises(FoldFailed):
        partition.take(record(Unfold(owner="o", account="acc"), "x"))


def test_a_repeated_command_is_answered_as_before(partition: Partition) -> None:
    first = partition.ask(opening(), adding(5, "a"))
    assert partition.ask(adding(5, "a")) == first
    assert partition.ask(adding(1, "b"), adding(5, "a")) == first
    assert len(partition.events()) == 4


def test_a_refusal_is_not_remembered(partition: Partition) -> None:
    with pytest.raises(NotFound):
        partition.ask(adding(5, "a", key="k", digest="d"))
    partition.take(opening())
    assert partition.ask(adding(5, "a", key="k", digest="d")).result == {"amount": 5, "version": 2}


def test_a_command_without_events_is_decided_each_time(partition: Partition) -> None:
    partition.take(opening())
    look = record(Look(owner="o", account="acc"), "look")
    assert partition.ask(look).result == {"amount": 0}
    assert partition.ask(adding(5, "a"), look).result == {"amount": 5}


def test_a_used_key_is_a_replay_or_a_mismatch(partition: Partition) -> None:
    partition.take(opening())
    first = partition.ask(adding(5, "a", correlation="1", key="k", digest="same"))
    assert partition.ask(adding(5, "a", correlation="1", key="k", digest="same")) == first
    with pytest.raises(IdempotencyReplay):
        partition.ask(adding(5, "a", correlation="2", key="k", digest="same"))
    with pytest.raises(IdempotencyMismatch):
        partition.ask(adding(6, "a", correlation="3", key="k", digest="other"))


def test_what_a_key_created_is_known_for_ever(partition: Partition) -> None:
    created = partition.ask(opening(command_id="one", correlation="1", key="k", digest="same"))
    assert created.result == {"account_id": "acc"}
    with pytest.raises(IdempotencyReplay) as replay:
        partition.ask(opening(command_id="two", correlation="2", key="k", digest="same"))
    assert replay.value.members == {"existing_id": "acc"}
    with pytest.raises(IdempotencyMismatch):
        partition.ask(opening(command_id="three", correlation="3", key="k", digest="other"))
    assert partition.ask(opening(command_id="four", correlation="1", key="k", digest="same")).result == created.result


def test_what_exists_without_a_key_cannot_be_created_again(partition: Partition) -> None:
    partition.take(opening())
    with pytest.raises(IllegalState):
        partition.ask(opening(command_id="two", key="k", digest="d"))


def test_only_the_first_event_tells_of_key_and_result(partition: Partition) -> None:
    partition.take(opening(key="k", digest="d"))
    first, second = partition.events()
    assert (first["ce_idempotencykey"], first["ce_digest"]) == ("k", "d")
    assert orjson.loads(first["ce_result"]) == {"account_id": "acc"}
    assert "ce_digest" not in second
    assert first["ce_commandid"] == second["ce_commandid"] == "open"
    assert first["ce_id"] != second["ce_id"]


def test_the_same_command_makes_the_same_event_ids(tmp_path: Path) -> None:
    ids = []
    for name in ("one", "two"):
        partition = Partition(tmp_path / name)
        partition.take(opening())
        ids.append([event["ce_id"] for event in partition.events()])
    assert ids[0] == ids[1]


def test_summaries_are_written_once_a_batch_and_end_with_a_tombstone(partition: Partition) -> None:
    batch = partition.take(opening(), adding(5, "a"), adding(2, "b"))
    assert [out.value for out in batch.records if out.topic == NAMES.current] == [b'{"amount":7}']
    batch = partition.take(adding(-7, "c"))
    assert [out.value for out in batch.records if out.topic == NAMES.current] == [None]


def test_a_result_is_measured_in_bytes_and_not_in_letters(partition: Partition) -> None:
    fits = (RESULT_BYTES_MAX - len('{"text":""}')) // len("é".encode())
    assert partition.ask(record(Say(owner="o", account="acc", text="é" * fits), "fits")).result["text"] == "é" * fits
    with pytest.raises(CommandFailed):
        partition.ask(record(Say(owner="o", account="acc", text="é" * (fits + 1)), "too-large"))


@pytest.mark.parametrize("key", [b"other", None])
def test_a_command_under_a_foreign_key_is_set_aside(partition: Partition, key: bytes | None) -> None:
    good = opening()
    batch = partition.take(raw(good.value, good.headers, key))
    assert [out.topic for out in batch.records] == [DEADLETTER_COMMANDS]


def test_a_command_that_is_too_large_to_keep_is_cut_in_the_dead_letters(partition: Partition) -> None:
    batch = partition.take(raw(b"x" * 1_100_000, [("ce_id", b"big")], b"o"))
    [letter] = batch.records
    assert letter.value is not None
    assert len(letter.value) == 900_000
    assert ("truncated", b"true") in letter.headers


steps = st.tuples(st.integers(0, 10_000), st.integers(-3, 5), st.booleans())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(steps, max_size=30), st.integers(1, 7))
def test_time_never_runs_back_in_a_partition(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[int, int, bool]], size: int
) -> None:
    partition = Partition(tmp_path_factory.mktemp("time"))
    partition.take(opening(at_ms=5_000))
    records = [
        adding(amount, f"c{number}", account="acc" if known else "nobody", at_ms=at_ms)
        for number, (at_ms, amount, known) in enumerate(script)
    ]
    for start in range(0, len(records), size):
        partition.take(*records[start : start + size])
    times = [datetime.fromisoformat(event["ce_time"]) for event in partition.events()]
    assert times == sorted(times)
    by_id = {f"c{number}": at_ms for number, (at_ms, _, _) in enumerate(script)}
    for event, at in zip(partition.events(), times, strict=True):
        assert to_ms(at) >= by_id.get(event["ce_commandid"], 5_000)
    versions = [int(e["ce_streamversion"]) for e in partition.events() if e["ce_type"].endswith("added.v1")]
    assert versions == list(range(2, 2 + len(versions)))
