"""Two answers of a planner to one request, side by side: what each came to, and which holds up better. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from processors.agents.assembly import feasible
from processors.agents.catalog import Catalog
from processors.agents.parser import parse_plan
from processors.agents.plan import Layer
from processors.agents.references import KnownUpload

Judgement = Literal["better", "worse", "other", "same"]
"""`other`: it holds up as well, but is another plan."""


@dataclass(frozen=True, slots=True)
class Figures:
    tokens_in: int
    tokens_out: int
    ms: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer as it was read and checked. `steps` could run; `edges` are pairs of their agent types."""

    figures: Figures
    layer: Layer = "none"
    written: int = 0
    steps: int = 0
    agent_types: Counter[str] = field(default_factory=Counter)
    edges: Counter[tuple[str, str]] = field(default_factory=Counter)
    issues: int = 0
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
        }


def judge(answer: str, figures: Figures, catalog: Catalog, files: Sequence[KnownUpload]) -> Outcome:
    """What the platform would make of the answer today."""
    parsed = parse_plan(answer)
    checked = feasible(parsed.steps, catalog, files)
    types = {step.id: step.agent_type for step in checked.steps}
    edges = ((types[up], step.agent_type) for step in checked.steps for up in step.depends_on)
    return Outcome(
        figures,
        layer=parsed.layer,
        written=len(parsed.steps),
        steps=len(checked.steps),
        agent_types=Counter(types.values()),
        edges=Counter(edges),
        issues=len(checked.issues),
    )


def compared(before: Outcome, after: Outcome) -> Judgement:
    if before.rank != after.rank:
        return "better" if after.rank > before.rank else "worse"
    alike = (before.agent_types, before.edges) == (after.agent_types, after.edges)
    return "same" if alike else "other"
