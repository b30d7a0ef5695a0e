"""What the machine of runs is fed with: plans, their edits, and the fates of their jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from hypothesis import strategies as st

from commands.canvas import commands as c
from events.canvas.plan_state import Plan
from events.ids import step_id as step_id_of
from tests.given import sealed
from tests.unit.executor.house import spec

Fate = Literal["succeeds", "cancelled", "content_policy", "outage", "input_validation", "billing"]
"""How a job ends; one that waits is taken up first."""
FATES: st.SearchStrategy[Fate] = st.one_of(
    st.just("succeeds"), st.sampled_from(["cancelled", "content_policy", "outage", "input_validation", "billing"])
)


SKETCHER = spec("sketcher", "image", "image", {"prompt": {"type": "string"}}, "prompt").model_copy(
    update={"provider": "fal", "safe": True}
)
"""Takes over where the painter refuses, or is in trouble."""


@st.composite
def drafts(draw: st.DrawFn) -> tuple[c.DraftStep, ...]:
    """Edges only point back: acyclic by construction. Some descriptions are equal, so that reuse finds something."""
    labels = [f"s{n}" for n in range(draw(st.integers(1, 7)))]
    return tuple(
        c.DraftStep(
            label=label,
            title=sealed(label),
            description=sealed(draw(st.sampled_from(["a bottle", "a glass"]))),
            agent_type="image",
            depends_on=tuple(draw(st.lists(st.sampled_from(labels[:n]), unique=True, max_size=3)) if n else ()),
            needs_approval=draw(st.integers(0, 5)) == 0,
        )
        for n, label in enumerate(labels)
    )


def draft_step(label: str, after: Sequence[str], words: str = "a glass") -> c.DraftStep:
    return c.DraftStep(
        label=label, title=sealed(label), description=sealed(words), agent_type="image", depends_on=tuple(after)
    )


def revised(plan: Plan, label: str, left: Sequence[str], *, other: bool) -> c.DraftStep | None:
    """The step where it is to be another, or has lost what it waited for; None where it stays."""
    step = plan.steps[step_id_of(plan.plan_id, label)]
    before = [one.rsplit(".", 1)[-1] for one in step.depends_on]
    after = [one for one in before if one in left]
    return draft_step(label, after, "another") if other or after != before else None


def choices(step_ids: Sequence[str]) -> tuple[c.ModelChoice, ...]:
    return tuple(
        c.ModelChoice(step_id=step_id, model="painter", input=sealed("{}"), estimate=100, reason="-")
        for step_id in step_ids
    )
