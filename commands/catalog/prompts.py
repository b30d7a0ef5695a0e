"""Prompts of the agents: published version by version, and weighed against each other.

A stream is one owner's prompts of one agent, all variants together: an organisation's own, or the platform's.
"""

from __future__ import annotations

import json
from typing import Final

from commands.catalog.commands import PromptCommand, PublishPrompt, WeighPrompts
from commands.model import Context, Decision, Streams
from commands.refusals import IllegalState, InvalidInput, NotFound
from events.catalog.current import PLATFORM
from events.catalog.events import CatalogEvent, PromptPublished, PromptWeighted
from events.catalog.state import PublishedPrompts
from events.envelope import StreamRef
from events.topics import EVENTS_CATALOG

TEXT_BYTES_MAX: Final = 24 * 1024
"""Of a prompt as it stands in JSON: all kept versions of all variants together are one record of `current.catalog`."""
VARIANTS_MAX: Final = 8
"""Of one agent's prompt. The name of one that rests can be published anew: what it was stays in its history."""
FIRST_WEIGHT: Final = 100
"""Of an owner's first variant, where nobody says another."""


def decide(command: PromptCommand, streams: Streams, context: Context) -> Decision:
    """Raises a Refusal."""
    if context.command.org_id != command.owner:
        raise NotFound("no such prompt")
    ref = StreamRef(EVENTS_CATALOG, command.route)
    state = streams(ref).state
    known = state if isinstance(state, PublishedPrompts) else PublishedPrompts(command.owner, command.agent)
    match command:
        case PublishPrompt():
            events, result = publish(command, known)
        case WeighPrompts():
            events, result = weigh(command, known)
        case _:
            raise TypeError(type(command).__name__)
    return Decision(tuple((ref, event) for event in events), result)


def publish(command: PublishPrompt, known: PublishedPrompts) -> tuple[list[CatalogEvent], dict[str, object]]:
    check_text(command.text)
    before = known.variants.get(command.variant)
    version = before.newest.version if before is not None else 0
    weight = before.weight if before is not None else (FIRST_WEIGHT if not known.variants else 0)
    wanted = weight if command.weight is None else command.weight
    applied = known.source_hashes.get(command.variant)
    if command.source_hash is not None and command.source_hash == applied:
        return [], _standing(command, version, weight)
    if command.based_on is not None and command.based_on != version:
        raise IllegalState(f"version {version} was published in the meantime", allowed=[str(version)])
    if before is None and len(known.variants) >= VARIANTS_MAX:
        raise InvalidInput.at("/variant", f"an agent has at most {VARIANTS_MAX} variants: publish one that rests anew")
    same = before is not None and (before.newest.text, before.newest.model) == (command.text, command.model)
    events: list[CatalogEvent] = []
    if not same or command.source_hash is not None:
        version += 1
        events.append(
            PromptPublished(
                owner=command.owner,
                agent=command.agent,
                variant=command.variant,
                version=version,
                text=command.text,
                model=command.model,
                source_hash=command.source_hash,
            )
        )
    standing = before.weight if before is not None else 0
    if wanted != standing:
        events.append(_weighted(command, command.variant, wanted))
    others = sum(one.weight for one in known.variants.values()) - standing
    check_some(command.owner, others + wanted)
    return events, _standing(command, version, wanted)


def weigh(command: WeighPrompts, known: PublishedPrompts) -> tuple[list[CatalogEvent], dict[str, object]]:
    for variant in command.weights:
        if variant not in known.variants:
            raise NotFound("no such prompt")
    before = {name: one.weight for name, one in known.variants.items()}
    after = {**before, **command.weights}
    check_some(command.owner, sum(after.values()))
    events: list[CatalogEvent] = [
        _weighted(command, variant, weight) for variant, weight in after.items() if weight != before[variant]
    ]
    return events, {"agent": command.agent, "owner": command.owner, "weights": after}


def check_text(text: str) -> None:
    """Raises InvalidInput for what is empty, too long, or no text."""
    if not text.strip():
        raise InvalidInput.at("/text", "a prompt has words")
    if any(char < " " and char not in "\n\t" for char in text):
        raise InvalidInput.at("/text", "a prompt has no control characters but line breaks and tabs")
    if len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")) > TEXT_BYTES_MAX:
        raise InvalidInput.at("/text", f"a prompt has at most {TEXT_BYTES_MAX} bytes")


def check_some(owner: str, total: int) -> None:
    """An organisation whose variants all rest has the platform's; the platform has nobody's."""
    if owner == PLATFORM and total == 0:
        raise InvalidInput.at("/weight", "one of the platform's variants must have a weight")


def _weighted(command: PromptCommand, variant: str, weight: int) -> PromptWeighted:
    return PromptWeighted(owner=command.owner, agent=command.agent, variant=variant, weight=weight)


def _standing(command: PublishPrompt, version: int, weight: int) -> dict[str, object]:
    return {
        "agent": command.agent,
        "variant": command.variant,
        "owner": command.owner,
        "version": version,
        "weight": weight,
    }
