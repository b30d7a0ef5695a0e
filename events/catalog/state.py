"""A catalog stream folded: a model, a provider or an agent's prompts as they stand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from events.catalog.current import (
    CatalogEntry,
    CurrentModel,
    CurrentPrompts,
    CurrentProvider,
    PromptVariant,
    PromptVersion,
)
from events.catalog.events import (
    ModelAnnounced,
    ModelChanged,
    ModelListed,
    ModelSpec,
    ModelWithdrawn,
    PromptPublished,
    PromptWeighted,
    ProviderChanged,
)
from events.model import Event

VERSIONS_KEPT = 4
"""Of each variant of a prompt: what a session that began a while ago may still be pinned to."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing was ever published under this subject."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """`source_hash`: of the file entry that was applied last."""

    model: ModelSpec
    source_hash: str | None
    version: int


@dataclass(frozen=True, slots=True)
class KnownProvider:
    provider: str
    active: bool
    concurrent: int
    per_api: dict[str, int]
    version: int


@dataclass(frozen=True, slots=True)
class PublishedPrompts:
    """An agent's prompts: `variants` by name, and of each the hash of the shipped file that was applied last."""

    owner: str
    agent: str
    variants: dict[str, PromptVariant] = field(default_factory=dict)
    source_hashes: dict[str, str] = field(default_factory=dict)
    version: int = 0


Entry = Nothing | ListedModel | KnownProvider | PublishedPrompts


def initial(_subject: str) -> Entry:
    return Nothing()


def evolve(state: Entry, event: Event, _at: datetime) -> Entry:
    """The entry after the event; what this state does not need passes by."""
    version = 1 if isinstance(state, Nothing) else state.version + 1
    match event:
        case ModelListed(model=model, source_hash=source_hash):
            return ListedModel(model, source_hash, version)
        case ModelChanged(model=model):
            source = state.source_hash if isinstance(state, ListedModel) else None
            return ListedModel(model, source, version)
        case ModelWithdrawn() if isinstance(state, ListedModel):
            return replace(state, model=state.model.model_copy(update={"active": False}), version=version)
        case ModelAnnounced(announced=announced) if isinstance(state, ListedModel):
            return replace(state, model=state.model.model_copy(update={"announced": announced}), version=version)
        case ProviderChanged():
            return KnownProvider(event.provider, event.active, event.concurrent, event.per_api, version)
        case PromptPublished():
            before = state if isinstance(state, PublishedPrompts) else PublishedPrompts(event.owner, event.agent)
            return replace(_published(before, event), version=version)
        case PromptWeighted() if isinstance(state, PublishedPrompts):
            weighted = state.variants[event.variant].model_copy(update={"weight": event.weight})
            return replace(state, variants={**state.variants, event.variant: weighted}, version=version)
        case _:
            return state


def _published(before: PublishedPrompts, event: PromptPublished) -> PublishedPrompts:
    known = before.variants.get(event.variant)
    earlier, weight = (known.versions, known.weight) if known is not None else ((), 0)
    newest = PromptVersion(version=event.version, text=event.text, model=event.model)
    variant = PromptVariant(variant=event.variant, weight=weight, versions=(*earlier, newest)[-VERSIONS_KEPT:])
    hashes = {} if event.source_hash is None else {event.variant: event.source_hash}
    return replace(
        before,
        variants={**before.variants, event.variant: variant},
        source_hashes={**before.source_hashes, **hashes},
    )


def current(state: Entry) -> CatalogEntry | None:
    """What `current.catalog` says of it."""
    match state:
        case ListedModel():
            return CurrentModel(model=state.model, version=state.version)
        case KnownProvider():
            return CurrentProvider(
                provider=state.provider,
                active=state.active,
                concurrent=state.concurrent,
                per_api=state.per_api,
                version=state.version,
            )
        case PublishedPrompts():
            return CurrentPrompts(
                owner=state.owner, agent=state.agent, variants=tuple(state.variants.values()), version=state.version
            )
        case Nothing():
            return None
