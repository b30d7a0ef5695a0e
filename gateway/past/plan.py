"""A plan's past: its stored stream up to a moment, folded as the read model and the decider fold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from commands.canvas.commands import RestoredStep
from events.canvas.plan_events import RunCompleted
from events.canvas.plan_state import NoPlan, Plan, PlanState, StepRun, evolve_plan
from events.envelope import Recorded
from events.log import position as positions
from events.log.codec import time_to_text
from events.log.position import part
from events.log.routing import partition_of
from events.topics import EVENTS_CANVAS
from gateway.http.problems import Problem, not_found
from gateway.past.times import in_utc
from gateway.platform import Platform
from gateway.reads.views import ENDED
from projections import plans, steps
from projections.applied import documents_of
from projections.opening import open_all

EVENTS_MAX: Final = 20_000
"""Of what a plan, or a session with its plans, is made of at a moment: beyond that it is not folded for a request."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """Before an offset of the session's partition, up to a time, or at a version of the plan's stream."""

    before: int | None = None
    upto: str | None = None
    version: int | None = None

    @property
    def query(self) -> dict[str, Any]:
        if self.version is not None:
            return {"_v": {"$lte": self.version}}
        if self.before is not None:
            return {"offset": {"$lt": self.before}}
        return {} if self.upto is None else {"time": {"$lte": self.upto}}


NOW: Final = Moment()


def moment(at: str | None, session_id: str, partitions: int) -> Moment:
    """A position, or a time with its offset from UTC; None is now. Raises a Problem for anything else."""
    if at is None:
        return NOW
    try:
        before = positions.decode(at).get(canvas_part(session_id, partitions))
        if before is not None:
            return Moment(before=before)
    except ValueError:
        pass
    try:
        # In a query string `+00:00` arrives with a blank.
        return Moment(upto=time_to_text(in_utc(datetime.fromisoformat(at.replace(" ", "+")))))
    except ValueError:
        pass
    raise Problem("malformed", "`at` is neither a position of this session nor a time with its offset from UTC")


def canvas_part(session_id: str, partitions: int) -> str:
    return part(EVENTS_CANVAS, partition_of(session_id, partitions))


async def stream(platform: Platform, org_id: str, plan_id: str, when: Moment) -> list[Recorded]:
    """What the plan was made of at the moment. Raises a Problem where it was not there, or was too much."""
    return await parts(platform, {"subject": plan_id, "org_id": org_id, **when.query})


async def parts(platform: Platform, wanted: Document) -> list[Recorded]:
    """See `StreamStore.parts`."""
    found = await platform.streams.parts(wanted, EVENTS_MAX + 1)
    if not found:
        raise not_found()
    if len(found) > EVENTS_MAX:
        raise Problem("too-large", f"more than {EVENTS_MAX} events tell of it at that moment")
    return found


async def documents(platform: Platform, events: Sequence[Recorded]) -> tuple[Document, list[Document]]:
    """The plan and its steps as the read model had them after these events."""
    opened = await open_all(platform.vault, events)
    writes = (
        write for event in events for project in (plans.project, steps.project) for write in project(event, opened)
    )
    found = {(kind, key): document | {"_id": key} for (kind, key), document in documents_of(writes).items()}
    plan = found[plans.COLLECTION, events[0].stream.subject]
    return plan, [document for (kind, _), document in found.items() if kind == steps.COLLECTION]


def folded(events: Sequence[Recorded]) -> Plan:
    """The plan as its decider has it after these events. Raises a Problem where it is none yet."""
    state: PlanState = NoPlan()
    for event in events:
        state = evolve_plan(state, event.data, event.envelope.time)
    if not isinstance(state, Plan):
        raise not_found()
    return state


def end_of(events: Sequence[Recorded], run_id: str) -> int | None:
    """The version at which the run was over; None where it never was, as far as the stream is stored."""
    ends = (event.version for event in events if isinstance(event.data, RunCompleted) and event.data.run_id == run_id)
    return next(ends, None)


def restored(then: Plan, *, now: Plan | None = None, only_done: bool = False) -> tuple[RestoredStep, ...]:
    """The steps as they were `then`; what is planned of a step is left out where it is so `now`.

    `only_done`: results of what the next run would do again, for it was changed since, are left out.
    """
    results: Mapping[str, StepRun] = then.run.steps if then.run is not None else then.past.kept
    again = frozenset(then.to_run) if only_done else frozenset[str]()
    found = []
    for step_id, step in then.steps.items():
        result = results.get(step_id, StepRun())
        if step_id in again:
            result = StepRun()
        found.append(
            RestoredStep.model_validate(
                {
                    "step_id": step_id,
                    "step": None if now is not None and now.steps.get(step_id) == step else step,
                    "status": result.status,
                    "attempt": result.attempt,
                    "job_id": result.job_id,
                    "tried": result.tried,
                    "outputs": result.outputs,
                    "cost": result.cost,
                    "why": result.why,
                }
            )
        )
    return tuple(found)


def jobs_at(jobs: Sequence[Document], time: str) -> list[Document]:
    """The jobs as they were at a time: later ones are not there, and what ended later had not ended."""
    return [_job_at(job, time) for job in jobs if job["accepted_at"] <= time]


def _job_at(job: Document, time: str) -> Document:
    if job["status"] in ENDED and job.get("ended_at", "") <= time:
        return job
    attempts = [
        {name: value for name, value in attempt.items() if name != "ended_at" or value <= time}
        for attempt in job.get("attempts", [])
        if attempt["started_at"] <= time
    ]
    gone = ("captured", "uncollected", "outputs", "error", "ended_at", "engine", "bill")
    status = "dispatched" if attempts else "queued"
    return {**{name: value for name, value in job.items() if name not in gone}, "status": status, "attempts": attempts}


def time_of(events: Sequence[Recorded], when: Moment) -> str:
    """The moment as a time: over several topics it can be nothing else."""
    return when.upto or time_to_text(events[-1].envelope.time)
