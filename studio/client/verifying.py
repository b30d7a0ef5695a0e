"""Brings the log to the verifier."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from events.credits.signatures import PLATFORM
from events.log.clients import Record
from events.log.history import History, in_step
from projections.audit.ever import Ever
from projections.audit.faults import Say
from projections.audit.read_models import Ahead
from projections.audit.verifier import Verifier
from studio.client.verifying_files import Asked, Tell

CHECKPOINTS_LEAD_MS: Final = 10 * 60_000
"""Checkpoints are read so far ahead of the entries that they sign."""
SETTLE_WITHIN_S: Final = 2.0
"""How long the other half of a decision is waited for: it was written in the same transaction."""
SETTLE_EVERY_S: Final = 0.1


class Taking(Protocol):
    """Gets, in order, what is read of the organisation that is asked about, and from where to where that was."""

    began: dict[str, int]
    ended: dict[str, int]

    def take(self, records: Sequence[Record]) -> None: ...


class Beside(Protocol):
    """Looks at something else once the log was read; what was newer there is awaited of the log."""

    async def look(self, verifier: Verifier) -> Ahead: ...

    def finish(self, verifier: Verifier) -> None: ...


async def verify_log(
    bootstrap: str, asked: Asked, say: Say, tell: Tell, copy: Taking | None = None, beside: Beside | None = None
) -> Verifier:
    """Reads all that stands on the log now. What is decided meanwhile is read along until it fits together."""
    topics = asked.topics
    with Ever(topics.credits, topics.jobs) as ever:
        verifier = Verifier(say, ever, topics, asked.noted, asked.org_id)
        await _learn_keys(bootstrap, verifier, copy)
        verifier.hold_all(asked.held)
        async with History(bootstrap, topics.all, key=asked.org_id) as history:
            if copy is not None:
                copy.began = history.position
            await _read(history, verifier, tell, copy)
            await _settle(history, verifier, tell, copy, lambda: verifier.settled)
            if beside is not None:
                ahead = await beside.look(verifier)
                verifier.after = ahead.entry
                await history.extend()
                await _read(history, verifier, tell, copy)
                await _settle(history, verifier, tell, copy, lambda: verifier.settled and not ahead)
                ahead.finish()
                beside.finish(verifier)
            if copy is not None:
                copy.ended = history.position
        if verifier.heads.unknown:
            await _learn_keys(bootstrap, verifier, copy)
            verifier.heads.hold_again(verifier.books)
        if verifier.heads.late:
            async with History(bootstrap, [topics.credits], key=asked.org_id) as history:
                for number in history.numbers:
                    while records := await history.batch(topics.credits, number):
                        verifier.take_again(records)
        verifier.finish()
    return verifier


async def _learn_keys(bootstrap: str, verifier: Verifier, copy: Taking | None) -> None:
    topic = verifier.topics.checkpoints
    async with History(bootstrap, [topic], key=PLATFORM) as history:
        for number in history.numbers:
            while records := await history.batch(topic, number):
                keys = verifier.learn_keys(records)
                if copy is not None:
                    copy.take(keys)


async def _settle(
    history: History, verifier: Verifier, tell: Tell, copy: Taking | None, settled: Callable[[], bool]
) -> None:
    """Reads on until everything has its other half, or for a while."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SETTLE_WITHIN_S
    while not settled() and loop.time() < until:
        if not await history.extend():
            await asyncio.sleep(SETTLE_EVERY_S)
        await _read(history, verifier, tell, copy)


async def _read(history: History, verifier: Verifier, tell: Tell, copy: Taking | None) -> None:
    topics = verifier.topics
    leads = {topics.checkpoints: CHECKPOINTS_LEAD_MS}
    for number in history.numbers:
        async for records in in_step(history, number, topics.all, leads):
            taken = verifier.take(records)
            if copy is not None:
                copy.take(taken)
            tell(history.done, history.total)
