"""A model that is switched off, held at none at once, or refused to the organisation is chosen by nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.catalog.copy import CopiedModels
from events.accounts.current import CurrentOrg
from events.accounts.events import Limits
from events.canvas.plan_events import FieldsVerified, ModelSelected
from events.catalog.current import CatalogEntry, CurrentModel, CurrentProvider, catalog_entry
from events.catalog.events import ModelSpec
from events.log.table import CompactedTable
from events.topics import CURRENT_CATALOG, CURRENT_ORGS
from processors.agents.catalog import Catalog
from processors.agents.fitting.selector import select
from processors.agents.plan import PlannedStep
from processors.agents.words.references import Known
from studio.processes.parts import refused_by
from tests.unit.agents.makers import TEXT, model, schema
from tests.unit.agents.play import ORG, Play

BEST, OTHER, THIRD = "x/best", "x/other", "y/third"


def image(name: str, *tags: str, **more: Any) -> ModelSpec:
    of = {"provider": name.split("/", maxsplit=1)[0], **more}
    return model(name, "image", ("image",), schema(["prompt"], prompt=TEXT), tags=tags, **of)


def provider(**more: Any) -> CurrentProvider:
    return CurrentProvider(provider="x", version=1, **{"active": True, "concurrent": 8, **more})


def entries(*providers: CurrentProvider, **best: Any) -> list[CatalogEntry]:
    models = (image(BEST, "recommended", **best), image(OTHER), image(THIRD))
    return [*(CurrentModel(model=one, version=1) for one in models), *providers]


REFUSED = [
    (entries(active=False), {OTHER, THIRD}),
    (entries(announced=False), {OTHER, THIRD}),
    (entries(provider(per_api={BEST: 0})), {OTHER, THIRD}),
    (entries(provider(active=False)), {THIRD}),
    (entries(provider(concurrent=0)), {THIRD}),
]
NAMES = ("switched off", "not announced", "held at none", "provider switched off", "provider held at none")


@pytest.mark.parametrize(("found", "left"), REFUSED, ids=NAMES)
def test_rules_choose_among_what_is_taken_even_where_the_plan_names_another(
    found: list[CatalogEntry], left: set[str]
) -> None:
    catalog = Catalog.of(found)
    assert set(catalog.models) == left
    assert catalog.capabilities["image"].models == len(left)
    for named, flags in ((None, ()), (BEST, ("model-unknown",))):
        choice = select(PlannedStep("a", "A fox", "a fox", "image", model=named), Known(), catalog)
        assert choice is not None
        assert choice.model.id in left
        assert choice.flags == flags


@pytest.mark.parametrize(("found", "left"), REFUSED, ids=NAMES)
async def test_neither_a_planner_nor_the_selector_has_its_way_with_it(
    found: list[CatalogEntry], left: set[str]
) -> None:
    play = Play(plan(BEST), lines={"model_selector": [json.dumps({"model": BEST})]})
    play.catalog = Catalog.of(found)
    await play.hears(f"a fox, with {BEST}")
    assert_chosen(play, left)


async def test_an_organisations_own_limits_refuse_a_model_to_it_alone() -> None:
    org = CurrentOrg(org_id=ORG, title="A", limits=Limits(per_api={BEST: 0, OTHER: 3}))
    orgs = CompactedTable("nowhere", CURRENT_ORGS, CurrentOrg)
    for who, left in ((ORG, {OTHER, THIRD}), ("org_B", {BEST})):
        orgs._values = {who: org}
        play = Play(plan(None), lines={"model_selector": [json.dumps({"model": BEST})]}, refused=refused_by(orgs))
        play.catalog = Catalog.of(entries())
        await play.hears("a fox")
        assert_chosen(play, left, flagged=who == ORG)


async def test_a_step_that_failed_falls_back_on_nothing_that_is_refused() -> None:
    for found, left in REFUSED[2:]:
        table = CompactedTable[CatalogEntry]("nowhere", CURRENT_CATALOG, catalog_entry)
        for one in found:
            key = f"model:{one.model.id}" if isinstance(one, CurrentModel) else "provider:x"
            table._values[key] = one
        assert {one.id for one in CopiedModels(table, lambda _: ()).all(ORG)} == left


async def test_nor_on_what_the_organisation_refuses_to_itself() -> None:
    table = CompactedTable[CatalogEntry]("nowhere", CURRENT_CATALOG, catalog_entry)
    table._values = {f"model:{one.model.id}": one for one in entries() if isinstance(one, CurrentModel)}
    models = CopiedModels(table, {ORG: {OTHER, THIRD}, "org_B": set[str]()}.__getitem__)
    assert [one.id for one in models.all(ORG)] == [BEST]
    assert {one.id for one in models.all("org_B")} == {BEST, OTHER, THIRD}


def plan(named: str | None) -> str:
    step = {"id": "a", "title": "A fox", "description": "a fox", "agent_type": "image", "depends_on": []}
    return json.dumps({"title": "Fox", "steps": [step if named is None else {**step, "model": named}]})


def assert_chosen(play: Play, left: set[str], *, flagged: bool = True) -> None:
    [chosen] = play.log.of(ModelSelected)
    assert chosen.model in left
    offered = [str(messages) for agent, messages in zip(play.script.agents, play.script.asked, strict=True)
               if agent == "model_selector"]  # fmt: skip
    assert all((f'"id":"{BEST}"' in told) is (BEST in left) for told in offered)
    if offered or flagged:
        flags = [flag for one in play.log.of(FieldsVerified) for flag in one.flags]
        assert any(flag.startswith(("a:model-", "a:choice-")) for flag in flags) is flagged
