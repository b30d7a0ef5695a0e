"""What the person is told of an edit: what is taken out, new, and other than it was. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from processors.agents.plan import PlannedStep
from processors.agents.telling.shortened import TITLE_CHARS, cut

_NAMED_MAX: Final = 5


def told(before: Sequence[PlannedStep], now: Sequence[PlannedStep], new: Collection[str]) -> str:
    """`new` are those of `now` that are new or other than they were."""
    there, had, follows = {step.id for step in now}, {step.id for step in before}, _below(now, new)
    parts = (
        ("Taken out", [step for step in before if step.id not in there]),
        ("New", [step for step in now if step.id not in had]),
        ("Changed", [step for step in now if step.id in had and step.id in new]),
        ("Made from that", [step for step in now if step.id in follows]),
    )
    said = [f"{what}: {_listed(steps)}." for what, steps in parts if steps]
    again = "" if new else ", and nothing has to be made again"
    if any(step.id in had and step.id not in {*new, *follows} for step in now):
        said.append(f"The rest stays as it was{again}.")
    return " ".join(said)


def _below(now: Sequence[PlannedStep], new: Collection[str]) -> set[str]:
    """Steps that are as they were, and made from what is not. Sources stand before what is made from them, or are not
    counted: it is a word to a person, not a schedule."""
    found = set(new)
    for step in now:
        found |= {step.id} if found & set(step.depends_on) else set()
    return found - set(new)


def _listed(steps: Sequence[PlannedStep]) -> str:
    titles = [f"“{cut(step.title, TITLE_CHARS)}”" for step in steps[:_NAMED_MAX]]
    more = [f"{len(steps) - _NAMED_MAX} more"] if len(steps) > _NAMED_MAX else []
    names = [*titles, *more]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
