"""Which prompt a session is given: an organisation's own first, variants by weight, and a session keeps its own."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from events.catalog.current import CatalogEntry, CurrentPrompts, PromptVariant, PromptVersion, prompts_key
from processors.agents.asking.prompting import Pinned, Prompt, chance_of
from processors.agents.asking.published import Published, drawn
from processors.agents.prompts import shipped

ORG = "org_A"


def variant(name: str, weight: int, *versions: int) -> PromptVariant:
    texts = tuple(PromptVersion(version=n, text=f"{name} {n}") for n in versions or (1,))
    return PromptVariant(variant=name, weight=weight, versions=texts)


def prompts(owner: str, *variants: PromptVariant) -> CurrentPrompts:
    return CurrentPrompts(owner=owner, agent="planner", variants=variants, version=1)


def published(*entries: CurrentPrompts) -> Published:
    catalog: dict[str, CatalogEntry] = {prompts_key(entry.owner, entry.agent): entry for entry in entries}
    return Published(catalog.get)


def pick(of: Published, pinned: Pinned | None = None, chance: float = 0.0, org: str = ORG) -> Prompt:
    return of.pick("planner", org, pinned, chance)


PLATFORMS = prompts("platform", variant("default", 100, 3, 4), variant("brief", 0, 1))


def test_where_nothing_is_published_the_shipped_text_serves() -> None:
    found = pick(published())
    assert (found.text, found.owner, found.variant) == (shipped("planner").text, None, "default")


def test_an_organisations_own_shadows_the_platforms_for_it_alone() -> None:
    both = published(PLATFORMS, prompts(ORG, variant("ours", 1)))
    assert pick(both).text == "ours 1"
    assert pick(both, org="org_B").text == "default 4"


def test_while_all_its_variants_rest_it_has_the_platforms() -> None:
    assert pick(published(PLATFORMS, prompts(ORG, variant("ours", 0)))).owner == "platform"


def test_a_session_keeps_owner_variant_and_version() -> None:
    both = published(PLATFORMS, prompts(ORG, variant("default", 1)))
    assert pick(both, Pinned("default", 3, "platform")).text == "default 3"
    assert pick(both, Pinned("default", 1, ORG)).text == "default 1"
    assert pick(both, Pinned("brief", 1, "platform")).text == "brief 1"
    assert pick(both, Pinned("default", 1)).text == shipped("planner").text


def test_a_version_that_is_kept_no_more_gives_way_to_the_newest_of_its_variant() -> None:
    assert pick(published(PLATFORMS), Pinned("default", 1, "platform")).version == 4
    assert pick(published(PLATFORMS), Pinned("gone", 1, ORG)).variant == "default"


def test_a_variant_can_be_named_without_a_version() -> None:
    assert pick(published(PLATFORMS), Pinned("brief")).text == "brief 1"


def test_nobody_is_pinned_to_anothers_prompt() -> None:
    theirs = published(PLATFORMS, prompts("org_B", variant("theirs", 1)))
    assert pick(theirs, Pinned("theirs", 1, "org_B")).owner == "platform"


def test_shares_are_kept_over_many_sessions() -> None:
    split = (variant("a", 30), variant("b", 70), variant("c", 0))
    drawn_of = [drawn(split, chance_of(f"ses_{n}", "planner")) for n in range(4000)]
    counts = Counter(one.variant for one in drawn_of if one is not None)
    assert set(counts) == {"a", "b"}
    assert abs(counts["a"] / 4000 - 0.3) < 0.03


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=8),
    st.floats(0, 1, exclude_max=True, allow_nan=False),
)
def test_a_draw_is_one_that_has_a_weight(weights: list[int], chance: float) -> None:
    variants = tuple(variant(f"v{n}", weight) for n, weight in enumerate(weights))
    found = drawn(variants, chance)
    assert (found is None) == (sum(weights) == 0)
    assert found is None or found.weight > 0
    assert drawn(tuple(reversed(variants)), chance) == found
