"""Chooses a model for a step by rules: what it takes and gives, its limits, what the words ask for, and its price."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from commands.pricing import estimate
from events.catalog.events import ModelSpec
from processors.agents.catalog import Catalog
from processors.agents.plan import PlannedStep
from processors.agents.references import Known, KnownUpload
from processors.executor import durations

DEAR_FACTOR: Final = 4
"""Balanced: among equals, a model is only passed over for its price when it costs more than this many times the
cheapest."""
RECOMMENDED: Final = frozenset({"recommended", "default"})
SIMILAR_MIN: Final = 92.0
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Choice:
    model: ModelSpec
    reason: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rated:
    model: ModelSpec
    used: frozenset[str]
    """Media at hand that it takes."""
    beyond: int
    """Wishes (duration, size) that it cannot fulfil."""
    named: frozenset[str]
    """Words of the step that are among its own."""
    cost: int
    recommended: bool


def select(step: PlannedStep, known: Known, catalog: Catalog) -> Choice | None:
    """The model for a step, the same for the same catalog; None when no usable model can do it."""
    flags: tuple[str, ...] = ()
    if step.model:
        if (asked := catalog.models.get(step.model)) is not None and asked.agent_type == step.agent_type:
            return Choice(asked, "named in the plan")
        near = _near(step.model, [model.id for model in catalog.of_type(step.agent_type)])
        if near is not None:
            return Choice(catalog.models[near], "the nearest to the one named in the plan", ("model-garbled",))
        flags = ("model-unknown",)
    at_hand = _at_hand(step, known)
    fitting = [model for model in catalog.of_type(step.agent_type) if _can_start(model, at_hand, catalog)]
    if not fitting:
        anything = at_hand | {upload.medium for upload in known.uploads}
        fitting = [model for model in catalog.of_type(step.agent_type) if _can_start(model, anything, catalog)]
    if not fitting:
        return None
    rated = [_rate(step, model, at_hand & catalog.takes[model.id]) for model in fitting]
    cheapest = min(one.cost for one in rated)
    best = min(rated, key=lambda one: _rank(one, cheapest))
    return Choice(best.model, _why(best, len(rated), cheapest), flags)


def _at_hand(step: PlannedStep, known: Known) -> frozenset[str]:
    """What comes from upstream and what the step's words name; other uploads of the session are not meant."""
    upstream = {medium for one in known.steps for medium in one.media}
    named = (found for value in step.input.values() if (found := known.find(value)) is not None)
    uploads = (*known.mentioned(f"{step.title} {step.description}"), *named)
    return frozenset(upstream | {upload.medium for upload in uploads if isinstance(upload, KnownUpload)})


def _can_start(model: ModelSpec, at_hand: frozenset[str], catalog: Catalog) -> bool:
    """Every file that it cannot do without is there."""
    return all(kinds & at_hand for kinds in catalog.required[model.id])


def _rate(step: PlannedStep, model: ModelSpec, usable: frozenset[str]) -> _Rated:
    own = " ".join([*model.tags, *((model.id, model.title) if step.agent_type == "utility" else ())])
    wished = f"{step.title} {step.description} {step.input.get('operation', '')}"
    return _Rated(
        model=model,
        used=usable - {"text"},
        beyond=_beyond(step, model),
        named=_words(wished) & (_words(own) - RECOMMENDED),
        cost=estimate(model, step.input)[1],
        recommended=bool(RECOMMENDED & set(model.tags)),
    )


def _beyond(step: PlannedStep, model: ModelSpec) -> int:
    limits = model.limits
    length = next((durations.seconds(v) for k, v in step.input.items() if durations.names(k)), None)
    wishes = (
        (length, limits.max_duration_s),
        (durations.seconds(step.input.get("width")), limits.max_width),
        (durations.seconds(step.input.get("height")), limits.max_height),
    )
    return sum(1 for wish, most in wishes if wish is not None and most is not None and wish > most)


def _rank(one: _Rated, cheapest: int) -> tuple[int, int, int, bool, bool, int, int, str]:
    """Small calls round to the same cost: then the lower price counts, and last the id."""
    fit = -len(one.used), one.beyond, -len(one.named)
    dear = one.cost > cheapest * DEAR_FACTOR
    return *fit, dear, not one.recommended, one.cost, one.model.price.amount, one.model.id


def _why(best: _Rated, candidates: int, cheapest: int) -> str:
    """In words, none of them the person's."""
    if candidates == 1:
        return "the only model that can do this step"
    parts = [f"of {candidates} models"]
    if best.used:
        parts.append("takes " + " and ".join(sorted(best.used)))
    if best.beyond:
        parts.append("comes nearest to what was asked for")
    if best.named:
        parts.append("suits " + ", ".join(sorted(best.named)))
    if best.recommended:
        parts.append("recommended")
    parts.append("the cheapest" if best.cost == cheapest else "at a balanced price")
    return ", ".join(parts)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _near(asked: str, ids: Iterable[str]) -> str | None:
    """A model whose id was garbled or shortened, when exactly one is near enough."""
    found = process.extract(asked.lower(), list(ids), scorer=fuzz.WRatio, score_cutoff=SIMILAR_MIN, limit=2)
    return found[0][0] if len(found) == 1 or (len(found) == 2 and found[0][1] - found[1][1] >= 5) else None
