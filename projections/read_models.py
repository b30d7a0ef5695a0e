"""All read models: which topics each is made from, and the one function that projects a batch into all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from commands.ports import Vault
from events.accounts.events import PersonForgotten
from events.envelope import Recorded
from events.topics import EVENTS_ACCOUNTS, EVENTS_CANVAS, EVENTS_CATALOG, EVENTS_CREDITS, EVENTS_JOBS
from projections import (
    accounts,
    assets,
    balances,
    jobs,
    ledger,
    messages,
    models,
    plans,
    runs,
    session_events,
    sessions,
    steps,
)
from projections.opening import Opened, open_all
from projections.writes import Write


@dataclass(frozen=True, slots=True)
class ReadModel:
    collection: str
    topics: frozenset[str]
    project: Callable[[Recorded, Opened], Iterable[Write]]
    indexes: tuple[tuple[str, ...], ...]


_CANVAS = frozenset({EVENTS_CANVAS})
_JOBS = frozenset({EVENTS_JOBS})
_CREDITS = frozenset({EVENTS_CREDITS})

READ_MODELS: Final[tuple[ReadModel, ...]] = (
    ReadModel(sessions.COLLECTION, _CANVAS, sessions.project, sessions.INDEXES),
    ReadModel(messages.COLLECTION, _CANVAS, messages.project, messages.INDEXES),
    ReadModel(plans.COLLECTION, _CANVAS, plans.project, plans.INDEXES),
    ReadModel(steps.COLLECTION, _CANVAS, steps.project, steps.INDEXES),
    ReadModel(runs.COLLECTION, _CANVAS, runs.project, runs.INDEXES),
    ReadModel(session_events.COLLECTION, _CANVAS, session_events.project, session_events.INDEXES),
    ReadModel(assets.COLLECTION, _CANVAS | _JOBS, assets.project, assets.INDEXES),
    ReadModel(jobs.COLLECTION, _JOBS, jobs.project, jobs.INDEXES),
    ReadModel(accounts.COLLECTION, frozenset({EVENTS_ACCOUNTS}), accounts.project, accounts.INDEXES),
    ReadModel(balances.COLLECTION, _CREDITS, balances.project, balances.INDEXES),
    ReadModel(ledger.COLLECTION, _CREDITS, ledger.project, ledger.INDEXES),
    ReadModel(models.COLLECTION, frozenset({EVENTS_CATALOG}), models.project, models.INDEXES),
)
TOPICS: Final = tuple(sorted({topic for model in READ_MODELS for topic in model.topics}))


def project(events: Iterable[Recorded], opened: Opened, only: frozenset[str] | None = None) -> list[Write]:
    """What these events change, in their order; `only` keeps to some collections."""
    chosen = [model for model in READ_MODELS if only is None or model.collection in only]
    return [
        write
        for event in events
        for model in chosen
        if event.stream.topic in model.topics
        for write in model.project(event, opened)
    ]


def projection(
    vault: Vault, forgotten: Callable[[str, str], None], only: frozenset[str] | None = None
) -> Callable[[Sequence[Recorded]], Awaitable[Sequence[Write]]]:
    """Opens the texts of a batch, then projects it. `forgotten` takes (org, person) out of the vault's cache first:
    what comes later from another partition must not be opened any more."""

    async def run(events: Sequence[Recorded]) -> Sequence[Write]:
        for event in events:
            if isinstance(event.data, PersonForgotten):
                forgotten(event.data.org_id, event.data.user_id)
        return project(events, await open_all(vault, events), only)

    return run
