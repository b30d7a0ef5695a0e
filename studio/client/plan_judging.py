"""Two answers of a planner or edit planner to one request: what each came to, and which holds up better. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

from processors.agents.answers.parser import parse_plan
from processors.agents.catalog import Catalog
from processors.agents.fitting.assembly import feasible
from processors.agents.fitting.validator import Checked
from processors.agents.plan import Layer, ParsedPlan
from processors.agents.stages.edit_planner import Asked
from processors.agents.stages.editing import changed
from processors.agents.stages.trust import trusted
from processors.agents.telling.context import Briefing
from studio.client.outcomes import Figures


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of the plan that was there, by the ids of its steps."""

    changed: frozenset[str]
    removed: frozenset[str]
    restored: int
    """Steps that the answer forgot, and that were put back."""


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """An answer as it was read and checked. `steps` could run; `edges` are pairs of their agent types."""

    figures: Figures
    layer: Layer = "none"
    written: int = 0
    steps: int = 0
    agent_types: Counter[str] = field(default_factory=Counter)
    edges: Counter[tuple[str, str]] = field(default_factory=Counter)
    issues: int = 0
    edit: Edit | None = None
    error: str | None = None
    """No model answered: the category."""

    @property
    def well_formed(self) -> bool:
        """Its JSON needed no repair."""
        return self.layer == "direct"

    @property
    def verdict(self) -> Literal["PASS", "REVISE", "NONE"]:
        if self.steps == 0:
            return "NONE"
        return "REVISE" if self.issues else "PASS"

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """The larger, the better it holds up: it can run, as it was planned, as it was written, with less amiss."""
        return self.steps > 0, self.verdict == "PASS", self.well_formed, -self.issues

    @property
    def content(self) -> object:
        """Equal where both are the same plan, whatever its words."""
        return self.agent_types, self.edges, self.edit

    @property
    def in_short(self) -> str:
        edit = "" if self.edit is None else f", {len(self.edit.changed)} changed, {len(self.edit.removed)} removed"
        return f"{self.verdict} {self.steps} steps{edit}"

    def as_json(self) -> dict[str, Any]:
        return {
            "well_formed": self.well_formed,
            "layer": self.layer,
            "written": self.written,
            "steps": self.steps,
            "agent_types": dict(sorted(self.agent_types.items())),
            "dependencies": [f"{up} → {down}" for up, down in sorted(self.edges.elements())],
            "verdict": self.verdict,
            "issues": self.issues,
            "tokens_in": self.figures.tokens_in,
            "tokens_out": self.figures.tokens_out,
            "ms": self.figures.ms,
            **({"error": self.error} if self.error else {}),
            **(self._edited(self.edit) if self.edit is not None else {}),
        }

    @staticmethod
    def _edited(edit: Edit) -> dict[str, Any]:
        return {"changed": sorted(edit.changed), "removed": sorted(edit.removed), "restored": edit.restored}


def judge(answer: str, figures: Figures, catalog: Catalog, briefing: Briefing) -> PlanOutcome:
    """What the platform would make of a new plan today."""
    parsed = trusted(parse_plan(answer), briefing, catalog)
    return _outcome(figures, parsed, feasible(parsed.steps, catalog, briefing.files, briefing.said))


def judge_edit(answer: str, figures: Figures, asked: Asked) -> PlanOutcome:
    """The same of an answer to an edit planner: the plan that it was told is changed, or repaired, by it."""
    edited, parsed = asked.read(answer)
    steps, briefing = edited.steps if parsed.steps else (), asked.briefing
    checked = feasible(steps, asked.catalog, briefing.files, briefing.said)
    if not parsed.steps:
        return _outcome(figures, parsed, checked)
    change = changed(asked.present.planned, checked.steps)
    return _outcome(figures, parsed, checked, Edit(change, frozenset(edited.removed), len(edited.restored)))


def _outcome(figures: Figures, parsed: ParsedPlan, checked: Checked, edit: Edit | None = None) -> PlanOutcome:
    types = {step.id: step.agent_type for step in checked.steps}
    edges = ((types[up], step.agent_type) for step in checked.steps for up in step.depends_on)
    return PlanOutcome(
        figures,
        layer=parsed.layer,
        written=len(parsed.steps),
        steps=len(checked.steps),
        agent_types=Counter(types.values()),
        edges=Counter(edges),
        issues=len(checked.issues) + (0 if edit is None else edit.restored),
        edit=edit,
    )


def figures_of(outcomes: Sequence[PlanOutcome]) -> Mapping[str, Any]:
    """Of one side, where there is anything."""
    of = len(outcomes)
    return {
        "passed": round(sum(one.verdict == "PASS" for one in outcomes) / of, 4),
        "without_plan": sum(one.steps == 0 for one in outcomes),
        "median_steps": median(one.steps for one in outcomes),
    }
