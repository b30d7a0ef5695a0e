"""The orgs decider as its runner runs it, without a broker: every command is decided and applied when it is asked."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from aiokafka.structs import ConsumerRecord

from commands.ask import Answer
from commands.model import Command, CommandEnvelope
from commands.orgs.decider import ORGS
from commands.refusals import Refusal
from commands.wire import decode_reply, encode_answer, encode_command
from events.credits.events import LedgerEntry
from events.envelope import Recorded
from events.log.codec import from_record
from events.log.request_reply import REPLY_PARTITION, REPLY_TO
from processors.runners.decide import BatchDecider
from processors.runners.rows import Changes, LastEvent, Mark, StreamRow
from processors.runners.store import DeciderStore

NOON_MS = 1_767_268_800_000


class Orgs:
    """An `Ask` over one partition; `log` is what a reader of its topics would see, `raw` as it stands there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._streams: dict[tuple[str, str], StreamRow] = {}
        self._offsets = itertools.count()
        self.log: list[Recorded] = []
        self.raw: list[ConsumerRecord[bytes, bytes]] = []
        self.restart(Mark())

    def restart(self, mark: Mark) -> None:
        """With the streams that the log has led to, and without a memory of the commands."""
        self._store = DeciderStore(self._folder / f"orgs-{next(self._offsets)}.sqlite", fingerprint="test")
        self._store.apply(Changes(self._streams, {}), mark)
        self._deciding = BatchDecider(ORGS, self._store, partition=0, partitions=1)

    def forget_commands(self) -> None:
        """As after 24 hours."""
        self.restart(self._store.mark)

    async def __call__(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        [answer] = self.together((command, envelope))
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def together(self, *orders: tuple[Command, CommandEnvelope]) -> list[Answer | Refusal]:
        """What waits at the same time is decided in one batch, and written in one transaction."""
        batch = self._deciding.decide([self._received(*order) for order in orders])
        mark = self._store.mark.copy()
        for out in batch.records:
            if out.event_id is not None:
                self.raw.append(record(out.topic, len(self.log), out.key, out.value, out.headers))
                self.log.append(from_record(self.raw[-1]))
                mark.last_events[out.topic] = LastEvent(len(self.log) - 1, out.event_id)
        self._streams |= batch.streams
        self._store.apply(batch.changes, mark)
        return [answer_of(reply.finished or encode_answer(reply.result, {})) for reply in batch.replies]

    def _received(self, command: Command, envelope: CommandEnvelope) -> ConsumerRecord[bytes, bytes]:
        value, headers = encode_command(command, envelope)
        headers += [(REPLY_TO, envelope.id.encode()), (REPLY_PARTITION, b"0")]
        return record(ORGS.command_topic, next(self._offsets), command.route.encode(), value, headers)

    def entries(self) -> list[LedgerEntry]:
        return [recorded.data for recorded in self.log if isinstance(recorded.data, LedgerEntry)]


def answer_of(reply: bytes) -> Answer | Refusal:
    try:
        return decode_reply(reply)
    except Refusal as refusal:
        return refusal


def record(
    topic: str, offset: int, key: bytes | None, value: bytes | None, headers: Any
) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(topic, 0, offset, NOON_MS + offset, 1, key, value, None, -1, -1, tuple(headers))
