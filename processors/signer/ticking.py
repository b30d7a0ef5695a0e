"""The signer on its ticker: entries as they stand on the log, signatures as commands."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from prometheus_client import Counter, Gauge

from commands.ask import Ask, CommandFailed, Unavailable
from commands.model import CommandEnvelope
from commands.orgs.commands import IntroduceSigningKey, OrgCommand, RecordCheckpoint, RequestCheckpoint
from commands.refusals import IllegalState, InvalidInput, Refusal
from events.credits.checkpoint import Checkpoint, CheckpointRequested, SigningKeyIntroduced
from events.credits.checkpoint_state import Head
from events.credits.signatures import PLATFORM, signed_bytes
from events.envelope import Recorded
from events.ids import caused_id
from events.log.clients import Record
from events.log.codec import from_record
from events.topics import EVENTS_CREDITS
from processors.signer.core import Alarm, Effect, Load, Look, Recomputed, Sign, Signer, link_of
from processors.signer.ports import Books, PresentKey, SigningKey

ACTOR: Final = "signer"
KEY_EVERY_S: Final = 5.0

CHECKPOINTS = Counter("studio_checkpoints_total", "Heads that were signed", ["outcome"])
BROKEN = Counter("studio_broken_chains_total", "Chains that do not hold: nothing of them is signed any more")
UNSIGNED = Gauge("studio_unsigned_books", "Organisations with entries that no checkpoint covers yet")

log = logging.getLogger(__name__)


class SignerTicks:
    """The core as a ticker runs it, and the hands that do what it says.

    What is read in between is told to the core at once; what follows from it is done with the next tick.
    """

    def __init__(
        self,
        ask: Ask,
        key: PresentKey,
        books: Books,
        core: Signer | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ask = ask
        self._key = key
        self._books = books
        self._core = core or Signer()
        self._clock = clock
        self._later: list[Effect] = []
        self._introduced: str | None = None
        self._complaint: str | None = None
        self._introducing = asyncio.Lock()
        self._loading: set[str] = set()

    def on_record(self, record: Record) -> None:
        """An entry is hashed as its bytes say, not as a model understands them; and at a quarter of the time."""
        now = self._clock()
        if record.topic != EVENTS_CREDITS:
            self._later += self._on_audit(from_record(record), now)
            return
        entry = orjson.loads(record.value)
        self._later += self._core.on_entry(entry["org_id"], link_of(entry), now)

    def _on_audit(self, recorded: Recorded, now: datetime) -> Iterable[Effect]:
        match recorded.data:
            case Checkpoint() as signed:
                return self._core.on_checkpoint(signed.org_id, Head(signed.seq, signed.hash), now)
            case CheckpointRequested() as asked:
                return self._core.on_requested(asked.org_id, Head(asked.seq, asked.hash), now)
            case SigningKeyIntroduced() as fresh:
                if fresh.key_id != self._introduced:
                    self._introduced = None  # perhaps ours is replaced: it has to be asked before it signs again
                return ()
            case _:
                return ()

    def on_current(self, _topic: str, _key: str, _value: Any | None, _now: datetime) -> Iterable[Effect]:
        return ()

    def on_event(self, _recorded: Recorded, _now: datetime) -> Iterable[Effect]:
        return ()

    def ready(self, _now: datetime) -> Iterable[Effect]:
        return ()

    def tick(self, now: datetime) -> Iterable[Effect]:
        later, self._later = self._later, []
        effects = (*later, *self._core.tick(now))
        UNSIGNED.set(self._core.unsigned)
        return effects

    async def perform(self, effect: Effect) -> None:
        match effect:
            case Sign():
                await self._sign(effect)
            case Load():
                await self._load(effect)
            case Look():
                await self._look()
            case Alarm():
                BROKEN.inc()
                log.critical("the chain of %s does not hold at entry %d: %s", effect.org_id, effect.seq, effect.why)

    async def keep_key(self, stop: asyncio.Event) -> None:
        """A key that was replaced is on the log soon, also where nothing is to be signed."""
        while not stop.is_set():
            with suppress(Unavailable):
                await self.introduce()
            with suppress(TimeoutError):
                async with asyncio.timeout(KEY_EVERY_S):
                    await stop.wait()

    async def introduce(self) -> SigningKey | None:
        """The key that signs now, on the log before it signs; None where there is none that may."""
        async with self._introducing:
            try:
                key = self._key()
                if key.key_id != self._introduced:
                    command = IntroduceSigningKey(public_key=key.public_key, endorsement=key.endorsement)
                    # Asked anew each time: that it was taken once says nothing of a key which was replaced since.
                    await self._ask(command, _envelope(command, f"{PLATFORM}/{key.key_id}", str(uuid.uuid4())))
                    log.info("signing with key %s", key.key_id)
                    self._introduced, self._complaint = key.key_id, None
            except (ValueError, Refusal, CommandFailed) as error:
                if str(error) != self._complaint:
                    self._complaint = str(error)
                    log.critical("nothing can be signed: %s", error)
                return None
            return key

    async def _sign(self, effect: Sign) -> None:
        key = await self.introduce()
        if key is None:
            CHECKPOINTS.labels("no_key").inc()
            return
        org_id, head = effect.org_id, effect.head
        unsigned = {
            "org_id": org_id,
            "seq": head.seq,
            "hash": head.hash,
            "at": self._clock().astimezone(UTC).isoformat(),
            "key_id": key.key_id,
        }
        command = RecordCheckpoint(
            org_id=org_id,
            seq=head.seq,
            hash=head.hash,
            at=unsigned["at"],
            public_key=key.public_key,
            signature=key.sign(signed_bytes(unsigned)),
        )
        try:
            await self._ask(command, _envelope(command, f"{org_id}/{head.seq}", "checkpoint"))
        except IllegalState as refused:
            await self._ask_for_head(effect, refused)
        except (InvalidInput, CommandFailed):
            CHECKPOINTS.labels("failed").inc()
            log.critical("entry %d of %s was signed, and its book does not take it", head.seq, org_id, exc_info=True)
        else:
            CHECKPOINTS.labels("done").inc()

    async def _ask_for_head(self, effect: Sign, refused: IllegalState) -> None:
        """The book has gone on while we signed: its head is pinned, and comes to us as an event."""
        CHECKPOINTS.labels("late").inc()
        if refused.members.get("signed", 0) >= effect.head.seq:
            return
        command = RequestCheckpoint(org_id=effect.org_id)
        try:
            await self._ask(command, _envelope(command, f"{effect.org_id}/{effect.head.seq}", "request"))
        except CommandFailed:
            log.exception("no head of %s was pinned", effect.org_id)

    async def _look(self) -> None:
        async for org_id, seq in self._books.unsigned():
            self._later += self._core.on_unsigned(org_id, seq, self._clock())

    async def _load(self, effect: Load) -> None:
        """A long history takes longer than the core waits: it is not read twice at the same time."""
        if effect.org_id in self._loading:
            return
        self._loading.add(effect.org_id)
        try:
            found = await self._recomputed(effect)
        finally:
            self._loading.discard(effect.org_id)
        self._later += self._core.on_loaded(found, self._clock())

    async def _recomputed(self, effect: Load) -> Recomputed:
        """Computes the chain again from the newest checkpoint on, as far as the read model has it."""
        signed = head = await self._books.signed(effect.org_id)
        since: datetime | None = None
        if not [last async for last in self._books.entries(effect.org_id, effect.upto - 1, effect.upto)]:
            # It is behind, perhaps because it is being made anew: a long history is not read again and again.
            return Recomputed(effect.org_id, signed, signed)
        async for entry in self._books.entries(effect.org_id, signed.seq, effect.upto):
            link = link_of(entry)
            if link.seq != head.seq + 1:
                break
            if not link.holds or link.prev_hash != head.hash:
                why = "it does not hold in the read model" if not link.holds else "it follows another in the read model"
                broken = Alarm(effect.org_id, link.seq, why)
                return Recomputed(effect.org_id, signed, head, since, broken)
            since = since or datetime.fromisoformat(entry["at"])
            head = Head(link.seq, link.hash)
        return Recomputed(effect.org_id, signed, head, since)


def _envelope(command: OrgCommand, cause: str, purpose: str) -> CommandEnvelope:
    return CommandEnvelope(
        id=caused_id(cause, purpose),
        org_id=command.org_id,
        actor=ACTOR,
        correlation_id=cause,
        causation_id=cause,
    )
