"""Replays one organisation's account as of a time: its movements, each with its cause, and what is left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from events.log.clients import Record
from projections.audit.account import BEYOND, OFFSET_MAX, Account, Movement, Reading
from projections.audit.books import Book
from projections.audit.causes import SEALED, Causes
from studio.client.words import printable

PROMPT_MAX: Final = 120

Open = Callable[[Any], Awaitable[str]]
"""The words of a sealed text, or what is said in their place."""


class BooksBroken(Exception):
    """The entries do not make books."""


@dataclass(frozen=True)
class Asked:
    org_id: str
    as_of: datetime
    since: datetime | None = None
    """Movements from here on; what was before is the opening."""
    movements: bool = True
    below: int | None = None
    """Instead of the time: up to this offset of the account's partition, what stands there not being part of it."""


class Source(Protocol):
    """Where one organisation's records come from; batches of one topic's partition each, others' records among them."""

    async def begin(self, before: str) -> tuple[Account, int]:
        """The account at the nearest moment before that time that is known, and the next offset."""
        ...

    def credits(self, start: int) -> AsyncIterator[Sequence[Record]]: ...

    def jobs(self, since: str | None) -> AsyncIterator[Sequence[Record]]:
        """Those decided from that time on, and perhaps earlier ones."""
        ...

    def canvas(self, sessions: Sequence[str]) -> AsyncIterator[Sequence[Record]]: ...


class Replay:
    """`movements`, once read to the end, leave the account as it was at the time asked for."""

    def __init__(self, source: Source, asked: Asked, open_: Open) -> None:
        self._source = source
        self._asked = asked
        self._open = open_
        self.account = Account(Book(asked.org_id))
        self.opening = self.account.book.balances
        self.opening_seq = 0

    async def movements(self) -> AsyncIterator[dict[str, Any]]:
        """Each entry as on the log, with what it moves, the balances after it and its cause. Raises BooksBroken."""
        asked, start = self._asked, 0
        before = text(asked.as_of + timedelta(microseconds=1)) if asked.below is None else BEYOND
        if asked.since is not None:
            start = await self._open_at(text(asked.since))
        elif not asked.movements and asked.below is None:
            self.account, start = await self._source.begin(before)
        if not asked.movements:
            async for _ in self._read(start, before):
                pass
            return
        with Causes(asked.org_id, asked.as_of) as causes:
            await self._gather(causes, start, before)
            async for movement in self._read(start, before):
                cause = causes.of(movement.entry, movement.actor)
                for name in SEALED:
                    if name in cause:
                        cause[name] = first_words(await self._open(cause[name]))
                balances = self.account.book.balances
                yield {**movement.entry, "moves": movement.moves, "balances": balances, "cause": cause}

    async def _open_at(self, since: str) -> int:
        """Brings the account to the beginning of the span. Returns the next offset."""
        self.account, start = await self._source.begin(since)
        reading = Reading(self.account, since)
        async for records in self._source.credits(start):
            for _ in reading.take(records):
                pass
            if reading.ended:
                break
        self._check()
        self.account.totals = {}
        self.opening, self.opening_seq = self.account.book.balances, self.account.book.seq
        return max(start, reading.resume)

    async def _read(self, start: int, before: str) -> AsyncIterator[Movement]:
        reading = Reading(self.account, before, OFFSET_MAX if self._asked.below is None else self._asked.below)
        async for records in self._source.credits(start):
            for movement in reading.take(records):
                yield movement
            self._check()
            if reading.ended:
                return

    async def _gather(self, causes: Causes, start: int, before: str) -> None:
        since = await self._oldest_cause(start, before) if self._asked.since is not None else None
        async for records in self._source.jobs(since):
            causes.take_jobs(records)
        if sessions := list(causes.sessions()):
            async for records in self._source.canvas(sessions):
                causes.take_canvas(records)

    async def _oldest_cause(self, start: int, before: str) -> str | None:
        """When the first job was accepted whose money moves in the span; None where that is not known."""
        account = Account.unpacked(self.account.packed())
        oldest = min(account.since.values(), default=None)
        accepted = set(account.since)
        reading = Reading(account, before)
        async for records in self._source.credits(start):
            for movement in reading.take(records):
                job = movement.entry.get("job_id", "")
                if movement.entry["kind"] == "reserve":
                    accepted.add(job)
                    oldest = oldest or movement.entry["at"]
                elif job and job not in accepted:
                    return None  # a refund of something long ago
            if reading.ended:
                break
        return oldest or before

    def _check(self) -> None:
        if self.account.fault is not None:
            raise BooksBroken(f"{self.account.fault}; studio audit verify tells all that is wrong")


def text(at: datetime) -> str:
    """As the entries' `at` stands: such texts sort as their times."""
    return at.astimezone(UTC).isoformat()


def first_words(words: str) -> str:
    """A line, cut between words; nothing of it does anything to a terminal."""
    line = printable(" ".join(words.split()))
    return line if len(line) <= PROMPT_MAX else line[:PROMPT_MAX].rsplit(" ", 1)[0] + "…"
