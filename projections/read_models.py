"""All read models: which topics each is made from, and the one function that projects a batch into all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from commands.ports import Vault
from events.accounts.events import PersonForgotten
from events.envelope import Recorded
from events.topics import (
    EVENTS_ACCOUNTS,
    EVENTS_CANVAS,
    EVENTS_CATALOG,
    EVENTS_CHECKPOINTS,
    EVENTS_CREDITS,
    EVENTS_JOBS,
)
from projections import (
    accounts,
    agent_calls,
    assets,
    balances,
    checkpoints,
    jobs,
    ledger,
    messages,
    models,
    plans,
    prompts,
    runs,
    session_events,
    sessions,
    signing_keys,
    steps,
    usage,
)
from projections.earlier import NOTHING, Documents, Earlier, Place, look_up
from projections.opening import Opened, open_all
from projections.writes import Write


@dataclass(frozen=True, slots=True)
class ReadModel:
    collection: str
    topics: frozenset[str]
    project: Callable[[Recorded, Opened], Iterable[Write]]
    indexes: tuple[tuple[str, ...], ...]
    shape: int = 1
    """Raised when its documents change: the store then makes it anew from the log."""


@dataclass(frozen=True, slots=True)
class RunningModel:
    """A read model whose documents build on what was before them: a line's balance on that of the line above."""

    collection: str
    topics: frozenset[str]
    looks_at: Callable[[Recorded], Iterable[Place]]
    project: Callable[[Sequence[Recorded], Earlier], Iterable[Write]]
    indexes: tuple[tuple[str, ...], ...]
    shape: int = 1


_CANVAS = frozenset({EVENTS_CANVAS})
_JOBS = frozenset({EVENTS_JOBS})
_CREDITS = frozenset({EVENTS_CREDITS})
_CHECKPOINTS = frozenset({EVENTS_CHECKPOINTS})
_CATALOG = frozenset({EVENTS_CATALOG})
_BOOKS_SHAPE = 2
"""Of two: the lines of the ledger build on the balances, so both are made anew together."""

READ_MODELS: Final[tuple[ReadModel, ...]] = (
    ReadModel(sessions.COLLECTION, _CANVAS, sessions.project, sessions.INDEXES),
    ReadModel(messages.COLLECTION, _CANVAS, messages.project, messages.INDEXES),
    ReadModel(plans.COLLECTION, _CANVAS, plans.project, plans.INDEXES, 2),
    ReadModel(agent_calls.COLLECTION, _CANVAS | _JOBS, agent_calls.project, agent_calls.INDEXES),
    ReadModel(steps.COLLECTION, _CANVAS, steps.project, steps.INDEXES),
    ReadModel(runs.COLLECTION, _CANVAS, runs.project, runs.INDEXES, 2),
    ReadModel(session_events.COLLECTION, _CANVAS, session_events.project, session_events.INDEXES),
    ReadModel(assets.COLLECTION, _CANVAS | _JOBS, assets.project, assets.INDEXES, assets.SHAPE),
    ReadModel(jobs.COLLECTION, _JOBS, jobs.project, jobs.INDEXES, 4),
    ReadModel(accounts.COLLECTION, frozenset({EVENTS_ACCOUNTS}), accounts.project, accounts.INDEXES),
    ReadModel(balances.COLLECTION, _CREDITS, balances.project, balances.INDEXES, _BOOKS_SHAPE),
    ReadModel(checkpoints.COLLECTION, _CHECKPOINTS, checkpoints.project, checkpoints.INDEXES),
    ReadModel(signing_keys.COLLECTION, _CHECKPOINTS, signing_keys.project, signing_keys.INDEXES),
    ReadModel(models.COLLECTION, _CATALOG, models.project, models.INDEXES),
    ReadModel(prompts.COLLECTION, _CATALOG, prompts.project, prompts.INDEXES),
    ReadModel(prompts.VERSIONS, _CATALOG, prompts.project_versions, prompts.VERSIONS_INDEXES),
)
RUNNING_MODELS: Final[tuple[RunningModel, ...]] = (
    RunningModel(ledger.COLLECTION, _CREDITS, ledger.looks_at, ledger.project, ledger.INDEXES, _BOOKS_SHAPE),
    RunningModel(usage.COLLECTION, _JOBS, usage.looks_at, usage.project, usage.INDEXES),
)
ALL_MODELS: Final[tuple[ReadModel | RunningModel, ...]] = (*READ_MODELS, *RUNNING_MODELS)
TOPICS: Final = tuple(sorted({topic for model in ALL_MODELS for topic in model.topics}))


def project(
    events: Sequence[Recorded], opened: Opened, only: frozenset[str] | None = None, earlier: Earlier = NOTHING
) -> list[Write]:
    """What these events change, in their order in each collection; `only` keeps to some collections."""
    chosen = [model for model in READ_MODELS if only is None or model.collection in only]
    writes = [
        write
        for event in events
        for model in chosen
        if event.stream.topic in model.topics
        for write in model.project(event, opened)
    ]
    for running in RUNNING_MODELS:
        if only is None or running.collection in only:
            theirs = [event for event in events if event.stream.topic in running.topics]
            writes += running.project(theirs, earlier)
    return writes


async def before(store: Documents, events: Sequence[Recorded]) -> Earlier:
    """What the running models build on."""
    places = {place for model in RUNNING_MODELS for event in events for place in model.looks_at(event)}
    return await look_up(store, places)


def projection(
    vault: Vault,
    forgotten: Callable[[str, str], None],
    store: Documents | None = None,
    only: frozenset[str] | None = None,
) -> Callable[[Sequence[Recorded]], Awaitable[Sequence[Write]]]:
    """Opens the texts of a batch, then projects it. `forgotten` takes (org, person) out of the vault's cache first:
    what comes later from another partition must not be opened any more. `store` is where the running models' earlier
    documents lie; a mirror that has none of them needs none."""

    async def run(events: Sequence[Recorded]) -> Sequence[Write]:
        for event in events:
            if isinstance(event.data, PersonForgotten):
                forgotten(event.data.org_id, event.data.user_id)
        earlier = NOTHING if store is None else await before(store, events)
        return project(events, await open_all(vault, events), only, earlier)

    return run
