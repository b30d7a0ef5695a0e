"""Tells the catalog's decider of every entry of the files, of shipped prompts, and of providers not known yet."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping

from adapters.catalog.copy import CatalogTable
from adapters.catalog.loader import Entry
from commands.ask import Ask
from commands.catalog.commands import CatalogCommand, ChangeProvider, ListModel, PublishPrompt
from commands.model import CommandEnvelope
from events.catalog.current import PLATFORM, CurrentModel, CurrentPrompts, prompts_key
from events.ids import caused_id

ACTOR = "catalog"
AT_ONCE = 16
SHIPPED_VARIANT = "default"


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


def due_prompts(shipped: Mapping[str, str], copy: CatalogTable) -> list[CatalogCommand]:
    """`shipped`: the text by agent. What the copy shows otherwise; the decider keeps an admin's while the file is as it
    was."""
    commands: list[CatalogCommand] = []
    for agent, text in sorted(shipped.items()):
        known = copy.get(prompts_key(PLATFORM, agent))
        variant = known.variant(SHIPPED_VARIANT) if isinstance(known, CurrentPrompts) else None
        if variant is None or variant.newest.text != text:
            digest = hashlib.sha256(text.encode()).hexdigest()
            commands.append(
                PublishPrompt(owner=PLATFORM, agent=agent, variant=SHIPPED_VARIANT, text=text, source_hash=digest)
            )
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
