"""What is said of a plan before it runs: which flags hold it up for a person, and which the graph makes idle. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from commands.canvas.commands import UNUSED, UNWIRABLE
from events.canvas.plan_events import Step
from events.ids import label_of

Flags = tuple[str, ...]


def hold_up(flags: Iterable[str]) -> bool:
    """Whether a person is to look first, where the plan would run by itself: money would be spent on what nobody
    asked for."""
    return any(flag.split(":", 2)[1:2] in ([UNWIRABLE], [UNUSED]) for flag in flags)


def telling(flags: Iterable[str], steps: Mapping[str, Step]) -> Flags:
    """Without what is said of a dependency that another one of the step has behind it, which stands there for the order
    alone: what came out of it has gone into that one."""
    above = {label_of(step_id): [label_of(up) for up in step.depends_on] for step_id, step in steps.items()}
    return tuple(flag for flag in flags if not _goes_through_another(flag, above))


def _goes_through_another(flag: str, above: Mapping[str, list[str]]) -> bool:
    label, kind, unused = (*flag.split(":", 3), "", "")[:3]
    if kind != UNUSED:
        return False
    todo = [one for one in above.get(label, ()) if one != unused]
    seen: set[str] = set()
    while todo:
        fresh = [one for one in above.get(todo.pop(), ()) if one not in seen]
        seen.update(fresh)
        todo += fresh
    return unused in seen
