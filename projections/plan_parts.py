"""Which part of a plan's stream its state is made of: what is planned of it, and the runs that results come from.

Pure. A plan that was run often has a long stream, most of which are steps of runs that are over and kept by nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from events.canvas.plan_events import PLAN_EVENTS, PlanRolledBack, RunEvent, RunStarted
from events.envelope import Recorded

OF_RUNS: Final = frozenset(
    kind.ce_type() for kind in PLAN_EVENTS if issubclass(kind, RunEvent) and "step_id" in kind.model_fields
)
"""What becomes of single steps in a run: to be read only from where `begins` says."""


def begins(frame: Sequence[Recorded]) -> int:
    """The version from which events of runs count; `frame` are all the others of a plan.

    A run that keeps results has them from the run before it; one that keeps none, and a rollback, begin anew.
    """
    for event in reversed(frame):
        if isinstance(event.data, PlanRolledBack) or (isinstance(event.data, RunStarted) and not event.data.all_kept()):
            return event.version
    return 1


def by_plan(frame: Iterable[Recorded]) -> dict[str, int]:
    """For each plan of a session where its events of runs begin to count."""
    plans: dict[str, list[Recorded]] = {}
    for event in frame:
        if event.stream.subject.startswith("pln_"):
            plans.setdefault(event.stream.subject, []).append(event)
    return {plan: begins(events) for plan, events in plans.items()}


def together(frame: Sequence[Recorded], steps: Iterable[Recorded]) -> list[Recorded]:
    """Both in the order of the log. `steps` were read a moment later: of each plan they count up to the first event
    that neither has, for what stands behind it follows from something that the frame does not know yet."""
    known = {event.stream.subject: event.version for event in frame}
    found = list(frame)
    for event in sorted(steps, key=lambda one: one.offset):
        last = known[event.stream.subject]
        if event.version <= last or event.version == last + 1:
            known[event.stream.subject] = max(last, event.version)
            found.append(event)
    return sorted(found, key=lambda one: one.offset)
