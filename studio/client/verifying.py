"""Brings the log, or an export of it, to the verifier."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from events.credits.checkpoint import PLATFORM, key_id_of
from events.log.clients import Record
from events.log.history import History, in_step
from projections.audit.ever import Ever
from projections.audit.faults import Fault, Say
from projections.audit.heads import Noted
from projections.audit.read_models import Ahead
from projections.audit.verifier import Topics, Verifier
from studio.client import exported
from studio.client.exported import NoExport

CHECKPOINTS_LEAD_MS: Final = 10 * 60_000
"""Checkpoints are read so far ahead of the entries that they sign."""
SETTLE_WITHIN_S: Final = 2.0
"""How long the other half of a decision is waited for: it was written in the same transaction."""
SETTLE_EVERY_S: Final = 0.1

Tell = Callable[[int, int], None]
"""Called with how much has been read, and of how much."""


@dataclass(frozen=True)
class Asked:
    """What is to be verified, and what the auditor brings along."""

    org_id: str | None = None
    noted: Noted = field(default_factory=Noted)
    held: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Checkpoints that he holds, by the name of their file."""
    topics: Topics = field(default_factory=Topics)


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
        _hold(verifier, asked.held)
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


def verify_export(path: Path, asked: Asked, say: Say, tell: Tell) -> Verifier:
    """The same from a file. Without keys of the auditor's own the header's are believed. Raises NoExport."""
    topics, head = asked.topics, exported.header(path)
    size, org = path.stat().st_size, head.get("org_id")
    if asked.org_id not in (None, org):
        raise NoExport(f"{path} holds the books of {org}")
    noted = asked.noted if asked.noted.keys else Noted(tuple(head.get("keys", ())))
    with Ever(topics.credits, topics.jobs) as ever:
        verifier = Verifier(say, ever, topics, noted, org)
        for records in exported.records(path, topics.checkpoints):
            verifier.learn_keys(records)
        _hold(verifier, asked.held)
        done = 0
        for records in exported.records(path):
            verifier.take(records)
            done += sum(len(record.value) for record in records)
            tell(min(done, size), size)
        if verifier.heads.late:
            for records in exported.records(path, topics.credits):
                verifier.take_again(records)
        if org is None and not verifier.books:
            say(Fault("no entries", "there are no books in this file", place=str(path)))
        verifier.finish()
    return verifier


def _hold(verifier: Verifier, held: Mapping[str, Mapping[str, Any]]) -> None:
    for name, checkpoint in held.items():
        verifier.hold(checkpoint, name)


def noted_keys(document: Any) -> Noted:
    """Those of a file: what `GET /v1/audit/keys` answers, or a list of public keys. Raises ValueError."""
    items = document["items"] if isinstance(document, dict) and "items" in document else document
    if not isinstance(items, list) or not items:
        raise ValueError("no keys")
    members = [item for item in items if isinstance(item, dict)]
    return Noted(
        tuple(item["public_key"] if isinstance(item, dict) else item for item in items),
        {item["replaces"]: key_id_of(item["public_key"]) for item in members if "replaces" in item},
        {key_id_of(item["public_key"]): item["retired_at"] for item in members if "retired_at" in item},
    )
