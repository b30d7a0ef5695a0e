"""What the catalog's decider is told at a start: only what its copy does not show."""

from __future__ import annotations

from adapters.catalog.copy import CatalogTable
from adapters.catalog.sync import due, due_prompts
from commands.catalog.commands import ChangeProvider, ListModel, PublishPrompt
from events.catalog.current import (
    CatalogEntry,
    CurrentModel,
    CurrentPrompts,
    CurrentProvider,
    PromptVariant,
    PromptVersion,
    catalog_entry,
    prompts_key,
)
from events.log.clients import Record
from events.topics import CURRENT_CATALOG
from processors.agents.prompts import all_shipped
from tests.catalog import shipped

ENTRIES = shipped()


def key_of(value: CatalogEntry) -> str:
    match value:
        case CurrentModel():
            return f"model:{value.model.id}"
        case CurrentProvider():
            return f"provider:{value.provider}"
        case CurrentPrompts():
            return prompts_key(value.owner, value.agent)


def copy(*values: CatalogEntry) -> CatalogTable:
    """A table that has read these records; it needs no broker for that."""
    table: CatalogTable = CatalogTable("127.0.0.1:1", CURRENT_CATALOG, catalog_entry)
    for offset, value in enumerate(values):
        key = key_of(value)
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


def prompts(text: str) -> CurrentPrompts:
    variant = PromptVariant(variant="default", weight=100, versions=(PromptVersion(version=1, text=text),))
    return CurrentPrompts(owner="platform", agent="planner", variants=(variant,), version=2)


def test_a_shipped_prompt_is_told_where_the_catalog_has_another_text() -> None:
    assert due_prompts({"planner": "Plan."}, copy(prompts("Plan."))) == []
    (told,) = due_prompts({"planner": "Plan."}, copy(prompts("Plan well.")))
    assert isinstance(told, PublishPrompt)
    assert (told.owner, told.variant, told.weight, told.text) == ("platform", "default", None, "Plan.")
    assert told.source_hash is not None


def test_every_shipped_prompt_is_told_to_an_empty_catalog() -> None:
    told = due_prompts(all_shipped(), copy())
    assert [command.route for command in told] == [f"prompt:platform:{name}" for name in sorted(all_shipped())]
    assert "prompt:platform:planner" in {command.route for command in told}
