"""Models that are chosen anew because the person wants another price or quality of a plan that is there.

It goes for the steps that the words about the price point at, else for all; not for those whose model the person has
named, and where the same model is chosen again nothing has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from processors.agents.asking.call import Stages
from processors.agents.catalog import Catalog
from processors.agents.fitting.kinds import agent_type
from processors.agents.fitting.policies import policy_of, price_clauses
from processors.agents.fitting.selector import Choice
from processors.agents.plan import PlannedStep
from processors.agents.stages.model_selector import Selecting
from processors.agents.stages.named_models import named_models
from processors.agents.telling.context import Briefing, things
from processors.agents.telling.present import Present
from processors.agents.words.mentions import resolve

_WORDS_MAX: Final = 100


async def rechosen(
    stages: Stages, briefing: Briefing, catalog: Catalog, now: Present, steps: Sequence[PlannedStep]
) -> Mapping[str, Choice]:
    """By step, where it is another model than the step has. Raises `Unavailable`."""
    names = to_choose_anew(briefing, catalog, now, steps)
    if not names:
        return {}
    free = [replace(step, model=None, unchanged=False) if step.id in names else step for step in steps]
    chosen = await Selecting(stages, briefing, catalog).choose(free, names.__contains__)
    had = {step.id: step.model for step in steps}
    return {name: choice for name, choice in chosen.items() if name in names and choice.model.id != had[name]}


def with_choices(steps: Sequence[PlannedStep], choices: Mapping[str, Choice]) -> tuple[PlannedStep, ...]:
    return tuple(
        replace(step, model=choices[step.id].model.id, unchanged=False) if step.id in choices else step
        for step in steps
    )


def to_choose_anew(briefing: Briefing, catalog: Catalog, now: Present, steps: Sequence[PlannedStep]) -> frozenset[str]:
    """Ids of steps whose models are those that they had. None where the request says nothing of the price."""
    clauses = price_clauses(briefing.request)
    if not clauses:
        return frozenset()
    pointed_at = frozenset[str]().union(*(_pointed_at(clause, briefing, now, steps) for clause in clauses))
    before, wanted = (policy_of(said, briefing.said_before) for said in ("", briefing.request))
    if not pointed_at and before == wanted:
        return frozenset()
    had = {step.id: step.model for step in now.planned}
    named = frozenset[str]().union(*named_models(briefing.said, catalog).wanted.values())
    return frozenset(
        step.id
        for step in steps
        if step.model is not None and step.model == had.get(step.id) and step.model not in named
        if not pointed_at or step.id in pointed_at
    )


def _pointed_at(clause: str, briefing: Briefing, now: Present, steps: Sequence[PlannedStep]) -> frozenset[str]:
    """Steps that are referred to, else those of the kinds that are named."""
    there = {step.id: step.agent_type for step in steps}
    meant = frozenset(ref for one in resolve(clause, things(briefing, now)) for ref in one.refs) & there.keys()
    kinds = {agent_type(word) for word in clause.split()[:_WORDS_MAX]}
    return meant or frozenset(name for name, kind in there.items() if kind in kinds)
