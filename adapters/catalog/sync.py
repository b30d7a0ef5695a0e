"""Tells the catalog's decider of every entry of the files, and of providers that it does not know yet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from adapters.catalog.copy import CatalogTable
from adapters.catalog.loader import Entry
from commands.ask import Ask
from commands.catalog.commands import CatalogCommand, ChangeProvider, ListModel
from commands.model import CommandEnvelope
from events.catalog.current import CurrentModel
from events.ids import caused_id

ACTOR = "catalog"
PLATFORM = "platform"
AT_ONCE = 16


def due(entries: Iterable[Entry], copy: CatalogTable, concurrent: Mapping[str, int]) -> list[CatalogCommand]:
    """What the copy does not show. The decider keeps an admin's change where an entry's own hash is the same."""
    commands: list[CatalogCommand] = []
    for entry in entries:
        known = copy.get(f"model:{entry.spec.id}")
        if not isinstance(known, CurrentModel) or known.model != entry.spec:
            commands.append(ListModel(model=entry.spec, source_hash=entry.source_hash))
    for provider, limit in sorted(concurrent.items()):
        if copy.get(f"provider:{provider}") is None:
            commands.append(ChangeProvider(provider=provider, concurrent=limit))
    return commands


async def tell(ask: Ask, commands: Iterable[CatalogCommand], instance: str) -> None:
    """Sends them side by side. A repeat changes nothing."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def send(command: CatalogCommand) -> None:
        envelope = CommandEnvelope(
            id=caused_id(instance, command.route),
            org_id=PLATFORM,
            actor=ACTOR,
            correlation_id=instance,
            causation_id=instance,
        )
        async with slots:
            await ask(command, envelope, timeout_s=60.0)

    await asyncio.gather(*(send(command) for command in commands))
