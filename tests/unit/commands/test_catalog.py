"""The catalog: a file's entry is applied when it changed, an admin's word stays."""

from __future__ import annotations

import pytest

from commands.catalog.commands import AnnounceModel, ChangeModel, ChangeProvider, ListModel, WithdrawModel
from commands.catalog.decider import CATALOG
from commands.refusals import UnknownModel
from events.catalog.events import (
    ModelAnnounced,
    ModelChanged,
    ModelListed,
    ModelSpec,
    ModelWithdrawn,
    Price,
    ProviderChanged,
)
from tests.specification import Given

SPEC = ModelSpec(
    id="local/picture",
    title="Picture",
    media_out=("image",),
    agent_type="image",
    input_schema={"type": "object"},
    price=Price(unit="image", amount=10),
    provider="fleet",
)
DEARER = SPEC.model_copy(update={"price": Price(unit="image", amount=20)})
OF_A_GPU = SPEC.model_copy(update={"announced": False})
LISTED = ListModel(model=SPEC, source_hash="h1")


def test_a_new_entry_is_listed() -> None:
    Given(CATALOG, ()).when(LISTED).then(ModelListed)


def test_a_restart_never_undoes_an_admins_change() -> None:
    Given(CATALOG, (LISTED, ChangeModel(model=DEARER))).when(LISTED).then_nothing()


def test_an_entry_that_changed_in_its_file_is_listed_again() -> None:
    Given(CATALOG, (LISTED, ChangeModel(model=DEARER))).when(ListModel(model=SPEC, source_hash="h2")).then(ModelListed)


def test_a_change_to_the_same_is_nothing() -> None:
    Given(CATALOG, (LISTED,)).when(ChangeModel(model=DEARER)).then(ModelChanged)
    Given(CATALOG, (LISTED,)).when(ChangeModel(model=SPEC)).then_nothing()


def test_only_a_listed_model_is_withdrawn_and_only_once() -> None:
    withdraw = WithdrawModel(model_id=SPEC.id)
    Given(CATALOG, ()).when(withdraw).then_refused(UnknownModel)
    Given(CATALOG, (LISTED,)).when(withdraw).then(ModelWithdrawn)
    Given(CATALOG, (LISTED, withdraw)).when(withdraw).then_nothing()


def test_a_model_that_needs_a_worker_of_its_own_is_announced_once_and_taken_back_once() -> None:
    listed = ListModel(model=OF_A_GPU, source_hash="h1")
    here, gone = (AnnounceModel(model_id=SPEC.id, announced=announced) for announced in (True, False))
    Given(CATALOG, ()).when(here).then_refused(UnknownModel)
    Given(CATALOG, (listed,)).when(here).then(ModelAnnounced)
    Given(CATALOG, (listed, here)).when(here).then_nothing()
    Given(CATALOG, (listed, here)).when(gone).then(ModelAnnounced)
    Given(CATALOG, (LISTED,)).when(gone).then_nothing()


@pytest.mark.parametrize(
    ("active", "announced", "usable"),
    [(True, None, True), (True, True, True), (True, False, False), (False, True, False), (False, None, False)],
)
def test_what_is_announced_stays_closed_where_an_admin_closed_it(
    active: bool, announced: bool | None, usable: bool
) -> None:
    assert SPEC.model_copy(update={"active": active, "announced": announced}).usable is usable


def test_a_providers_caps_are_changed_once() -> None:
    change = ChangeProvider(provider="fleet", concurrent=2)
    Given(CATALOG, ()).when(change).then(ProviderChanged)
    Given(CATALOG, (change,)).when(change).then_nothing()
