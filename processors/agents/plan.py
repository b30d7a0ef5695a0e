"""A plan as a planner wrote it: plain values, before anything of it is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Layer = Literal["direct", "repaired", "partial", "none"]
"""Which layer of the parser could read the answer."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """`id` is the planner's own short label; `depends_on` names others of the same plan."""

    id: str
    title: str
    description: str
    agent_type: str
    depends_on: tuple[str, ...] = ()
    model: str | None = None
    input: Mapping[str, Any] = field(default_factory=dict)
    unchanged: bool = False
    flags: tuple[str, ...] = field(default=(), compare=False)
    """Codes for what was taken out of it because nobody who may had asked for that."""

    def as_json(self) -> dict[str, Any]:
        """As the page is shown it while the model still writes."""
        return {
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "agent_type": self.agent_type,
            "depends_on": list(self.depends_on),
            **({"model": self.model} if self.model else {}),
        }


@dataclass(frozen=True, slots=True)
class ParsedPlan:
    """What of an answer could be read. No steps: `reason` is the planner's own word for why, when it gave one."""

    title: str
    steps: tuple[PlannedStep, ...]
    layer: Layer
    reason: str | None = None
    truncated: bool = False
    """The answer broke off: what was complete is here, what was not is not."""
    removed: tuple[str, ...] = ()
    """Of a plan that is changed: ids of steps that the answer says are to go."""
    refused: bool = False
    """No plan, but a model that says it will not make one."""
    left_out: str | None = None
    """The planner's own word for what of the request no step does."""
