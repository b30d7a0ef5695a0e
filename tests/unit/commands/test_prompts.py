"""Prompts: every publication is a version, shares change together, a shipped file never undoes an admin's word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from commands.catalog.commands import PublishPrompt, WeighPrompts
from commands.catalog.decider import CATALOG
from commands.catalog.prompts import TEXT_BYTES_MAX, VARIANTS_MAX
from commands.model import Command, Decision
from commands.refusals import IllegalState, InvalidInput, NotFound
from events.catalog import state as catalog_state
from events.catalog.current import CurrentPrompts, catalog_entry
from events.catalog.events import PromptPublished, PromptWeighted
from events.catalog.state import VERSIONS_KEPT
from events.envelope import StreamRef
from events.topics import EVENTS_CATALOG
from tests import specification
from tests.specification import Given

ORG = specification.ASKED.org_id


@pytest.fixture
def as_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specification, "ASKED", replace(specification.ASKED, org_id="platform"))


def publish(text: str = "Plan well.", variant: str = "default", **members: object) -> PublishPrompt:
    return PublishPrompt.model_validate({"owner": ORG, "agent": "planner", "variant": variant, "text": text, **members})


def weigh(**weights: int) -> WeighPrompts:
    return WeighPrompts(owner=ORG, agent="planner", weights=weights)


def now(*past: Command) -> CurrentPrompts:
    """What `current.catalog` says after these."""
    given = Given(CATALOG, past)
    state = given.world(StreamRef(EVENTS_CATALOG, f"prompt:{ORG}:planner")).state
    value = catalog_state.current(state)
    assert isinstance(value, CurrentPrompts)
    assert catalog_entry(f"prompt:{ORG}:planner", value.model_dump_json().encode()) == value
    return value


def told(decision: Decision) -> tuple[object, object]:
    assert decision.result is not None
    return decision.result["version"], decision.result["weight"]


def test_the_first_variant_takes_all_sessions_a_second_none_until_it_is_given_a_share() -> None:
    first = Given(CATALOG, ()).when(publish()).then(PromptPublished, PromptWeighted)
    assert told(first) == (1, 100)
    second = Given(CATALOG, (publish(),)).when(publish("Plan briefly.", "brief")).then(PromptPublished)
    assert told(second) == (1, 0)
    Given(CATALOG, (publish(),)).when(publish("Plan briefly.", "brief", weight=50)).then(
        PromptPublished, PromptWeighted
    )


def test_every_publication_is_the_next_version_of_its_variant() -> None:
    past = (publish("1"), publish("b", "brief"), publish("2"))
    again = Given(CATALOG, past).when(publish("3", model="small")).then(PromptPublished)
    assert told(again) == (3, 100)


def test_the_same_text_again_is_no_version_but_may_change_the_share() -> None:
    assert told(Given(CATALOG, (publish(),)).when(publish()).then_nothing()) == (1, 100)
    Given(CATALOG, (publish(),)).when(publish(weight=5)).then(PromptWeighted)


def test_a_text_that_was_written_from_an_older_version_is_refused() -> None:
    Given(CATALOG, (publish("1"),)).when(publish("2", based_on=1)).then(PromptPublished)
    Given(CATALOG, (publish("1"), publish("2"))).when(publish("3", based_on=1)).then_refused(IllegalState)
    Given(CATALOG, (publish("1"),)).when(publish("2", based_on=0)).then_refused(IllegalState)


def test_shares_change_together() -> None:
    past = (publish(), publish("b", "brief"))
    decision = Given(CATALOG, past).when(weigh(default=50, brief=50)).then(PromptWeighted, PromptWeighted)
    assert decision.result is not None
    assert decision.result["weights"] == {"default": 50, "brief": 50}
    Given(CATALOG, past).when(weigh(default=100)).then_nothing()
    Given(CATALOG, past).when(weigh(unheard=1)).then_refused(NotFound)
    Given(CATALOG, ()).when(weigh(default=1)).then_refused(NotFound)


def test_an_organisation_may_let_all_its_variants_rest() -> None:
    Given(CATALOG, (publish(),)).when(weigh(default=0)).then(PromptWeighted)


@pytest.mark.usefixtures("as_platform")
def test_the_platform_may_not() -> None:
    past = (publish(owner="platform"),)
    Given(CATALOG, past).when(publish(owner="platform", weight=0)).then_refused(InvalidInput)
    rest = WeighPrompts(owner="platform", agent="planner", weights={"default": 0})
    Given(CATALOG, past).when(rest).then_refused(InvalidInput)


def test_nobody_publishes_for_somebody_else() -> None:
    Given(CATALOG, ()).when(publish(owner="org_B")).then_refused(NotFound)
    Given(CATALOG, ()).when(publish(owner="platform")).then_refused(NotFound)


def test_a_restart_never_undoes_an_admins_text() -> None:
    shipped = publish("shipped", source_hash="h1")
    past = (shipped, publish("an admin's"))
    Given(CATALOG, past).when(shipped).then_nothing()
    changed = Given(CATALOG, (*past, weigh(default=7))).when(publish("new", source_hash="h2")).then(PromptPublished)
    assert told(changed) == (3, 7)


@pytest.mark.parametrize(
    "text", ["", " \n", "a\x00b", "a\x1bb", "ä" * (TEXT_BYTES_MAX // 2), '"' * (TEXT_BYTES_MAX // 2)]
)
def test_what_is_no_prompt_is_refused(text: str) -> None:
    Given(CATALOG, ()).when(publish(text)).then_refused(InvalidInput)


def test_an_agent_has_a_bounded_number_of_variants() -> None:
    full = tuple(publish(variant=f"v{n}") for n in range(VARIANTS_MAX))
    Given(CATALOG, full).when(publish(variant="one-more")).then_refused(InvalidInput)
    Given(CATALOG, full).when(publish("anew", "v0")).then(PromptPublished)


def test_the_newest_few_versions_stay_at_hand_for_sessions_that_began_with_them() -> None:
    value = now(*(publish(f"text {n}") for n in range(1, 8)), publish("b", "brief"))
    default = value.variant("default")
    assert default is not None
    assert [one.version for one in default.versions] == list(range(8 - VERSIONS_KEPT, 8))
    assert (default.newest.text, default.weight) == ("text 7", 100)
    assert value.version == 9


def test_the_largest_catalog_record_is_one_that_the_log_takes() -> None:
    longest = "x" * (TEXT_BYTES_MAX - 4)
    past = [publish(f"{v}{longest}", f"v{n}") for n in range(VARIANTS_MAX) for v in range(VERSIONS_KEPT)]
    assert len(now(*past).model_dump_json()) < 1_000_000
