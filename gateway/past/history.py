"""The life of a plan, event by event: what happened, what led to it, and what it had cost by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from events.canvas.plan_events import RunCompleted, StepReady, StepSucceeded
from events.envelope import Recorded
from events.log import position
from events.log.position import part
from gateway.books.causes import PEOPLE
from gateway.reads.queries import Document
from projections.documents import at, local_name, present

TOLD: Final = ("run_id", "because", "status", "model", "from_model", "to_model", "category", "reason", "verdict",
               "reused_from", "source_plan_id", "source_version", "from_run_id", "reuse", "job_id")  # fmt: skip
"""Members of an event that say what happened without anybody's words."""
PROCESSES: Final = {"executor": "job", "agents": "agent", "sweepers": "time"}
"""Who of the house acts, and what made it act."""


def lines(events: Sequence[Recorded], jobs: Mapping[str, Document], captured: int) -> list[dict[str, Any]]:
    """`captured` is what the plan had cost before the first of these events."""
    found = []
    for event in events:
        if isinstance(event.data, StepSucceeded):
            captured += event.data.cost
        found.append(_line(event, jobs, captured))
    return found


def captured_by(events: Sequence[Recorded]) -> int:
    """What the steps have cost that succeeded in these events."""
    return sum(event.data.cost for event in events if isinstance(event.data, StepSucceeded))


def captured_in(ended: Sequence[Recorded]) -> int:
    """The same of whole runs, by their ends, each of which holds the sum of its run."""
    return sum(event.data.cost for event in ended if isinstance(event.data, RunCompleted))


def _line(event: Recorded, jobs: Mapping[str, Document], captured: int) -> dict[str, Any]:
    data, step = event.data, getattr(event.data, "step_id", None) or _step_in(event)
    return present(
        version=event.version,
        event=data.name,
        at=at(event),
        position=position.encode({part(event.stream.topic, event.partition): event.offset + 1}),
        step_id=step,
        step=None if step is None else local_name(step),
        facts=present(**{name: getattr(data, name, None) for name in TOLD}),
        cause=_cause(event),
        cost=present(
            captured=captured,
            step=data.cost if isinstance(data, StepSucceeded) else None,
            reserved=jobs.get(data.job_id, {}).get("reserved") if isinstance(data, StepReady) else None,
        ),
    )


def _step_in(event: Recorded) -> str | None:
    step = getattr(event.data, "step", None)
    return None if step is None else str(step.step_id)


def _cause(event: Recorded) -> dict[str, Any]:
    """A person, an agent, a job's news, or time; and the ids by which the log can be followed."""
    envelope = event.envelope
    kind = "person" if envelope.actor.startswith(PEOPLE) else PROCESSES.get(envelope.actor, "process")
    return present(
        kind=kind,
        actor=envelope.actor,
        job_id=getattr(event.data, "job_id", None) if kind == "job" else None,
        command_id=envelope.command_id,
        causation_id=envelope.causation_id,
        correlation_id=envelope.correlation_id,
    )
