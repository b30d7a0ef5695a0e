"""The catalog decider: models, providers and prompts, each a stream of its own."""

from __future__ import annotations

from typing import Any, Final, assert_never

from commands.catalog import prompts
from commands.catalog.commands import (
    CATALOG_COMMANDS,
    AnnounceModel,
    ChangeModel,
    ChangeProvider,
    ListModel,
    PromptCommand,
    WithdrawModel,
)
from commands.model import Command, Context, CurrentRecord, Decider, Decision, Fold, Streams
from commands.refusals import UnknownModel
from events.catalog import state as catalog_state
from events.catalog.events import (
    CatalogEvent,
    ModelAnnounced,
    ModelChanged,
    ModelListed,
    ModelWithdrawn,
    ProviderChanged,
)
from events.catalog.state import KnownProvider, ListedModel
from events.envelope import StreamRef
from events.topics import COMMANDS_CATALOG, CURRENT_CATALOG, EVENTS_CATALOG


def decide(command: Command, streams: Streams, context: Context) -> Decision:
    """What happens; raises a Refusal."""
    if isinstance(command, PromptCommand):
        return prompts.decide(command, streams, context)
    if not isinstance(command, ListModel | ChangeModel | WithdrawModel | AnnounceModel | ChangeProvider):
        raise TypeError(type(command).__name__)
    ref = StreamRef(EVENTS_CATALOG, command.route)
    state = streams(ref).state
    match command:
        case ListModel():
            event = list_model(command, state)
        case ChangeModel():
            event = change_model(command, state)
        case WithdrawModel():
            event = withdraw_model(command, state)
        case AnnounceModel():
            event = announce_model(command, state)
        case ChangeProvider():
            event = change_provider(command, state)
        case _:
            assert_never(command)
    return Decision(((ref, event),) if event is not None else (), {"id": command.route})


def list_model(command: ListModel, state: object) -> CatalogEvent | None:
    """Only an entry that itself changed: a restart never undoes an admin's change."""
    if isinstance(state, ListedModel) and state.source_hash == command.source_hash:
        return None
    return ModelListed(model=command.model, source_hash=command.source_hash)


def change_model(command: ChangeModel, state: object) -> CatalogEvent | None:
    if isinstance(state, ListedModel) and state.model == command.model:
        return None
    return ModelChanged(model=command.model)


def withdraw_model(command: WithdrawModel, state: object) -> CatalogEvent | None:
    if not isinstance(state, ListedModel):
        raise UnknownModel(f"no model {command.model_id!r} is listed")
    return ModelWithdrawn(model_id=command.model_id) if state.model.active else None


def announce_model(command: AnnounceModel, state: object) -> CatalogEvent | None:
    """Whatever else an admin has said of it stays."""
    if not isinstance(state, ListedModel):
        raise UnknownModel(f"no model {command.model_id!r} is listed")
    if state.model.announced in (None, command.announced):
        return None
    return ModelAnnounced(model_id=command.model_id, announced=command.announced)


def change_provider(command: ChangeProvider, state: object) -> CatalogEvent | None:
    wanted = (command.active, command.concurrent, command.per_api)
    if isinstance(state, KnownProvider) and (state.active, state.concurrent, state.per_api) == wanted:
        return None
    return ProviderChanged(
        provider=command.provider,
        active=command.active,
        concurrent=command.concurrent,
        per_api=command.per_api,
    )


def summarize(ref: StreamRef, state: Any) -> CurrentRecord | None:
    return CurrentRecord(CURRENT_CATALOG, ref.subject, catalog_state.current(state))


CATALOG: Final = Decider(
    name="catalog",
    command_topic=COMMANDS_CATALOG,
    commands={command.type_name(): command for command in CATALOG_COMMANDS},
    folds={EVENTS_CATALOG: Fold(catalog_state.initial, catalog_state.evolve)},
    decide=decide,
    summarize=summarize,
)
