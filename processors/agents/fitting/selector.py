"""Chooses a model for a step by rules: what it takes and gives, its limits, what the words ask for, and its price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from commands.pricing import estimate
from events.catalog.events import ModelSpec
from events.model import MONEY_MAX
from processors.agents.catalog import Catalog, words
from processors.agents.fitting.compatibility import Compatibility, Wish, compatibility, wish
from processors.agents.fitting.field_names import media_of
from processors.agents.fitting.model_names import meant
from processors.agents.fitting.policies import Policy
from processors.agents.plan import PlannedStep
from processors.agents.tools import KIND, Asked
from processors.agents.words.references import Known, KnownStep, KnownUpload

DEAR_FACTOR: Final = 4
"""Balanced: among equals, a model is only passed over for its price when it costs more than this many times the
cheapest."""
RECOMMENDED: Final = frozenset({"recommended", "default"})
FINE: Final = frozenset({"premium", "high-resolution", *RECOMMENDED})
PLAIN: Final = frozenset({"draft", "cheap", "fast"})
"""Tags that speak of quality."""


@dataclass(frozen=True, slots=True)
class Choice:
    model: ModelSpec
    reason: str
    """In words, none of them the person's."""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rated:
    """A model that can do a step, and what speaks for it."""

    model: ModelSpec
    fit: Compatibility
    used: frozenset[str]
    """Media at hand that it takes."""
    named: frozenset[str]
    """Words of the step that are among its own."""
    cost: int
    """Of this step, in millicredits at most."""
    unwanted: bool = False
    """The person does not want it."""

    @property
    def recommended(self) -> bool:
        return bool(RECOMMENDED & set(self.model.tags))

    @property
    def quality(self) -> int:
        tags = set(self.model.tags)
        return bool(FINE & tags) - bool(PLAIN & tags)


def select(step: PlannedStep, known: Known, catalog: Catalog, policy: Policy = "balanced") -> Choice | None:
    """The model for a step, the same for the same catalog; None when no usable model can do it."""
    named, flags = asked_for(step, known, catalog)
    if named is not None:
        return named
    rated = candidates(step, known, catalog, policy)
    return by_rules(rated, policy, flags) if rated else None


def by_rules(rated: Sequence[Rated], policy: Policy, flags: tuple[str, ...] = ()) -> Choice:
    """The first of those that can do a step."""
    unwanted = ("model-unwanted",) if rated[0].unwanted else ()
    return Choice(rated[0].model, why(rated[0], rated, policy), (*flags, *unwanted))


def asked_for(
    step: PlannedStep, known: Known, catalog: Catalog, policy: Policy = "balanced"
) -> tuple[Choice | None, tuple[str, ...]]:
    """The model that the plan names, of several of that name the best, or the one whose garbled name that is; else what
    is to be flagged.

    One that lacks a file it cannot do without is not taken where others could do the step. Of tools each does something
    else: one that does not do what the step asks for is not taken, and no other takes the place of one that does.
    """
    if not step.model:
        return None, ()
    found = meant(step.model, of_kind := catalog.of_type(step.agent_type))
    if found is None:
        return None, ("model-unknown",)
    models = doing(step, [model for model in of_kind if model.id in found.unsaid], catalog, named=True)
    if not models:
        return None, ("model-unfit",)
    flags = () if found.sure else ("model-garbled",)
    reason = "named in the plan" if found.sure else "the nearest to the one named in the plan"
    if rated := ranked(rate(step, known, catalog, models), policy):
        best = min(rated, key=lambda one: (-one.fit.media, found.unsaid[one.model.id]))
        return Choice(best.model, reason, flags), ()
    if step.agent_type == KIND or not candidates(step, known, catalog):
        return Choice(models[0], reason, flags), ()
    return None, ("model-unfit",)


def candidates(step: PlannedStep, known: Known, catalog: Catalog, policy: Policy = "balanced") -> list[Rated]:
    """Those that can do the step with what is at hand, the best first by the policy."""
    return ranked(rate(step, known, catalog), policy)


def rate(step: PlannedStep, known: Known, catalog: Catalog, among: Sequence[ModelSpec] | None = None) -> list[Rated]:
    """Those that can do the step with what is at hand, by id; `among` those of its kind where none are given."""
    at_hand = _at_hand(step, known)
    models = doing(step, catalog.of_type(step.agent_type), catalog) if among is None else among
    fitting = [model for model in models if _can_start(model, at_hand, catalog)]
    if not fitting:
        anything = at_hand | {upload.medium for upload in known.uploads}
        fitting = [model for model in models if _can_start(model, anything, catalog)]
    wished, files = wish(step, known), at_hand - {"text"}
    said = words(f"{step.title} {step.description} {step.input.get('operation', '')}") - RECOMMENDED
    return [_rated(step, model, wished, files, said, catalog) for model in fitting]


def doing(
    step: PlannedStep, models: Sequence[ModelSpec], catalog: Catalog, *, named: bool = False
) -> Sequence[ModelSpec]:
    """Of tools those that do what the step asks for. A `named` one may be what says it; a step that is as it was keeps
    the one it has."""
    if step.agent_type != KIND or (step.unchanged and step.model):
        return models
    asked = Asked.of(step)
    if named and asked.operation is None:
        return models
    return [model for model in models if asked.by(catalog.tools[model.id])]


def ranked(rated: Sequence[Rated], policy: Policy) -> list[Rated]:
    """The best first by the policy."""
    cheapest = min((one.cost for one in rated), default=0)
    return sorted(rated, key=lambda one: _rank(one, cheapest, policy))


def why(best: Rated, rated: Sequence[Rated], policy: Policy) -> str:
    if len(rated) == 1:
        return "the only model that can do this step"
    parts = [f"of {len(rated)} models"]
    if best.used:
        parts.append("takes " + " and ".join(sorted(best.used)))
    if best.fit.limits < 1:
        parts.append("comes nearest to what was asked for")
    if best.named:
        parts.append("suits " + ", ".join(sorted(best.named)))
    if best.recommended:
        parts.append("recommended")
    if best.cost == min(one.cost for one in rated):
        parts.append("the cheapest")
    else:
        parts.append("of the best quality" if policy == "best" else "at a balanced price")
    return ", ".join(parts)


def _at_hand(step: PlannedStep, known: Known) -> frozenset[str]:
    """What comes from upstream and what the step's description names; other uploads of the session are not meant."""
    upstream = {medium for one in known.steps for medium in one.media}
    uploads = (*known.mentioned(step.description), *_files_in(step.input, known))
    return frozenset(upstream | {upload.medium for upload in uploads if isinstance(upload, KnownUpload)})


def _files_in(given: Mapping[str, Any], known: Known) -> Iterator[KnownUpload | KnownStep]:
    """What the plan gives for a field, alone or in a list."""
    for key, value in given.items():
        for one in value if isinstance(value, list) else [value]:
            found, _ = known.file(one, media_of(key))
            if found is not None:
                yield found


def _can_start(model: ModelSpec, at_hand: frozenset[str], catalog: Catalog) -> bool:
    """Every file that it cannot do without is there."""
    return all(kinds & at_hand for kinds in catalog.required[model.id])


def _rated(
    step: PlannedStep, model: ModelSpec, wished: Wish, files: frozenset[str], said: frozenset[str], catalog: Catalog
) -> Rated:
    used = files & catalog.takes[model.id]
    return Rated(
        model=model,
        fit=compatibility(wished, model, at_hand=files, used=used),
        used=used,
        named=said & catalog.words[model.id],
        cost=_cost(model, step),
        unwanted=model.id in catalog.unwanted,
    )


def _cost(model: ModelSpec, step: PlannedStep) -> int:
    """By the input as it was planned; what can be no price is dearer than all others."""
    try:
        return estimate(model, step.input)[1]
    except ValueError:
        return MONEY_MAX


def _rank(one: Rated, cheapest: int, policy: Policy) -> tuple[Any, ...]:
    """First of all what the person does not want is last. Small calls round to the same cost: then the lower price
    counts, and at the end the id."""
    fit, words = (-one.fit.media, -one.fit.limits), -len(one.named)
    price = one.cost, one.model.price.amount
    match policy:
        case "cheapest":
            order: tuple[Any, ...] = (*price, words, not one.recommended)
        case "best":
            order = (words, -one.quality, *(-amount for amount in price))
        case "balanced":
            order = (words, one.cost > cheapest * DEAR_FACTOR, not one.recommended, *price)
    return one.unwanted, *fit, *order, one.model.id
