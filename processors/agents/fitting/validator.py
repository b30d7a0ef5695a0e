"""Checks a plan without a model and repairs what can be repaired: says what was wrong, and why it matters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from processors.agents.catalog import Capabilities
from processors.agents.fitting.circles import acyclic
from processors.agents.fitting.kinds import agent_type
from processors.agents.plan import PlannedStep
from processors.agents.words.labels import LABEL
from processors.executor import durations

STEPS_MAX: Final = 500
NAMED_MAX: Final = 5
"""Steps in one issue."""
GRAVE: Final = frozenset({
    "unknown-agent-type", "no-capability", "no-model", "dangling-reference", "cycle", "incompatible-media",
})  # fmt: skip
"""Codes of issues whose repair may have taken something away that was wanted; the others lose nothing."""
_ANY_TEXT: Final = frozenset({"text"})


@dataclass(frozen=True, slots=True)
class Issue:
    """`code` is for programs and holds nobody's words; `problem` and `suggestion` are for people."""

    code: str
    problem: str
    suggestion: str = ""
    step_id: str | None = None

    def __str__(self) -> str:
        place = f"{self.step_id}: " if self.step_id else ""
        return f"{place}{self.problem}" + (f" ({self.suggestion})" if self.suggestion else "")


@dataclass(frozen=True, slots=True)
class Checked:
    """The plan as it can run, and what had to be changed. REVISE: a person or planner should look at the issues."""

    steps: tuple[PlannedStep, ...]
    issues: tuple[Issue, ...]

    @property
    def verdict(self) -> Literal["PASS", "REVISE"]:
        return "REVISE" if self.issues else "PASS"


def check(steps: Iterable[PlannedStep], capabilities: Capabilities) -> Checked:
    """Every rule in turn, each on what the last has left; the result is acyclic, closed, and within what there is.

    What is wrong with a step in the same way several times is said once.
    """
    issues: list[Issue] = []
    left = _within_size(list(steps), issues)
    left = _unique(left, issues)
    left = _feasible(left, capabilities, issues)
    left = _closed(left, issues)
    left, broken = acyclic(left)
    issues += [
        Issue("cycle", "steps waited for each other in a circle", "the first of them starts", one) for one in broken
    ]
    left = _compatible(left, capabilities, issues)
    left = [_within_limits(step, capabilities, issues) for step in left]
    return Checked(tuple(left), tuple(dict.fromkeys(issues)))


def _within_size(steps: list[PlannedStep], issues: list[Issue]) -> list[PlannedStep]:
    if len(steps) > STEPS_MAX:
        dropped = len(steps) - STEPS_MAX
        issues.append(
            Issue("too-many-steps", f"the last {dropped} steps were left out: a plan has at most {STEPS_MAX}")
        )
    return steps[:STEPS_MAX]


def _unique(steps: list[PlannedStep], issues: list[Issue]) -> list[PlannedStep]:
    """The same step twice is one; two steps of one name get two names."""
    kept: dict[str, PlannedStep] = {}
    for step in steps:
        if kept.get(step.id) == step:
            issues.append(Issue("duplicate-step", "the same step stood there twice", "one was left out", step.id))
            continue
        name, number = step.id, 2
        while name in kept:
            name, number = f"{step.id[:58]}_{number}", number + 1
        if name != step.id:
            issues.append(Issue("duplicate-id", "two steps had the same id", f"the second is now {name}", step.id))
        kept[name] = replace(step, id=name)
    return list(kept.values())


def _feasible(steps: list[PlannedStep], capabilities: Capabilities, issues: list[Issue]) -> list[PlannedStep]:
    """No step is planned for a capability that is not there."""
    kept = []
    for step in steps:
        kind = agent_type(step.agent_type)
        if kind is None:
            issues.append(Issue("unknown-agent-type", "nobody here does this kind of step", "it was left out", step.id))
        elif kind not in capabilities:
            issues.append(Issue("no-capability", f"no model for {kind} is available", "it was left out", step.id))
        else:
            kept.append(replace(step, agent_type=kind))
    return kept


def _closed(steps: list[PlannedStep], issues: list[Issue]) -> list[PlannedStep]:
    """Only other steps of the plan are depended on; an upload that stood there is named in the words instead."""
    names = {step.id for step in steps}
    return [_with_real_references(step, names, issues) for step in steps]


def _with_real_references(step: PlannedStep, names: set[str], issues: list[Issue]) -> PlannedStep:
    kept: list[str] = []
    description = step.description
    for reference in dict.fromkeys(step.depends_on):
        if reference == step.id:
            issues.append(Issue("self-edge", "the step waited for itself", "that was dropped", step.id))
        elif reference in names:
            kept.append(reference)
        elif LABEL.fullmatch(reference):
            description = description if reference in description else f"{description} (uses {reference.lower()})"
        else:
            issues.append(
                Issue("dangling-reference", "it waited for a step that is not there", "that was dropped", step.id)
            )
    return replace(step, depends_on=tuple(kept), description=description)


def _compatible(steps: list[PlannedStep], capabilities: Capabilities, issues: list[Issue]) -> list[PlannedStep]:
    """An edge carries a medium: what the upstream step gives must be something the downstream kind can take."""
    kinds = {step.id: step.agent_type for step in steps}
    checked = []
    for step in steps:
        takes = capabilities[step.agent_type].media_in | _ANY_TEXT
        fitting = [up for up in step.depends_on if capabilities[kinds[up]].media_out & takes]
        useless: dict[str, list[str]] = {}
        for upstream in step.depends_on:
            if not (gives := capabilities[kinds[upstream]].media_out) & takes:
                useless.setdefault(" or ".join(sorted(gives)), []).append(upstream)
        for media, ups in useless.items():
            problem = f"a {step.agent_type} step cannot use the {media} of {_listed(ups)}"
            suggestion = "it no longer waits for it" if len(ups) == 1 else "it no longer waits for them"
            issues.append(Issue("incompatible-media", problem, suggestion, step.id))
        checked.append(replace(step, depends_on=tuple(fitting)))
    return checked


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")


def _within_limits(step: PlannedStep, capabilities: Capabilities, issues: list[Issue]) -> PlannedStep:
    """Longer or larger than any model can is brought down to what the best of them can."""
    can = capabilities[step.agent_type]
    values: dict[str, Any] = dict(step.input)
    for key, value in step.input.items():
        most = can.max_duration_s if durations.names(key) and not key.endswith("_ms") else None
        most = can.max_width if key == "width" else can.max_height if key == "height" else most
        asked = durations.of(key, value)
        if most is not None and asked is not None and asked > most:
            values[key] = int(most) if float(most).is_integer() else most
            issues.append(Issue("beyond-limits", f"{key} {asked:g} is more than any model gives", f"{most:g}", step.id))
    said = None if any(map(durations.names, step.input)) else durations.said_in(step.description)
    if said is not None and can.max_duration_s is not None and said > can.max_duration_s:
        problem = f"{said:g} seconds are more than any model gives"
        issues.append(Issue("beyond-limits", problem, f"{can.max_duration_s:g}", step.id))
    return replace(step, input=values) if values != step.input else step
