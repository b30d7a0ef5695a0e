"""Checkpoints against the chain: what was signed must stand on the log, exactly so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from events.credits.signatures import endorsed_bytes, holds, key_id_of, verify
from projections.audit.books import MONEY_MAX, Book, to_ms
from projections.audit.faults import Fault, Say, place

if TYPE_CHECKING:
    from events.log.clients import Record

CHECKPOINT: Final = b"com.aistudio.credits.checkpoint.v1"
KEY: Final = b"com.aistudio.credits.signing_key_introduced.v1"
REQUEST: Final = b"com.aistudio.credits.checkpoint_requested.v1"


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint whose signature holds; `place` is on the log, or the name of what the auditor holds."""

    org_id: str
    seq: int
    hash: str
    key_id: str
    place: str


@dataclass(frozen=True)
class Noted:
    """What an auditor has noted of the signing keys. Without any the log's first key is believed."""

    keys: tuple[str, ...] = ()
    """Public keys."""
    successors: Mapping[str, str] = field(default_factory=dict)
    """By the id of a replaced key that of the one that replaced it."""
    retired: Mapping[str, str] = field(default_factory=dict)
    """When each replaced key was replaced (RFC 3339)."""


class Heads:
    """Memory: the keys, and the checkpoints whose entry has not come yet or came long before them."""

    def __init__(self, say: Say, noted: Noted | None = None) -> None:
        noted = noted or Noted()
        self._say = say
        self.keys: dict[str, str] = {key_id_of(key): key for key in noted.keys}
        self._noted = tuple(self.keys)
        self._successors = dict(noted.successors)
        self._retired = {key_id: to_ms(at) for key_id, at in noted.retired.items()}
        self._introduced: dict[str, str | None] = {}
        """By the id of a key that the log has introduced that of the key which it replaced."""
        self.awaited: dict[str, dict[int, list[Signed]]] = {}
        """By organisation the checkpoints whose entry has not come yet, by its number."""
        self.late: dict[str, dict[int, list[Signed]]] = {}
        self.unknown: list[tuple[Mapping[str, Any], str]] = []
        """Checkpoints by keys that are not introduced yet, and their places."""
        self.proven: dict[str, int] = {}
        self.recorded: dict[str, int] = {}
        """The newest that stands on the log, of each organisation."""
        self.count = 0

    @property
    def waiting(self) -> int:
        return len(self.awaited)

    def learn(self, record: Record) -> None:
        """A key that the log introduces: known already, vouched for by a known one, or a fault."""
        try:
            data = orjson.loads(record.value)
            key, key_id, replaces = data["public_key"], data["key_id"], data.get("replaces")
            at = to_ms(time_of(record))
            if type(key_id) is not str or not isinstance(replaces, str | None):
                raise TypeError("the ids of keys are text")  # noqa: TRY301 - one message for all of it
            if key_id in self._introduced and self._introduced[key_id] == replaces:
                return
            vouched = key_id in self.keys or self._vouched(key, replaces, data.get("endorsement"))
            genuine = key_id_of(key) == key_id
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._say(Fault("key", f"this introduces no key: {error!r}", place=place(record)))
            return
        if not genuine:
            self._say(Fault("key", f"the key of {key_id} is another one", place=place(record)))
            return
        if key_id in self._introduced:
            self._say(Fault("key", f"{key_id} is introduced twice", place=place(record)))
        if not vouched and (self._noted or self.keys):
            self._say(Fault("key", f"nobody who is trusted vouches for {key_id}", place=place(record)))
        self._introduced[key_id], self.keys[key_id] = replaces, key
        if replaces is not None:
            self._retire(replaces, key_id, at, record)

    def _retire(self, replaced: str, by: str, at: str, record: Record) -> None:
        """A key has one successor: whoever has stolen it after that can name no other."""
        known = self._successors.setdefault(replaced, by)
        if known != by:
            self._say(Fault("key", f"{replaced} was replaced by {known}, not by {by}", place=place(record)))
        noted = self._retired.setdefault(replaced, at)
        if noted != at and known == by:
            self._say(Fault("key", f"{replaced} was replaced at {noted}, not at {at}", place=place(record)))

    def _vouched(self, key: str, replaces: str | None, endorsement: str | None) -> bool:
        by = self.keys.get(replaces) if replaces is not None else None
        return by is not None and endorsement is not None and holds(endorsed_bytes(key, str(replaces)), endorsement, by)

    def hold(self, checkpoint: Mapping[str, Any], name: str, book: Book | None = None) -> bool:
        """One that the auditor holds himself, or that the log holds. Returns whether its signature holds."""
        try:
            org, seq, hash_, key_id = (checkpoint[member] for member in ("org_id", "seq", "hash", "key_id"))
            signed = Signed(org, seq, hash_, key_id, name)
            key = self.keys.get(signed.key_id)
            checked(signed)
            good = key is not None and verify(checkpoint, key)
        except (KeyError, TypeError, ValueError) as error:
            self._say(Fault("checkpoint", f"this is none: {error!r}", place=name))
            return False
        if key is None:
            self.unknown.append((checkpoint, name))
            return False
        if not good:
            told = f"its signature does not hold: {signed.key_id}"
            self._say(Fault("checkpoint", told, signed.org_id, signed.seq, name))
            return False
        self.count += 1
        if book is not None and signed.seq <= book.seq:
            self._arrived_after(signed, book)
        else:
            self.awaited.setdefault(signed.org_id, {}).setdefault(signed.seq, []).append(signed)
        return True

    def hold_again(self, books: Mapping[str, Book]) -> None:
        """Those by unknown keys, once more keys were learnt."""
        unknown, self.unknown = self.unknown, []
        for checkpoint, name in unknown:
            self.hold(checkpoint, name, books.get(checkpoint["org_id"]))

    def take(self, record: Record, book: Book | None) -> None:
        """A record of `events.checkpoints`; `book` is its organisation's so far."""
        for name, value in record.headers:
            if name != "ce_type":
                continue
            if value == KEY:
                self.learn(record)
            elif value == CHECKPOINT:
                self._take(record, book)
            elif value != REQUEST:
                told = f"{value!r} is no event of a checkpoint"
                self._say(Fault("type", told, place=place(record)))
            return

    def _take(self, record: Record, book: Book | None) -> None:
        try:
            data = orjson.loads(record.value)
        except ValueError:
            data = None
        checkpoint = data if isinstance(data, dict) else {}
        if str(checkpoint.get("org_id")).encode() != record.key:
            told = "the key of the record is not the organisation's of the checkpoint"
            self._say(Fault("envelope", told, place=place(record)))
        if self.hold(checkpoint, place(record), book):
            org, seq = checkpoint["org_id"], checkpoint["seq"]
            self.recorded[org] = max(seq, self.recorded.get(org, 0))

    def _arrived_after(self, signed: Signed, book: Book) -> None:
        """Its entry has passed: the head is known, an earlier one is looked up when all else is done."""
        if signed.seq == book.seq:
            self._compare(signed, book.head, book.at)
        else:
            self.late.setdefault(signed.org_id, {}).setdefault(signed.seq, []).append(signed)

    def entry(self, org_id: str, seq: int, hash_: str, at: str) -> None:
        """Called for every entry, in order."""
        waiting = self.awaited.get(org_id)
        if waiting and (signed := waiting.pop(seq, None)):
            if not waiting:
                del self.awaited[org_id]
            for one in signed:
                self._compare(one, hash_, at)

    def entry_again(self, org_id: str, seq: int, hash_: str, at: str) -> None:
        """Called for the entries of a second reading, where `late` holds any."""
        for one in self.late.get(org_id, {}).pop(seq, ()):
            self._compare(one, hash_, at)

    def _compare(self, signed: Signed, hash_: str, at: str) -> None:
        retired = self._retired.get(signed.key_id)
        if signed.hash != hash_:
            told = f"the log's entry has hash {hash_}, signed was {signed.hash}"
            self._say(Fault("rewritten", told, signed.org_id, signed.seq, signed.place))
        elif retired is not None and to_ms(at) > retired:
            told = f"{signed.key_id} was replaced at {retired}, and has signed an entry of {at}"
            self._say(Fault("key", told, signed.org_id, signed.seq, signed.place))
        else:
            self.proven[signed.org_id] = max(signed.seq, self.proven.get(signed.org_id, 0))

    def finish(self, seq_of: Mapping[str, int]) -> None:
        """What was signed and is not on the log."""
        for checkpoint, name in self.unknown:
            told = f"its key is unknown: {checkpoint['key_id']}"
            self._say(Fault("checkpoint", told, checkpoint["org_id"], checkpoint["seq"], name))
        for key_id in self._noted:
            if key_id not in self._introduced:
                self._say(Fault("key", f"{key_id} was noted, and the log does not introduce it"))
        for org_id, by_seq in [*self.awaited.items(), *self.late.items()]:
            for seq, signed in by_seq.items():
                told = f"entry {seq} was signed, the log's chain ends at {seq_of.get(org_id, 0)}"
                if seq <= seq_of.get(org_id, 0):
                    told = f"entry {seq} was signed and is not on the log"
                self._say(Fault("truncated", told, org_id, seq, signed[0].place))


def checked(signed: Signed) -> None:
    """Raises TypeError where a member is not of its kind."""
    for text in (signed.org_id, signed.hash, signed.key_id):
        if type(text) is not str:
            raise TypeError(f"{text!r} is no text")
    if type(signed.seq) is not int or not 1 <= signed.seq <= MONEY_MAX:
        raise TypeError(f"{signed.seq!r} is no number of an entry")


def time_of(record: Record) -> str:
    """`ce_time` of an event. Raises KeyError."""
    return str(dict(record.headers)["ce_time"].decode())
