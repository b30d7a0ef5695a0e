"""A catalog stream folded: a model or a provider as it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from events.catalog.current import CurrentModel, CurrentProvider
from events.catalog.events import ModelChanged, ModelListed, ModelSpec, ModelWithdrawn, ProviderChanged
from events.model import Event


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


Entry = Nothing | ListedModel | KnownProvider


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
        case ProviderChanged():
            return KnownProvider(event.provider, event.active, event.concurrent, event.per_api, version)
        case _:
            return state


def current(state: Entry) -> CurrentModel | CurrentProvider | None:
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
        case Nothing():
            return None
