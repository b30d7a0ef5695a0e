"""The catalog: a file's entry is applied when it changed, an admin's word stays."""

from __future__ import annotations

from commands.catalog.commands import ChangeModel, ChangeProvider, ListModel, WithdrawModel
from commands.catalog.decider import CATALOG
from commands.refusals import UnknownModel
from events.catalog.events import ModelChanged, ModelListed, ModelSpec, ModelWithdrawn, Price, ProviderChanged
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


def test_a_providers_caps_are_changed_once() -> None:
    change = ChangeProvider(provider="fleet", concurrent=2)
    Given(CATALOG, ()).when(change).then(ProviderChanged)
    Given(CATALOG, (change,)).when(change).then_nothing()
