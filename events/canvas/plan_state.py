"""A plan folded from its stream: steps, models, and the present run with Kahn's in-degrees."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from events.assets import AssetRef
from events.canvas.plan_events import (
    FieldsVerified,
    ModelSelected,
    PlanApproved,
    PlanDrafted,
    PlanRejected,
    PlanRevised,
    PlanValidated,
    RunCancelled,
    RunCompleted,
    RunStarted,
    RunStatus,
    Step,
    StepBlocked,
    StepCancelled,
    StepDrafted,
    StepFailed,
    StepReady,
    StepStarted,
    StepSucceeded,
)
from events.model import Event

PlanStatus = Literal[
    "drafting", "awaiting_approval", "running", "succeeded", "partial", "failed", "cancelled", "rejected"
]
StepStatus = Literal["planned", "ready", "running", "succeeded", "failed", "blocked", "cancelled"]
OPEN: frozenset[StepStatus] = frozenset(("planned", "ready", "running"))


@dataclass(frozen=True, slots=True)
class NoPlan:
    """No plan was ever drafted under this id."""


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step within a run."""

    status: StepStatus = "planned"
    attempt: int = 0
    job_id: str | None = None
    tried: tuple[str, ...] = ()
    """The models of its attempts in this run, the present one last."""
    outputs: tuple[AssetRef, ...] = ()
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One execution. `waiting` is Kahn's in-degree of each step: how many of its dependencies have not succeeded."""

    run_id: str
    number: int
    status: RunStatus
    steps: dict[str, StepRun]
    waiting: dict[str, int]
    open: int
    """How many steps have not ended."""
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    drafted: PlanDrafted
    status: PlanStatus = "drafting"
    validated: bool = False
    steps: dict[str, Step] = field(default_factory=dict)
    dependents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    run: Run | None = None
    runs: int = 0

    @property
    def plan_id(self) -> str:
        return self.drafted.plan_id

    @property
    def complete(self) -> bool:
        """All steps of the draft are there."""
        return len(self.steps) == len(self.drafted.step_ids)


PlanState = NoPlan | Plan


def evolve_plan(state: PlanState, event: Event, _at: datetime) -> PlanState:
    """The plan after the event; what this state does not need passes by."""
    if isinstance(event, PlanDrafted):
        return Plan(event)
    if isinstance(state, NoPlan):
        return state
    match event:
        case StepDrafted(step=step) | PlanRevised(step=step):
            return _with_step(state, step)
        case PlanValidated():
            return replace(state, validated=True)
        case ModelSelected():
            step = state.steps[event.step_id].model_copy(
                update={"model": event.model, "input": event.input, "estimate": event.estimate}
            )
            return replace(state, steps={**state.steps, event.step_id: step})
        case FieldsVerified():
            return replace(state, status="awaiting_approval")
        case PlanApproved():
            return state
        case PlanRejected():
            return replace(state, status="rejected")
        case RunStarted():
            return _start(state, event)
        case RunCompleted(status=status):
            run = replace(state.run, status=status) if state.run else None
            return replace(state, run=run, status=status)
        case _:
            return _evolve_run(state, event)


def _with_step(plan: Plan, step: Step) -> Plan:
    dependents = plan.dependents
    if step.step_id not in plan.steps:
        dependents = dict(dependents)
        for upstream in step.depends_on:
            dependents[upstream] = (*dependents.get(upstream, ()), step.step_id)
    return replace(plan, steps={**plan.steps, step.step_id: step}, dependents=dependents)


def _start(plan: Plan, event: RunStarted) -> Plan:
    """A new run: kept steps stand with the results of the run before, the others wait for their dependencies."""
    before = plan.run.steps if plan.run else {}
    fresh = set(event.steps)
    steps = {
        step: StepRun() if step in fresh else before[step] for step in plan.steps if step in fresh or step in before
    }
    waiting = {step: sum(1 for up in plan.steps[step].depends_on if up in fresh) for step in event.steps}
    run = Run(event.run_id, plan.runs + 1, "running", steps, waiting, open=len(fresh))
    return replace(plan, status="running", run=run, runs=plan.runs + 1)


def _evolve_run(plan: Plan, event: Event) -> Plan:
    run = plan.run
    if run is None:
        return plan
    match event:
        case StepReady():
            before = run.steps[event.step_id]
            tried = (*before.tried, event.model)
            changed = replace(before, status="ready", attempt=event.attempt, job_id=event.job_id, tried=tried)
            after = replace(run, steps={**run.steps, event.step_id: changed})
        case StepStarted():
            changed = replace(run.steps[event.step_id], status="running")
            after = replace(run, steps={**run.steps, event.step_id: changed})
        case StepSucceeded():
            changed = replace(run.steps[event.step_id], status="succeeded", outputs=event.outputs, cost=event.cost)
            waiting = dict(run.waiting)
            for step in plan.dependents.get(event.step_id, ()):
                if step in waiting:
                    waiting[step] -= 1
            after = replace(
                run,
                steps={**run.steps, event.step_id: changed},
                waiting=waiting,
                open=run.open - 1,
                cost=run.cost + event.cost,
            )
        case StepFailed():
            after = _end(run, event.step_id, "failed")
        case StepBlocked():
            after = _end(run, event.step_id, "blocked")
        case StepCancelled():
            after = _end(run, event.step_id, "cancelled")
        case RunCancelled():
            after = replace(run, status="cancelled")
        case _:
            return plan
    return replace(plan, run=after)


def _end(run: Run, step_id: str, status: StepStatus) -> Run:
    changed = replace(run.steps[step_id], status=status)
    return replace(run, steps={**run.steps, step_id: changed}, open=run.open - 1)
