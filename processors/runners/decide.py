"""What a batch of commands leads to: every command decided in order against what those before it have changed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from commands.model import Command, CommandEnvelope, Context, Decider, Decision, Stream
from commands.refusals import IdempotencyMismatch, IdempotencyReplay, IllegalState, Refusal
from commands.wire import BadCommand, Received, decode_command, encode_failure, encode_refusal
from events.envelope import Envelope, InputPosition, StreamRef
from events.ids import NamedIds
from events.log import codec
from events.log.clients import Record
from events.log.request_reply import ReplyAddress, reply_address
from events.log.routing import partition_of
from events.model import Event
from events.registry import encode
from events.topics import DEADLETTER_COMMANDS
from processors.runners.rows import Changes, CommandRow, StreamRow, advanced
from processors.runners.store import DeciderStore

log = logging.getLogger(__name__)

Header = tuple[str, bytes]

RECORD_BYTES_MAX: Final = 900_000
"""What the log takes as one record, with room for headers: a larger event is the decision's fault, not the log's."""
RESULT_BYTES_MAX: Final = 32_768
COMMAND_HEADERS_MAX: Final = 32_768
HEADER_BYTES_MAX: Final = 1024
_event_id: Final = NamedIds("3d2c9e5e-58b4-5d0d-8a8a-6a1d7c0b9f21")
"""The same command always leads to events of the same ids."""


class FoldFailed(RuntimeError):
    """An event could not be folded, or the log is not as deciders write it: the partition stops, with an alarm."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record for the transaction; `command` is the row whose answer stands behind it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[Header]
    command: CommandRow | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to be given after the commit: finished bytes, or a result with the position of `command`.

    Without either the position is that of the whole batch.
    """

    to: ReplyAddress
    finished: bytes | None = None
    result: str | None = None
    command: CommandRow | None = None


@dataclass(slots=True)
class Batch:
    """What a batch of commands leads to, before it is on the log."""

    streams: dict[tuple[str, str], StreamRow] = field(default_factory=dict)
    commands: dict[str, CommandRow] = field(default_factory=dict)
    records: list[Outgoing] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    highest_input: int = -1
    last_ms: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """How many commands were accepted, repeated, refused, set aside."""

    @property
    def changes(self) -> Changes:
        return Changes(self.streams, self.commands)


@dataclass(frozen=True, slots=True)
class _Order:
    """A command with everything its decision needs."""

    command: Command
    envelope: CommandEnvelope
    input: InputPosition
    key: bytes
    at_ms: int
    to: ReplyAddress | None


class BatchDecider:
    """Decides batches for one partition. It reads the store and changes nothing outside its result."""

    def __init__(self, decider: Decider, store: DeciderStore, *, partition: int, partitions: int) -> None:
        self._decider = decider
        self._store = store
        self._partition = partition
        self._partitions = partitions
        self._kinds = {kind.type_name(): kind for kind in decider.commands.values()}
        self._source = codec.source(decider.name)
        self._batch = Batch()
        self._absent: set[tuple[str, str]] = set()
        """Streams that the store has been asked for in vain."""

    def decide(self, records: Sequence[Record]) -> Batch:
        """Raises FoldFailed; everything else that can go wrong is an answer."""
        self._batch = batch = Batch(last_ms=self._store.mark.last_ms)
        received = [self._receive(record) for record in records]
        self._absent = self._store.absent(_begun_by(r.command) for r in received if isinstance(r, Received))
        known = self._store.known_commands([r.envelope.id for r in received if isinstance(r, Received)])
        for record, found in zip(records, received, strict=True):
            batch.last_ms = max(batch.last_ms, record.timestamp)
            to = reply_address(record.headers)
            if isinstance(found, BadCommand):
                self._set_aside(record, str(found), to)
                continue
            place = InputPosition(record.topic, record.partition, record.offset)
            order = _Order(found.command, found.envelope, place, record.key, batch.last_ms, to)
            try:
                self._settle(order, batch.commands.get(found.envelope.id) or known.get(found.envelope.id))
            except Refusal as refused:
                batch.outcomes["refused"] += 1
                self._reply(to, finished=encode_refusal(refused))
            except FoldFailed:
                raise
            except Exception as error:
                log.exception("%s was set aside", place)
                self._set_aside(record, f"{type(error).__name__} in {type(found.command).type_name()}", to)
        self._summarize()
        return batch

    def _receive(self, record: Record) -> Received | BadCommand:
        if sum(len(value or b"") for _, value in record.headers) > COMMAND_HEADERS_MAX:
            return BadCommand("headers: too long")
        try:
            received = decode_command(self._kinds, record.value, record.headers)
            route = received.command.route
        except BadCommand as error:
            return error
        except ValueError as error:
            return BadCommand(f"route: {error}")
        if record.key != route.encode() or partition_of(route, self._partitions) != self._partition:
            return BadCommand("the record stands under a key or in a partition that is not its command's")
        return received

    # --- one command -----------------------------------------------------------------------------------

    def _settle(self, order: _Order, known: CommandRow | None) -> None:
        """Answers again what is known already; decides the rest. Raises a Refusal."""
        envelope = order.envelope
        if known is not None:
            if envelope.idempotency_key is not None and known.correlation != envelope.correlation_id:
                raise _repeated(known.digest, known.result, envelope)
            self._batch.outcomes["repeated"] += 1
            self._reply(order.to, result=known.result, command=known)
            return
        creates = order.command.creates
        if creates is not None and (existing := self._row(creates)) is not None:
            if existing.correlation != envelope.correlation_id:
                if existing.view.digest is None:
                    raise IllegalState(f"{creates.subject} exists", allowed=[])
                raise _repeated(existing.view.digest, existing.view.result, envelope)
            self._batch.outcomes["repeated"] += 1
            self._reply(order.to, result=existing.view.result)
            return
        self._decide(order, creates)

    def _decide(self, order: _Order, creates: StreamRef | None) -> None:
        at = _moment(order.at_ms)
        decision = self._decider.decide(order.command, self._view, Context(at, order.envelope))
        encoded = b"" if decision.result is None else orjson.dumps(decision.result)
        if len(encoded) > RESULT_BYTES_MAX:
            raise ValueError(f"a result of {len(encoded)} bytes")
        result = encoded.decode() or None
        self._batch.outcomes["accepted"] += 1
        if not decision.events:
            # Nothing is on the log, so nothing is remembered: asked again, it is decided again.
            self._reply(order.to, result=result)
            return
        envelope = order.envelope
        row = CommandRow(envelope.correlation_id, envelope.digest, result, order.at_ms)
        values = self._encode(decision)
        self._stage(order, decision, values, row, creates, at)
        self._batch.commands[envelope.id] = row
        self._batch.highest_input = order.input.offset
        self._reply(order.to, result=result, command=row)

    def _encode(self, decision: Decision) -> list[bytes]:
        """The events' data; raises before anything is staged."""
        values = []
        for ref, event in decision.events:
            if ref.topic not in self._decider.folds:
                raise ValueError(f"{self._decider.name} does not write {ref.topic}")
            value = encode(event)
            ref.subject.encode()
            if len(value) > RECORD_BYTES_MAX:
                raise ValueError(f"{event.ce_type()} has {len(value)} bytes")
            values.append(value)
        return values

    def _stage(
        self,
        order: _Order,
        decision: Decision,
        values: list[bytes],
        row: CommandRow,
        creates: StreamRef | None,
        at: datetime,
    ) -> None:
        """Evolves the streams by the decision's events and puts their records into the batch."""
        result = row.result
        common = codec.command_headers(_envelope(order, at), self._source)
        remembered = codec.decision_headers(order.envelope.idempotency_key, row.digest, result)
        for index, ((ref, event), value) in enumerate(zip(decision.events, values, strict=True)):
            before = self._row(ref)
            state = self._evolve(ref, self._state(ref, before), event, at)
            tells = index == 0 or (before is None and ref == creates)
            digest, told = (row.digest, result) if tells else (None, None)
            after = advanced(before, state, digest=digest, result=told, correlation=row.correlation)
            self._batch.streams[(ref.topic, ref.subject)] = after
            event_id = _event_id(f"{order.envelope.id}\x1f{index}")
            headers = common + codec.event_headers(event_id, event, ref.subject, after.view.version)
            if tells:
                headers += remembered
            self._batch.records.append(Outgoing(ref.topic, order.key, value, headers, row, event_id))

    def _evolve(self, ref: StreamRef, state: Any, event: Event, at: datetime) -> Any:
        try:
            return self._decider.folds[ref.topic].evolve(state, event, at)
        except Exception as error:
            raise FoldFailed(f"{event.ce_type()} does not fold into {ref.topic} {ref.subject}") from error

    # --- streams as the batch leaves them ----------------------------------------------------------------

    def _row(self, ref: StreamRef) -> StreamRow | None:
        key = (ref.topic, ref.subject)
        row = self._batch.streams.get(key)
        if row is None and key not in self._absent and (row := self._store.stream(*key)) is None:
            self._absent.add(key)
        return row

    def _view(self, ref: StreamRef) -> Stream[Any]:
        row = self._row(ref)
        return row.view if row is not None else Stream(self._state(ref, None), 0)

    def _state(self, ref: StreamRef, row: StreamRow | None) -> Any:
        return row.view.state if row is not None else self._decider.folds[ref.topic].initial(ref.subject)

    def _summarize(self) -> None:
        """The `current.*` records of all streams that changed, each once and as the batch leaves it."""
        last: dict[tuple[str, str], Outgoing] = {}
        for (topic, subject), row in self._batch.streams.items():
            try:
                current = self._decider.summarize(StreamRef(topic, subject), row.view.state)
            except Exception as error:
                raise FoldFailed(f"{topic} {subject} cannot be summarized") from error
            if current is None or (current.value is None and not self._was_summarized(topic, subject)):
                continue
            value = None if current.value is None else current.value.model_dump_json(by_alias=True, exclude_none=True)
            if value is not None and len(value) > RECORD_BYTES_MAX:
                # Derived, and not worth a partition: its readers keep the last one that fitted.
                log.error("%s %s: a summary of %d bytes is not written", current.topic, current.key, len(value))
                continue
            encoded = None if value is None else value.encode()
            last[(current.topic, current.key)] = Outgoing(current.topic, current.key.encode(), encoded, [])
        self._batch.records += last.values()

    def _was_summarized(self, topic: str, subject: str) -> bool:
        """Whether `current.*` holds something of the stream: a tombstone is written once."""
        before = self._store.stream(topic, subject)
        if before is None:
            return False
        current = self._decider.summarize(StreamRef(topic, subject), before.view.state)
        return current is not None and current.value is not None

    # --- answers ---------------------------------------------------------------------------------------

    def _reply(
        self,
        to: ReplyAddress | None,
        *,
        finished: bytes | None = None,
        result: str | None = None,
        command: CommandRow | None = None,
    ) -> None:
        if to is not None:
            self._batch.replies.append(Reply(to, finished, result, command))

    def _set_aside(self, record: Record, reason: str, to: ReplyAddress | None) -> None:
        """The command goes to the dead letters with its reason; nothing of it is written."""
        self._batch.outcomes["set_aside"] += 1
        headers: list[Header] = [("reason", reason.encode()[:HEADER_BYTES_MAX])]
        headers.append(("ce_input", f"{record.topic}/{record.partition}/{record.offset}".encode()))
        kept = ("ce_id", "ce_type", "ce_orgid", "ce_actor", "ce_correlationid", "ce_causationid")
        headers += [
            (name, value[:HEADER_BYTES_MAX]) for name, value in record.headers if name in kept and value is not None
        ]
        value = record.value or b""
        if len(value) > RECORD_BYTES_MAX:
            value = value[:RECORD_BYTES_MAX]
            headers.append(("truncated", b"true"))
        key = None if record.key is None else record.key[:HEADER_BYTES_MAX]
        self._batch.records.append(Outgoing(DEADLETTER_COMMANDS, key, value, headers))
        self._reply(to, finished=encode_failure(reason))


def _begun_by(command: Command) -> tuple[str, str] | None:
    """Topic and subject of the stream that a command begins."""
    creates = command.creates
    return None if creates is None else (creates.topic, creates.subject)


def _repeated(digest: str | None, result: str | None, envelope: CommandEnvelope) -> Refusal:
    """A key that was used before: for the same request a replay, for another a mismatch."""
    if digest is None or digest != envelope.digest:
        return IdempotencyMismatch("this idempotency key was used for another request")
    existing = _first_id(result)
    members = {} if existing is None else {"existing_id": existing}
    return IdempotencyReplay("this idempotency key was used before, for the same request", **members)


def _first_id(result: str | None) -> str | None:
    """The first id in what a command was answered: what it created."""
    members = {} if result is None else orjson.loads(result)
    return next((value for name, value in members.items() if name.endswith("_id") and isinstance(value, str)), None)


def _envelope(order: _Order, at: datetime) -> Envelope:
    """The envelope of a decision's events, as far as they share it."""
    asked = order.envelope
    return Envelope(
        id="",
        type="",
        time=at,
        stream=StreamRef("", ""),
        version=0,
        org_id=asked.org_id,
        actor=asked.actor,
        command_id=asked.id,
        input=order.input,
        correlation_id=asked.correlation_id,
        causation_id=asked.causation_id,
        traceparent=asked.traceparent,
    )


@lru_cache(maxsize=1024)
def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
