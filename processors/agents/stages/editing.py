"""Merges what an edit planner answers with the plan it was given. Pure.

A step that it calls unchanged, or that says the same, stays exactly as it was, model and fields included. A step that
is missing though nobody asked for that comes back where it stood: what has been paid for is lost by no model's
forgetting. What was cut off is missing, not removed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from processors.agents.fitting.validator import Issue
from processors.agents.plan import ParsedPlan, PlannedStep
from processors.agents.telling.shortened import uncut
from processors.agents.words.labels import read_label
from processors.agents.words.removed_steps import Missing, meant_to_go, superfluous
from processors.executor.slots import PROMPTS


@dataclass(frozen=True, slots=True)
class Edited:
    """All steps of the plan as it is now, in order; what is unchanged is the original itself, marked so."""

    steps: tuple[PlannedStep, ...]
    removed: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()


def merge(originals: Sequence[PlannedStep], answer: ParsedPlan, instruction: str) -> Edited:
    """The plan after the edit: without a step only where the answer has it no more and the person's words say so."""
    return _merged_with(originals, answer, lambda missing: meant_to_go(instruction, originals, missing))


def repair(
    originals: Sequence[PlannedStep], answer: ParsedPlan, issues: Sequence[Issue], kept: Collection[str]
) -> Edited:
    """The plan after a round of the validator's loop. What is wrong with a plan takes no step away that the person had
    before (`kept`), and of the others only one that is itself what is wrong."""

    def removed(missing: Missing) -> frozenset[str]:
        wrong = {step.id: str(one) for step in missing.steps for one in issues if one.step_id == step.id}
        new = (step for step in missing.steps if step.id in wrong and step.id not in kept)
        return frozenset(step.id for step in new if superfluous(wrong[step.id], step, originals))

    return _merged_with(originals, answer, removed)


def _merged_with(
    originals: Sequence[PlannedStep], answer: ParsedPlan, to_go: Callable[[Missing], frozenset[str]]
) -> Edited:
    before = {step.id: step for step in originals}
    said: dict[str, PlannedStep] = {}
    answered: dict[str, PlannedStep] = {}
    for step in answer.steps:
        if said.setdefault(step.id, step) == step and step.id in answered:
            continue
        name = _free(step.id, answered, before)
        original = before.get(name)
        answered[name] = replace(step, unchanged=False) if original is None else _merged(original, step)
    steps = [step if step.id == name else replace(step, id=name) for name, step in answered.items()]
    missing = tuple(step for step in originals if step.id not in answered)
    renewed = not answered.keys() <= before.keys() or any(map(_takes_a_file, steps, map(before.get, answered)))
    lost = Missing(missing, frozenset(answer.removed), renewed=renewed)
    removed = frozenset() if answer.truncated else to_go(lost)
    restored = [step for step in missing if step.id not in removed]
    steps = _put_back(steps, restored, originals)
    closed = [_without(step, removed) for step in steps]
    return Edited(
        tuple(closed),
        tuple(step.id for step in originals if step.id in removed),
        tuple(step.id for step in restored),
    )


def changed(originals: Iterable[PlannedStep], now: Iterable[PlannedStep]) -> frozenset[str]:
    """The steps of `now` that are new, or not as they were."""
    before = {step.id: replace(step, unchanged=False) for step in originals}
    return frozenset(step.id for step in now if before.get(step.id) != replace(step, unchanged=False))


def _free(name: str, taken: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """The second of two steps of one name is another step."""
    number, free = 2, name
    while free in taken or (free != name and free in before):
        free, number = f"{name[:58]}_{number}", number + 1
    return free


def _merged(original: PlannedStep, step: PlannedStep) -> PlannedStep:
    step = replace(step, agent_type=step.agent_type or original.agent_type)
    title, description = uncut(step.title, original.title), uncut(step.description, original.description)
    step = replace(step, title=title, description=description)
    if step.unchanged or _says_the_same(original, step):
        return replace(original, unchanged=True)
    other_kind = step.agent_type != original.agent_type
    return replace(
        step,
        model=step.model or (None if other_kind or _has_less(original, step.depends_on) else original.model),
        input=step.input if other_kind else {**_kept(original, step), **step.input},
    )


def _has_less(original: PlannedStep, sources: Sequence[str]) -> bool:
    """It is made from less than before: the model that it had may need what it has no more."""
    return len(set(sources)) < len(set(original.depends_on))


def _takes_a_file(step: PlannedStep, original: PlannedStep | None) -> bool:
    """It is made from a file that it was not made from before."""
    had = set() if original is None else set(map(str, original.input.values()))
    return any(isinstance(one, str) and read_label(one.removeprefix("upload:")) and one not in had
               for one in step.input.values())  # fmt: skip


def _says_the_same(original: PlannedStep, step: PlannedStep) -> bool:
    facts = ("title", "description", "agent_type")
    same = all(getattr(original, fact) == getattr(step, fact) for fact in facts)
    tells_more = (step.model not in (None, original.model)) or any(
        original.input.get(key) != value for key, value in step.input.items()
    )
    return same and set(step.depends_on) == set(original.depends_on) and not tells_more


def _kept(original: PlannedStep, step: PlannedStep) -> dict[str, Any]:
    """The fields of a step that is changed: not its old words where it has new ones, nor what it waits for no more."""
    gone = {f"step:{up}" for up in set(original.depends_on) - set(step.depends_on)} | set(original.depends_on)
    gone -= set(step.depends_on)
    kept: dict[str, Any] = {}
    for key, value in original.input.items():
        old_words = step.description != original.description and (key in PROMPTS or value == original.description)
        if not old_words and not (isinstance(value, str) and value in gone):
            kept[key] = value
    return kept


def _put_back(
    steps: list[PlannedStep], restored: Sequence[PlannedStep], originals: Sequence[PlannedStep]
) -> list[PlannedStep]:
    """Each behind the nearest step that stood before it and is there, or at the front."""
    order = [step.id for step in originals]
    for step in restored:
        there = {one.id: place for place, one in enumerate(steps)}
        earlier = (there[name] for name in reversed(order[: order.index(step.id)]) if name in there)
        steps.insert(next(earlier, -1) + 1, replace(step, unchanged=True))
    return steps


def _without(step: PlannedStep, removed: frozenset[str]) -> PlannedStep:
    left = tuple(up for up in step.depends_on if up not in removed)
    return step if left == step.depends_on else replace(step, depends_on=left, model=None, unchanged=False)
