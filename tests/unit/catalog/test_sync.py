"""What the catalog's decider is told at a start: only what its copy does not show."""

from __future__ import annotations

from adapters.catalog.copy import CatalogTable, entry
from adapters.catalog.loader import load
from adapters.catalog.sync import due
from commands.catalog.commands import ChangeProvider, ListModel
from events.catalog.current import CurrentModel, CurrentProvider
from events.log.clients import Record
from events.topics import CURRENT_CATALOG

ENTRIES = load(lambda _: True)


def copy(*values: CurrentModel | CurrentProvider) -> CatalogTable:
    """A table that has read these records; it needs no broker for that."""
    table: CatalogTable = CatalogTable("127.0.0.1:1", CURRENT_CATALOG, entry)
    for offset, value in enumerate(values):
        key = f"model:{value.model.id}" if isinstance(value, CurrentModel) else f"provider:{value.provider}"
        table._apply(
            Record(CURRENT_CATALOG, 0, offset, 0, 0, key.encode(), value.model_dump_json().encode(), None, 0, 0, ())
        )
    return table


def listed(n: int = 0) -> CurrentModel:
    return CurrentModel(model=ENTRIES[n].spec, version=1)


def test_everything_is_told_to_an_empty_catalog() -> None:
    told = due(ENTRIES, copy(), {"llm": 8})
    assert [command.route for command in told] == [*(f"model:{one.spec.id}" for one in ENTRIES), "provider:llm"]


def test_nothing_is_told_twice() -> None:
    everything = [CurrentModel(model=one.spec, version=1) for one in ENTRIES]
    limit = CurrentProvider(provider="llm", active=True, concurrent=1, version=1)
    assert due(ENTRIES, copy(*everything, limit), {"llm": 8}) == []


def test_a_model_that_stands_otherwise_is_told_with_its_own_hash() -> None:
    changed = listed().model_copy(update={"model": ENTRIES[0].spec.model_copy(update={"title": "Mine"})})
    (told,) = due(ENTRIES[:1], copy(changed), {})
    assert isinstance(told, ListModel)
    assert told.source_hash == ENTRIES[0].source_hash


def test_an_admins_limit_of_a_provider_stays() -> None:
    closed = CurrentProvider(provider="llm", active=False, concurrent=0, version=4)
    assert due((), copy(closed), {"llm": 8}) == []
    assert due((), copy(), {"llm": 8}) == [ChangeProvider(provider="llm", concurrent=8)]
