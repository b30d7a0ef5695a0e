"""Checks a plan without a model and repairs what can be repaired: says what was wrong, and why it matters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
"""Codes of issues whose repair may have taken something away that was wanted."""
LEFT_OUT: Final = frozenset({"unknown-agent-type", "no-capability", "no-model"})
"""Codes of issues with a step that is in the plan no more."""
STILL_LOST: Final = frozenset({"incompatible-media", "beyond-limits", "source-left-out"})
"""Codes of issues whose repair leaves less than was wanted, also where a planner has agreed to it since."""
LOSSLESS: Final = frozenset({"duplicate-step", "duplicate-id", "self-edge"})
"""Codes of issues whose repair takes nothing from anybody: nobody is told of them."""
SOURCE_LEFT_OUT: Final = "source-left-out"
"""Code of an issue with a step that is made from something else than was planned."""
_ANY_TEXT: Final = frozenset({"text"})
TITLE_CHARS: Final = 60
"""Of a step's title that is told."""
NOTHING_LEFT_OUT: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Issue:
    """`code` is for programs and holds nobody's words; `problem` and `suggestion` are for people."""

    code: str
    problem: str
    suggestion: str = ""
    step_id: str | None = None
    title: str = ""
    """Of a step that was left out."""
    shortened: tuple[float, float] | None = None
    """Seconds that were asked for, and those that can be had."""

    def __str__(self) -> str:
        """For the agents."""
        place = f"{self.step_id}: " if self.step_id else ""
        return f"{place}{self.problem}" + (f" ({self.suggestion})" if self.suggestion else "")

    @property
    def note(self) -> str:
        """For the person whose plan it is; a step of the plan is named by its label, which stands in front."""
        place = f"{self.step_id}: " if self.step_id and self.code not in LEFT_OUT else ""
        if self.code == "objection":
            return f"{place}the check of the plan objects: {replace(self, step_id=None)}"
        place = f"{called(self.title)}: " if self.title else place
        return f"{place}{self.problem}" + (f", so {self.suggestion}" if self.suggestion else "")


@dataclass(frozen=True, slots=True)
class Checked:
    """The plan as it can run, and what had to be changed. REVISE: a person or planner should look at the issues."""

    steps: tuple[PlannedStep, ...]
    issues: tuple[Issue, ...]

    @property
    def verdict(self) -> Literal["PASS", "REVISE"]:
        return "REVISE" if self.issues else "PASS"


def check(
    steps: Iterable[PlannedStep], capabilities: Capabilities, left_out: Mapping[str, str] = NOTHING_LEFT_OUT
) -> Checked:
    """Every rule in turn, each on what the last has left; the result is acyclic, closed, and within what there is.

    What is wrong with a step in the same way several times is said once. `left_out` are the titles of steps that were
    in the plan.
    """
    issues: list[Issue] = []
    written = list(steps)
    titles = {**left_out, **{step.id: step.title for step in written}}
    left = _within_size(written, issues)
    left = _unique(left, issues)
    left = _feasible(left, capabilities, issues)
    left = _closed(left, titles, issues)
    left, broken = acyclic(left)
    issues += [
        Issue("cycle", "steps waited for each other in a circle", "this one does not wait", one) for one in broken
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
            issues.append(left_out_for(step, "unknown-agent-type", "nobody here does this kind of step"))
        elif kind not in capabilities:
            issues.append(left_out_for(step, "no-capability", f"no model for {kind} is available"))
        else:
            kept.append(replace(step, agent_type=kind))
    return kept


def called(title: str) -> str:
    return f"“{title if len(title) <= TITLE_CHARS else title[: TITLE_CHARS - 1] + '…'}”"


def left_out_for(step: PlannedStep, code: str, problem: str) -> Issue:
    return Issue(code, problem, "it was left out", step.id, step.title or step.id)


def _closed(steps: list[PlannedStep], titles: Mapping[str, str], issues: list[Issue]) -> list[PlannedStep]:
    """Only other steps of the plan are depended on; an upload that stood there is named in the words instead."""
    names = {step.id for step in steps}
    return [_with_real_references(step, names, titles, issues) for step in steps]


def _with_real_references(
    step: PlannedStep, names: set[str], titles: Mapping[str, str], issues: list[Issue]
) -> PlannedStep:
    kept: list[str] = []
    description = step.description
    for reference in dict.fromkeys(step.depends_on):
        if reference == step.id:
            issues.append(Issue("self-edge", "the step waited for itself", "it does not", step.id))
        elif reference in names:
            kept.append(reference)
        elif LABEL.fullmatch(reference):
            description = description if reference in description else f"{description} (uses {reference.lower()})"
        else:
            other = f"{called(title)}, which" if (title := titles.get(reference)) else "a step that"
            problem = f"it waited for {other} is not there"
            issues.append(Issue("dangling-reference", problem, "it is made without", step.id))
    return replace(step, depends_on=tuple(kept), description=description)


def _compatible(steps: list[PlannedStep], capabilities: Capabilities, issues: list[Issue]) -> list[PlannedStep]:
    """An edge carries a medium: what the upstream step gives must be something the downstream kind can take."""
    kinds = {step.id: step.agent_type for step in steps}
    names = {step.id: called(step.title or step.id) for step in steps}
    checked = []
    for step in steps:
        takes = capabilities[step.agent_type].media_in | _ANY_TEXT
        fitting = [up for up in step.depends_on if capabilities[kinds[up]].media_out & takes]
        useless: dict[str, list[str]] = {}
        for upstream in step.depends_on:
            if not (gives := capabilities[kinds[upstream]].media_out) & takes:
                useless.setdefault(" or ".join(sorted(gives)), []).append(upstream)
        for media, ups in useless.items():
            problem = f"a step for {step.agent_type} cannot use the {media} of {_listed([names[up] for up in ups])}"
            suggestion = "it no longer waits for it" if len(ups) == 1 else "it no longer waits for them"
            issues.append(Issue("incompatible-media", problem, suggestion, step.id))
        checked.append(replace(step, depends_on=tuple(fitting)))
    return checked


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")


def _within_limits(step: PlannedStep, capabilities: Capabilities, issues: list[Issue]) -> PlannedStep:
    """Longer or larger than any model can is brought down to what the best of them can; no title goes on saying it."""
    can = capabilities[step.agent_type]
    values: dict[str, Any] = dict(step.input)
    title = step.title
    for key, value in step.input.items():
        timed = durations.names(key)
        most = can.max_duration_s if timed and not key.endswith("_ms") else None
        most = can.max_width if key == "width" else can.max_height if key == "height" else most
        asked = durations.of(key, value)
        if most is not None and asked is not None and asked > most:
            values[key] = _plain(most)
            issue = _too_long(step, asked, most) if timed else _too_large(step, key, asked, most)
            issues.append(issue)
            title = retitled(title, issue)
    said = None if any(map(durations.names, step.input)) else durations.said_in(step.description)
    if said is not None and can.max_duration_s is not None and said > can.max_duration_s:
        values["duration_s"] = _plain(can.max_duration_s)
        issues.append(_too_long(step, said, can.max_duration_s))
        title = retitled(title, issues[-1])
    return replace(step, title=title, input=values) if values != step.input else step


def retitled(title: str, issue: Issue) -> str:
    """Without the length that could not be had."""
    return title if issue.shortened is None else durations.with_length(title, *issue.shortened)


def _too_long(step: PlannedStep, asked: float, most: float) -> Issue:
    problem = f"{asked:g} seconds are more than any model here makes"
    return Issue("beyond-limits", problem, f"it is made {most:g} seconds long", step.id, shortened=(asked, most))


def _too_large(step: PlannedStep, side: str, asked: float, most: float) -> Issue:
    problem = f"a {side} of {asked:g} pixels is more than any model here makes"
    return Issue("beyond-limits", problem, f"it is {most:g}", step.id)


def _plain(number: float) -> float:
    return int(number) if float(number).is_integer() else number
