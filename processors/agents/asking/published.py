"""Prompts as published: an organisation's own before the platform's, variants by weight, a session's as pinned.

Read from the catalog's copy at each pick, so that what is published now holds for the next session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from events.catalog.current import PLATFORM, CatalogEntry, CurrentPrompts, PromptVariant, PromptVersion, prompts_key
from processors.agents.asking.prompting import BuiltIn, Pinned, Prompt


class Published:
    """`get` finds an entry of the catalog by its key."""

    def __init__(self, get: Callable[[str], CatalogEntry | None]) -> None:
        self._get = get
        self._shipped: Final = BuiltIn()

    def pick(self, agent: str, org_id: str, pinned: Pinned | None, chance: float) -> Prompt:
        """What a session is pinned to, as far as it is kept; else by weight; else what is shipped."""
        found = list(self._of(agent, org_id))
        if pinned is not None and pinned.owner is None and pinned.version is not None:
            return self._shipped.pick(agent, org_id, pinned, chance)
        if pinned is not None and (kept := _kept(found, pinned)) is not None:
            return kept
        for prompts in found:
            variant = drawn(prompts.variants, chance)
            if variant is not None:
                return _prompt(prompts, variant, variant.newest)
        return self._shipped.pick(agent, org_id, pinned, chance)

    def _of(self, agent: str, org_id: str) -> Iterator[CurrentPrompts]:
        for owner in (org_id, PLATFORM):
            entry = self._get(prompts_key(owner, agent))
            if isinstance(entry, CurrentPrompts):
                yield entry


def drawn(variants: tuple[PromptVariant, ...], chance: float) -> PromptVariant | None:
    """The variant that `chance`, from 0 up to 1, falls on; None where all rest.

    They lie side by side by name, so that a share that grows takes from its neighbour only.
    """
    shares = sorted((one for one in variants if one.weight > 0), key=lambda one: one.variant)
    point = chance * sum(one.weight for one in shares)
    for one in shares:
        point -= one.weight
        if point < 0:
            return one
    return shares[-1] if shares else None


def _kept(found: Iterable[CurrentPrompts], pinned: Pinned) -> Prompt | None:
    """The pinned version, or the newest of the pinned variant where that is kept no more, or none is named."""
    for prompts in found:
        variant = prompts.variant(pinned.variant)
        if variant is not None and pinned.owner in (None, prompts.owner):
            version = next((one for one in variant.versions if one.version == pinned.version), variant.newest)
            return _prompt(prompts, variant, version)
    return None


def _prompt(prompts: CurrentPrompts, variant: PromptVariant, version: PromptVersion) -> Prompt:
    return Prompt(prompts.agent, variant.variant, version.version, version.text, version.model, prompts.owner)
