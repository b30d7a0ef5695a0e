"""The signer's core: every chain computed again from its entries, and when its head is to be signed. No I/O."""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from events.credits.chain import GENESIS, entry_hash
from events.credits.checkpoint_state import Head

ENTRIES_MAX: Final = 1_000
AGE_MAX: Final = timedelta(seconds=60)
AGAIN: Final = timedelta(seconds=10)
"""What has been asked for and has not come is asked for again."""
NOT_YET: Final = timedelta(seconds=1)
LOOK_FIRST: Final = timedelta(seconds=5)
LOOK_EVERY: Final = timedelta(minutes=10)
"""Looks are close together after a start, when what they look at may be behind, and then seldom."""
KEPT_MAX: Final = 1_000
"""Hashes kept of a chain's newest entries: a head that was asked for while more came is compared with its own."""
REMEMBERED_MAX: Final = 10_000


class Link(NamedTuple):
    """An entry as the chain sees it. `holds`: its hash is that of its data."""

    seq: int
    prev_hash: str
    hash: str
    holds: bool


def link_of(data: Mapping[str, Any]) -> Link:
    """Computes the hash of an entry's data again."""
    rest = {name: value for name, value in data.items() if name != "hash"}
    return Link(data["seq"], data["prev_hash"], data["hash"], entry_hash(data["prev_hash"], rest) == data["hash"])


@dataclass(frozen=True, slots=True)
class Sign:
    """This head is to be signed now; every entry up to it has been computed again."""

    org_id: str
    head: Head


@dataclass(frozen=True, slots=True)
class Load:
    """The entries from the newest checkpoint up to `upto` are to be read again and told by `on_loaded`."""

    org_id: str
    upto: int


@dataclass(frozen=True, slots=True)
class Look:
    """Organisations with unsigned entries are to be looked for, and told by `on_unsigned`."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """The chain does not hold: nothing from this entry on will be signed."""

    org_id: str
    seq: int
    why: str


Effect = Sign | Load | Look | Alarm


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What `Load` has found: from the checkpoint `signed` the chain holds up to `head`."""

    org_id: str
    signed: Head
    head: Head
    since: datetime | None = None
    """When the first entry after the checkpoint was written."""
    broken: Alarm | None = None


@dataclass(slots=True)
class _Chain:
    """The unsigned end of one organisation's chain; it takes no more room after a million entries than after a few."""

    first: int
    """The first entry that was read; those between the checkpoint and it have been loaded, or are to be."""
    prev: str | None
    """The hash before `first`; None where no entry has told it."""
    signed: int | None
    """The newest checkpoint, once the chain is known to go on from it."""
    since: datetime
    """About when the oldest unsigned entry came, never later."""
    waits_until: datetime
    read_by: datetime
    """When what was asked for must have been read; else it was written before we began to follow."""
    newest: int = 0
    kept: deque[str] = field(default_factory=deque)
    """The hashes up to that of `newest`, the last one."""
    asked: tuple[Head, ...] = ()
    sent: tuple[int, datetime] | None = None
    """The head that was to be signed last, and since when."""
    wakes: datetime | None = None
    broken: bool = False

    def restart(self, first: int, prev: str | None, signed: int | None) -> None:
        self.first, self.prev, self.signed, self.newest = first, prev, signed, first - 1
        self.kept = deque(() if prev is None else (prev,), KEPT_MAX)

    def hash_at(self, seq: int) -> str | None:
        """None where it is not kept."""
        back = self.newest - seq
        return self.kept[-1 - back] if 0 <= back < len(self.kept) else None

    def take(self, link: Link, now: datetime) -> None:
        if self.newest == self.signed:
            self.since = now
        self.newest = link.seq
        self.kept.append(link.hash)

    def cut(self, seq: int, now: datetime) -> None:
        """Everything up to this entry is signed. What came after it came after we sent it, or just now."""
        self.signed = seq
        self.since = self.sent[1] if self.sent is not None and self.sent[0] == seq else now
        while len(self.kept) > self.newest - seq + 1:
            self.kept.popleft()


class Signer:
    """Every method takes what has become known and the time, and answers what is to be done.

    What is done comes back as an event; where it does not, it is asked for again. Memory grows with the organisations
    that have unsigned entries, and with nothing else.
    """

    def __init__(
        self, entries_max: int = ENTRIES_MAX, age_max: timedelta = AGE_MAX, look_every: timedelta = LOOK_EVERY
    ) -> None:
        self._entries_max = entries_max
        self._age_max = age_max
        self._look_every = look_every
        self._chains: dict[str, _Chain] = {}
        self._agenda: list[tuple[datetime, str]] = []
        """When a chain is looked at though nothing new comes; a heap, in which outdated times may stand."""
        self._signed: OrderedDict[str, Head] = OrderedDict()
        """The newest checkpoints: the entry after one need not ask where the chain stands."""
        self._look_at: datetime | None = None
        self._look_after = LOOK_FIRST

    @property
    def unsigned(self) -> int:
        """Organisations with entries that are not signed yet."""
        return len(self._chains)

    def on_entry(self, org_id: str, link: Link, now: datetime) -> Iterable[Effect]:
        """An entry, in the order of the log."""
        chain = self._chains.get(org_id)
        if chain is None:
            if link.seq <= self._signed_upto(org_id):
                return ()
            chain = self._begin(org_id, link.seq, link.prev_hash, now)
        if chain.broken or link.seq <= chain.newest:
            return ()
        if link.seq > chain.newest + 1:
            chain.restart(link.seq, link.prev_hash, None)
        if not link.holds:
            return self._break(org_id, chain, link.seq, "the hash is not that of the entry")
        if not chain.kept:
            chain.restart(link.seq, link.prev_hash, chain.signed)
        if link.prev_hash != chain.kept[-1]:
            return self._break(org_id, chain, link.seq, "the entry does not follow the one before it")
        chain.take(link, now)
        return self._due(org_id, chain, now)

    def on_checkpoint(self, org_id: str, head: Head, now: datetime) -> Iterable[Effect]:
        """A checkpoint is on the log, ours or another signer's."""
        self._remember(org_id, head)
        chain = self._chains.get(org_id)
        if chain is None or chain.broken or head.seq <= (chain.signed or 0):
            return ()
        known = chain.hash_at(head.seq)
        if known is not None and known != head.hash:
            return self._break(org_id, chain, head.seq, "the checkpoint is of another chain")
        chain.asked = tuple(asked for asked in chain.asked if asked.seq > head.seq)
        if head.seq >= chain.newest:
            if not chain.asked:
                del self._chains[org_id]
                return ()
            chain.restart(head.seq + 1, head.hash, head.seq)
        elif known is not None:
            chain.cut(head.seq, now)
        elif chain.signed is not None or head.seq >= chain.first - 1:
            # Its hash is not kept any more: the entries since are computed once more, from it on.
            chain.restart(chain.newest + 1, chain.kept[-1], None)
        else:
            return ()
        chain.waits_until = now
        return self._due(org_id, chain, now)

    def on_requested(self, org_id: str, head: Head, now: datetime) -> Iterable[Effect]:
        """Somebody asks for a checkpoint of this head: now, however young its entries are."""
        if head.seq <= self._signed_upto(org_id):
            return ()
        chain = self._chains.get(org_id) or self._begin(org_id, head.seq + 1, None, now)
        if head.seq <= (chain.signed or 0):
            return ()
        if not chain.asked:
            chain.read_by = now + AGAIN
        chain.asked = (*chain.asked[:1], head)
        chain.waits_until = now
        return self._due(org_id, chain, now)

    def on_unsigned(self, org_id: str, seq: int, now: datetime) -> Iterable[Effect]:
        """A look has found that the entries up to `seq` are not signed: at once, for who asked before we started waits.

        Entries that we have read and joined to their checkpoint are none of a look's business.
        """
        chain = self._chains.get(org_id)
        if chain is None and seq > self._signed_upto(org_id):
            chain = self._begin(org_id, seq + 1, None, now)
        if chain is None or chain.broken or (chain.signed is not None and seq <= chain.newest):
            return ()
        if seq > chain.newest:
            chain.restart(seq + 1, None, None)
        chain.since = now - self._age_max
        return self._due(org_id, chain, now)

    def on_loaded(self, found: Recomputed, now: datetime) -> Iterable[Effect]:
        """What `Load` asked for. Where it does not reach what was read, it is asked for again."""
        chain = self._chains.get(found.org_id)
        if chain is None or chain.broken or chain.signed is not None:
            return ()
        if found.broken is not None:
            return self._break(found.org_id, chain, found.broken.seq, found.broken.why)
        if found.signed.seq >= chain.first - 1:
            return self.on_checkpoint(found.org_id, found.signed, now)
        if found.head.seq != chain.first - 1:
            chain.waits_until = now + NOT_YET
            self._arrange(found.org_id, chain, now)
            return ()
        if (chain.prev or found.head.hash) != found.head.hash:
            return self._break(found.org_id, chain, chain.first, "the entry does not follow the one before it")
        if not chain.kept:
            chain.restart(found.head.seq + 1, found.head.hash, None)
        chain.signed, chain.waits_until = found.signed.seq, now
        chain.asked = tuple(asked for asked in chain.asked if asked.seq > found.signed.seq)
        chain.since = min(chain.since, found.since or now)
        return self._due(found.org_id, chain, now)

    def tick(self, now: datetime) -> Iterable[Effect]:
        effects: list[Effect] = []
        if self._look_at is None or now >= self._look_at:
            self._look_at = now + self._look_after
            self._look_after = min(self._look_after * 2, self._look_every)
            effects.append(Look())
        while self._agenda and self._agenda[0][0] <= now:
            at, org_id = heapq.heappop(self._agenda)
            chain = self._chains.get(org_id)
            if chain is not None and chain.wakes == at:
                chain.wakes = None
                effects += self._due(org_id, chain, now)
        return effects

    def _due(self, org_id: str, chain: _Chain, now: datetime) -> Iterable[Effect]:
        effects: tuple[Effect, ...] = ()
        if not chain.broken and now >= chain.waits_until:
            effects = self._wanted(org_id, chain, now)
        self._arrange(org_id, chain, now)
        return effects

    def _wanted(self, org_id: str, chain: _Chain, now: datetime) -> tuple[Effect, ...]:
        if chain.asked and chain.asked[0].seq > chain.newest and now >= chain.read_by:
            chain.restart(chain.asked[0].seq + 1, None, None)
        if chain.signed is None:
            chain.waits_until = now + AGAIN
            return (Load(org_id, chain.first - 1),)
        head = self._head(chain, chain.signed, now)
        if head is None:
            return ()
        if chain.hash_at(head.seq) != head.hash:
            return self._break(org_id, chain, head.seq, "another hash was asked to be signed")
        chain.waits_until = now + AGAIN
        if chain.sent is None or chain.sent[0] != head.seq:
            chain.sent = (head.seq, now)
        return (Sign(org_id, head),)

    def _head(self, chain: _Chain, signed: int, now: datetime) -> Head | None:
        """The head to be signed now: what was asked for, once it has been read, or else the newest when it is time."""
        newest = Head(chain.newest, chain.kept[-1])
        if chain.asked:
            read = [asked for asked in chain.asked if asked.seq <= chain.newest]
            kept = [asked for asked in read if chain.hash_at(asked.seq) is not None]
            # One whose hash is not kept any more is answered by the newest.
            return kept[0] if kept else newest if read else None
        unsigned = chain.newest - signed
        due = unsigned >= self._entries_max or (unsigned > 0 and now - chain.since >= self._age_max)
        return newest if due else None

    def _arrange(self, org_id: str, chain: _Chain, now: datetime) -> None:
        """When the chain is to be looked at again if nothing comes: it has just been, so not before a moment."""
        at = max(chain.waits_until, now + NOT_YET)
        if chain.signed is not None and not chain.asked and chain.newest - chain.signed < self._entries_max:
            at = max(at, chain.since + self._age_max)
        if not chain.broken and (chain.wakes is None or at < chain.wakes):
            chain.wakes = at
            heapq.heappush(self._agenda, (at, org_id))

    def _begin(self, org_id: str, first: int, prev: str | None, now: datetime) -> _Chain:
        """A chain from `first` on; it goes on from a checkpoint that is remembered, or from nothing, if it can."""
        chain = self._chains[org_id] = _Chain(first, prev, None, since=now, waits_until=now, read_by=now)
        signed = self._signed.get(org_id)
        if signed is not None:
            chain.restart(signed.seq + 1, signed.hash, signed.seq)
        elif first == 1:
            chain.restart(1, GENESIS, 0)
        else:
            chain.restart(first, prev, None)
        return chain

    def _break(self, org_id: str, chain: _Chain, seq: int, why: str) -> tuple[Effect, ...]:
        chain.broken = True
        chain.kept.clear()
        return (Alarm(org_id, seq, why),)

    def _signed_upto(self, org_id: str) -> int:
        signed = self._signed.get(org_id)
        return 0 if signed is None else signed.seq

    def _remember(self, org_id: str, head: Head) -> None:
        if head.seq > self._signed_upto(org_id):
            self._signed[org_id] = head
            self._signed.move_to_end(org_id)
        if len(self._signed) > REMEMBERED_MAX:
            self._signed.popitem(last=False)
