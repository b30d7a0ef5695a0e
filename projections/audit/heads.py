"""Checkpoints against the chain: what was signed must stand on the log, exactly so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from events.credits.checkpoint import endorsed_bytes, holds, key_id_of, verify
from events.log.clients import Record
from projections.audit.books import Book
from projections.audit.faults import Fault, Say, place

CHECKPOINT: Final = b"com.aistudio.credits.checkpoint.v1"
KEY: Final = b"com.aistudio.credits.signing_key_introduced.v1"


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint whose signature holds; `place` is on the log, or the name of what the auditor holds."""

    org_id: str
    seq: int
    hash: str
    place: str


class Heads:
    """Memory: the keys, and the checkpoints whose entry has not come yet or came long before them."""

    def __init__(self, say: Say, trusted: Iterable[str] = ()) -> None:
        """`trusted` are the public keys that the auditor has noted; without any the log's first key is believed."""
        self._say = say
        self.keys: dict[str, str] = {key_id_of(key): key for key in trusted}
        self._noted = bool(self.keys)
        self._waiting: dict[str, dict[int, list[Signed]]] = {}
        self.late: dict[str, dict[int, list[Signed]]] = {}
        self.proven: dict[str, int] = {}
        self.count = 0

    def learn(self, record: Record) -> None:
        """A key that the log introduces: known already, vouched for by a known one, or a fault."""
        try:
            data = orjson.loads(record.value)
            key, key_id = data["public_key"], data["key_id"]
            vouched = key_id in self.keys or self._vouched(key, data.get("replaces"), data.get("endorsement"))
            genuine = key_id_of(key) == key_id
        except (KeyError, TypeError, ValueError) as error:
            self._say(Fault("key", f"this introduces no key: {error}", place=place(record)))
            return
        if not genuine:
            self._say(Fault("key", f"the key of {key_id} is another one", place=place(record)))
            return
        if not vouched and (self._noted or self.keys):
            self._say(Fault("key", f"nobody who is trusted vouches for {key_id}", place=place(record)))
        self.keys[key_id] = key

    def _vouched(self, key: str, replaces: str | None, endorsement: str | None) -> bool:
        by = self.keys.get(replaces) if replaces is not None else None
        return by is not None and endorsement is not None and holds(endorsed_bytes(key, str(replaces)), endorsement, by)

    def hold(self, checkpoint: Mapping[str, Any], name: str, book: Book | None = None) -> None:
        """One that the auditor holds himself, or that the log holds."""
        key = self.keys.get(checkpoint.get("key_id", ""))
        try:
            signed = Signed(checkpoint["org_id"], checkpoint["seq"], checkpoint["hash"], name)
            good = key is not None and verify(checkpoint, key)
        except (KeyError, TypeError, ValueError) as error:
            self._say(Fault("checkpoint", f"this is none: {error!r}", place=name))
            return
        if not good:
            why = "its signature does not hold" if key is not None else "its key is unknown"
            self._say(Fault("checkpoint", f"{why}: {checkpoint.get('key_id')}", signed.org_id, signed.seq, name))
            return
        self.count += 1
        if book is not None and signed.seq <= book.seq:
            self._arrived_after(signed, book)
        else:
            self._waiting.setdefault(signed.org_id, {}).setdefault(signed.seq, []).append(signed)

    def take(self, record: Record, book: Book | None) -> None:
        """A record of `events.checkpoints`; `book` is its organisation's so far."""
        for name, value in record.headers:
            if name == "ce_type" and value == CHECKPOINT:
                try:
                    data = orjson.loads(record.value)
                except ValueError:
                    data = {}
                self.hold(data if isinstance(data, dict) else {}, place(record), book)
                return

    def _arrived_after(self, signed: Signed, book: Book) -> None:
        """Its entry has passed: the head is known, an earlier one is looked up when all else is done."""
        if signed.seq == book.seq:
            self._compare(signed, book.head)
        else:
            self.late.setdefault(signed.org_id, {}).setdefault(signed.seq, []).append(signed)

    def entry(self, org_id: str, seq: int, hash_: str) -> None:
        """Called for every entry, in order."""
        waiting = self._waiting.get(org_id)
        if waiting and (signed := waiting.pop(seq, None)):
            for one in signed:
                self._compare(one, hash_)

    def entry_again(self, org_id: str, seq: int, hash_: str) -> None:
        """Called for the entries of a second reading, where `late` holds any."""
        for one in self.late.get(org_id, {}).pop(seq, ()):
            self._compare(one, hash_)

    def _compare(self, signed: Signed, hash_: str) -> None:
        if signed.hash != hash_:
            told = f"the log's entry has hash {hash_}, signed was {signed.hash}"
            self._say(Fault("rewritten", told, signed.org_id, signed.seq, signed.place))
            return
        self.proven[signed.org_id] = max(signed.seq, self.proven.get(signed.org_id, 0))

    def finish(self, seq_of: Mapping[str, int]) -> None:
        """What was signed and is not on the log."""
        for org_id, by_seq in [*self._waiting.items(), *self.late.items()]:
            for seq, signed in by_seq.items():
                told = f"entry {seq} was signed, the log's chain ends at {seq_of.get(org_id, 0)}"
                if seq <= seq_of.get(org_id, 0):
                    told = f"entry {seq} was signed and is not on the log"
                self._say(Fault("truncated", told, org_id, seq, signed[0].place))
