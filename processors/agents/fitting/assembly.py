"""From a planner's steps to a plan that can run: checked, a model for each step, its input fitted and priced. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import Any

from commands.canvas.commands import UNWIRABLE
from commands.pricing import estimate
from events.catalog.events import ModelSpec
from events.model import MONEY_MAX
from processors.agents.catalog import Catalog, media_out
from processors.agents.fitting.fields import verify
from processors.agents.fitting.hints import output_hint
from processors.agents.fitting.rehearsal import unwirable
from processors.agents.fitting.selector import Choice, select
from processors.agents.fitting.validator import SOURCE_LEFT_OUT, Checked, Issue, called, check, left_out_for
from processors.agents.fitting.verifying import Unsettled
from processors.agents.plan import PlannedStep
from processors.agents.tools import KIND
from processors.agents.words.references import Known, KnownStep, KnownUpload

Output = tuple[frozenset[str], Mapping[str, Any]]
"""A step's media and the hints at its output."""
Outputs = dict[str, Output]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A step with its model, the input as that model's schema wants it, and its price in millicredits at most."""

    step: PlannedStep
    model: str
    input: Mapping[str, Any]
    estimate: int
    reason: str
    flags: tuple[str, ...]
    known: Known = field(default_factory=Known)
    """What the step may refer to."""
    unsettled: tuple[Unsettled, ...] = ()
    """Fields that rules alone could not fill for certain."""


def feasible(steps: Sequence[PlannedStep], catalog: Catalog, uploads: Sequence[KnownUpload], said: str = "") -> Checked:
    """The steps that can really run: repaired, and each with a model that finds what it needs."""
    checked = check(steps, catalog.capabilities)
    issues, left = list(checked.issues), checked.steps
    while True:
        lost = {step.id: step for step, choice in _choices(left, catalog, uploads, str, {}, said) if choice is None}
        if not lost:
            return Checked(left, tuple(dict.fromkeys(issues)))
        issues.extend(left_out_for(lost[name], "no-model", _why(lost[name])) for name in sorted(lost))
        titles = {step_id: step.title for step_id, step in lost.items()}
        again = check(_without(left, lost, issues), catalog.capabilities, titles)
        issues.extend(again.issues)
        left = again.steps


def _why(step: PlannedStep) -> str:
    return "no tool here does that" if step.agent_type == KIND else "no model can do this with what there is"


def _without(
    steps: Sequence[PlannedStep], lost: Mapping[str, PlannedStep], issues: list[Issue]
) -> Iterator[PlannedStep]:
    """What was to be made from a file that no tool makes is made from what the tool was to be given; that is said."""
    for step in steps:
        if step.id in lost:
            continue
        sources: list[str] = []
        for source in step.depends_on:
            sources.extend(_instead(source, lost))
            if source in lost and lost[source].agent_type == KIND:
                problem = f"it was to be made from {called(lost[source].title)}, which is left out"
                issues.append(Issue(SOURCE_LEFT_OUT, problem, "it is made from what was there before", step.id))
        yield replace(step, depends_on=tuple(dict.fromkeys(sources)))


def _instead(source: str, lost: Mapping[str, PlannedStep]) -> Iterator[str]:
    """Sources are acyclic."""
    if source in lost and lost[source].agent_type == KIND:
        for before in lost[source].depends_on:
            yield from _instead(before, lost)
    else:
        yield source


def fit(
    steps: Sequence[PlannedStep],
    catalog: Catalog,
    uploads: Sequence[KnownUpload],
    step_id: Callable[[str], str],
    said: str = "",
    chosen: Mapping[str, Choice] | None = None,
) -> list[Fitted]:
    """With the models that were chosen; by rules where none was. In the plan's order.

    `said` is what the person wrote: other addresses are not even spoken of, nor files as `image 1`.
    """
    outputs: Outputs = {}
    fitted: dict[str, Fitted] = {}
    for step, choice in _choices(steps, catalog, uploads, step_id, chosen or {}, said):
        if choice is None:
            continue
        outputs[step.id] = output(choice, step)
        fitted[step.id] = furnished(step, choice, known_to(step, outputs, uploads, step_id, said))
    return [fitted[step.id] for step in steps if step.id in fitted]


def furnished(step: PlannedStep, choice: Choice, known: Known) -> Fitted:
    """The step with this model: its input as the schema wants it, and what of that is doubtful."""
    values, flags, unsettled = verify(choice.model, step, known)
    price, priceless = price_of(choice.model, values)
    flags = (*step.flags, *choice.flags, *flags, *unwirable(choice.model, step, values, known), *priceless)
    return Fitted(
        step,
        choice.model.id,
        values,
        price,
        choice.reason,
        tuple(f"{step.id}:{flag}" for flag in flags),
        known,
        unsettled,
    )


def price_of(model: ModelSpec, values: Mapping[str, Any]) -> tuple[int, tuple[str, ...]]:
    """In millicredits at most; with a flag where no amount of money is enough."""
    try:
        return estimate(model, values)[1], ()
    except ValueError:
        return MONEY_MAX, (f"{UNWIRABLE}:price: it would cost more than any credit can pay",)


def output(choice: Choice | None, step: PlannedStep) -> Output:
    """What the steps after this one may count on."""
    return (frozenset(), {}) if choice is None else (media_out(choice.model), output_hint(choice.model, step))


def known_to(
    step: PlannedStep,
    outputs: Mapping[str, Output],
    uploads: Sequence[KnownUpload],
    step_id: Callable[[str], str] = str,
    said: str = "",
) -> Known:
    """What the step may refer to: the session's uploads, and the steps that it waits for."""
    return Known(tuple(uploads), tuple(KnownStep(up, step_id(up), *outputs[up]) for up in step.depends_on), said)


def _choices(
    steps: Sequence[PlannedStep],
    catalog: Catalog,
    uploads: Sequence[KnownUpload],
    step_id: Callable[[str], str],
    given: Mapping[str, Choice],
    said: str,
) -> list[tuple[PlannedStep, Choice | None]]:
    """In topological order, so that what a model gives is known to the steps after it."""
    by_id = {step.id: step for step in steps}
    outputs: Outputs = {}
    chosen: list[tuple[PlannedStep, Choice | None]] = []
    for name in TopologicalSorter({step.id: step.depends_on for step in steps}).static_order():
        step = by_id[name]
        choice = given.get(name) or select(step, known_to(step, outputs, uploads, step_id, said), catalog)
        outputs[name] = output(choice, step)
        chosen.append((step, choice))
    return chosen
