"""A plan folded from its stream: steps, models, the present run, and what runs of before can be gone back to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from events.canvas.plan_events import (
    FieldsVerified,
    ModelSelected,
    PlanApproved,
    PlanDrafted,
    PlanEdited,
    PlanForked,
    PlanRejected,
    PlanRevised,
    PlanRolledBack,
    PlanValidated,
    RunCancelled,
    RunCompleted,
    RunStarted,
    RunStatus,
    Step,
    StepApproved,
    StepAwaitingApproval,
    StepCancelled,
    StepDrafted,
    StepOutput,
    StepRestored,
)
from events.canvas.run_state import OPEN, Run, StepRun, StepStatus, digest_of, evolve_run, restored
from events.model import Event
from events.table import Table

PlanStatus = Literal[
    "drafting", "awaiting_approval", "running", "succeeded", "partial", "failed", "cancelled", "rejected"
]


@dataclass(frozen=True, slots=True)
class NoPlan:
    """No plan was ever drafted under this id."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over: how, and by what its steps and results are known again."""

    status: RunStatus
    cost: int
    digest: str


@dataclass(frozen=True, slots=True)
class Past:
    """What the plan knows of runs that are over, its own and that of a fork's source."""

    ended: dict[str, Ended] = field(default_factory=dict)
    """By run: what may be gone back to."""
    kept: Table[StepRun] = field(default_factory=Table)
    """Of a fork: results of its source that stand until its first run takes them over."""
    source_run: str | None = None
    """Of a fork: the run that made them."""


@dataclass(frozen=True, slots=True)
class Plan:
    drafted: PlanDrafted
    """As it is now: what words of a person have changed of it stands here, too."""
    status: PlanStatus = "drafting"
    validated: bool = False
    steps: Table[Step] = field(default_factory=Table)
    dependents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    run: Run | None = None
    runs: int = 0
    past: Past = field(default_factory=Past)
    asked: dict[str, datetime] = field(default_factory=dict)
    """Plan or step → since when its approval is waited for."""
    changed: frozenset[str] = frozenset()
    """Steps that are not as the last run had them."""

    @property
    def plan_id(self) -> str:
        return self.drafted.plan_id

    @property
    def complete(self) -> bool:
        """All steps of the draft are there."""
        return len(self.steps) == len(self.drafted.step_ids)

    def upstream(self, step_id: str) -> tuple[StepOutput, ...]:
        """What has come out, in the present run, of each step that this one depends on, in that order."""
        results: Mapping[str, StepRun] = self.run.steps if self.run is not None else {}
        return tuple(
            StepOutput(step_id=up, agent_type=self.steps[up].agent_type, outputs=results[up].outputs)
            for up in self.steps[step_id].depends_on
        )

    def has_come_to(self, run_id: str, step_id: str) -> bool:
        """The run is the present one, and all that the step waits for in it has succeeded."""
        if self.run is None or self.run.run_id != run_id or step_id not in self.steps:
            return False
        return all(self.run.steps[up].status == "succeeded" for up in self.steps[step_id].depends_on)

    def is_over(self, run_id: str) -> bool:
        """The run is the present one, and has ended."""
        return self.run is not None and self.run.run_id == run_id and self.run.status != "running"

    @property
    def to_run(self) -> tuple[str, ...]:
        """What the next run has to do: what was changed, what has no result, and all that depends on either."""
        results = self.run.steps if self.run is not None else self.past.kept
        done = {step for step, result in results.items() if result.status == "succeeded"} - self.changed
        wanted = {step for step in self.steps if step not in done}
        fresh = wanted | self.below(wanted)
        return tuple(step for step in self.steps if step in fresh)

    def below(self, steps: Iterable[str]) -> set[str]:
        """Everything that depends on one of `steps`, directly or not."""
        found: set[str] = set()
        todo = list(steps)
        while todo:
            fresh = [step for step in self.dependents.get(todo.pop(), ()) if step not in found]
            found.update(fresh)
            todo += fresh
        return found


PlanState = NoPlan | Plan


def evolve_plan(state: PlanState, event: Event, at: datetime) -> PlanState:
    """The plan after the event; what this state does not need passes by."""
    if isinstance(event, PlanDrafted):
        return Plan(event)
    if isinstance(state, NoPlan):
        return state
    match event:
        case StepDrafted(step=step) | PlanRevised(step=step):
            return _with_step(state, step)
        case PlanEdited():
            return _edited(state, event)
        case PlanValidated():
            return replace(state, validated=True)
        case ModelSelected():
            step = state.steps[event.step_id].model_copy(
                update={"model": event.model, "input": event.input, "estimate": event.estimate}
            )
            return replace(state, steps=state.steps.put(event.step_id, step))
        case FieldsVerified():
            return replace(state, status="awaiting_approval", asked={state.plan_id: at})
        case PlanApproved():
            return replace(state, asked={})
        case PlanRejected():
            return replace(state, status="rejected", asked={})
        case RunStarted() | RunCompleted() | RunCancelled() | PlanRolledBack() | PlanForked():
            return _evolve_as_a_whole(state, event)
        case _:
            return _evolve_step(state, event, at)


def _with_step(plan: Plan, step: Step) -> Plan:
    """What was kept of a step that is changed, and of what depends on it, counts no more. A mark that it needs
    approval changes nothing of what comes out."""
    dependents, before = plan.dependents, plan.steps.get(step.step_id)
    steps = plan.steps.put(step.step_id, step)
    if before is not None and before.model_copy(update={"needs_approval": step.needs_approval}) == step:
        return replace(plan, steps=steps)
    if before is None or before.depends_on != step.depends_on:
        dependents = _rewired(dependents, step, () if before is None else before.depends_on)
    if before is None and len(steps) == len(plan.drafted.step_ids) and tuple(steps) != plan.drafted.step_ids:
        steps = Table((one, steps[one]) for one in plan.drafted.step_ids)
    changed = plan.changed if plan.run is None else plan.changed | {step.step_id}
    plan = replace(plan, steps=steps, dependents=dependents, changed=changed)
    if not plan.past.kept:
        return plan
    stale = {step.step_id} | plan.below([step.step_id])
    kept = Table((one, result) for one, result in plan.past.kept.items() if one not in stale)
    return replace(plan, past=replace(plan.past, kept=kept))


def _edited(plan: Plan, event: PlanEdited) -> Plan:
    """The plan's frame as it is from now on; the steps that are new or other follow."""
    fields = ("message_id", "title", "step_ids", "approval", "planner", "drafted_by")
    frame = plan.drafted.model_copy(update={name: getattr(event, name) for name in fields})
    left = set(event.step_ids)
    steps = Table((step, plan.steps[step]) for step in event.step_ids if step in plan.steps)
    kept = Table((step, result) for step, result in plan.past.kept.items() if step in left)
    plan = replace(
        plan,
        drafted=frame,
        steps=steps,
        dependents=_dependents(steps),
        past=replace(plan.past, kept=kept),
        changed=plan.changed & left,
    )
    return replace(plan, status="drafting", validated=False, asked={}) if event.changed else plan


def _rewired(
    dependents: Mapping[str, tuple[str, ...]], step: Step, before: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Only where the step has gained or lost what it waits for."""
    found = dict(dependents)
    for gone in set(before) - set(step.depends_on):
        found[gone] = tuple(one for one in found.get(gone, ()) if one != step.step_id)
    for fresh in set(step.depends_on) - set(before):
        found[fresh] = (*found.get(fresh, ()), step.step_id)
    return found


def _dependents(steps: Mapping[str, Step]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, step in steps.items():
        for upstream in step.depends_on:
            found.setdefault(upstream, []).append(name)
    return {upstream: tuple(names) for upstream, names in found.items()}


def _evolve_as_a_whole(plan: Plan, event: Event) -> Plan:
    match event:
        case RunStarted():
            return _start(plan, event)
        case RunCompleted(status=status) if plan.run is not None:
            run = replace(plan.run, status=status)
            ended = Ended(status, run.cost, digest_of(plan.steps, run.steps))
            past = replace(plan.past, ended={**plan.past.ended, run.run_id: ended})
            return replace(plan, run=run, status=status, past=past, asked={})
        case RunCancelled() if plan.run is not None:
            return replace(plan, run=evolve_run(plan.run, plan.dependents, event), asked={})
        case PlanRolledBack() if (gone_back_to := plan.past.ended.get(event.run_id)) is not None:
            steps = Table((step, StepRun()) for step in plan.steps)
            number = int(event.run_id.rsplit(".", 1)[-1])
            run = Run(event.run_id, number, gone_back_to.status, steps, Table(), open=0, cost=gone_back_to.cost)
            return replace(plan, run=run, status=gone_back_to.status, changed=frozenset(), asked={})
        case PlanForked():
            return replace(plan, past=replace(plan.past, source_run=event.source_run_id))
        case _:
            return plan


def _start(plan: Plan, event: RunStarted) -> Plan:
    """A new run: kept steps stand with the results of the run before, the others wait for their dependencies."""
    before: Mapping[str, StepRun] = plan.run.steps if plan.run else plan.past.kept
    fresh = set(event.steps)
    steps = Table(
        (step, StepRun() if step in fresh else before[step]) for step in plan.steps if step in fresh or step in before
    )
    waiting = Table((step, sum(1 for up in plan.steps[step].depends_on if up in fresh)) for step in event.steps)
    reuse = event.reuse is True
    run = Run(event.run_id, plan.runs + 1, "running", steps, waiting, open=len(fresh), reuse=reuse)
    past = replace(plan.past, kept=Table()) if plan.past.kept else plan.past
    changed = plan.changed - fresh
    return replace(plan, status="running", run=run, runs=plan.runs + 1, past=past, changed=changed)


def _evolve_step(plan: Plan, event: Event, at: datetime) -> Plan:
    if isinstance(event, StepRestored) and plan.run is None:
        kept = plan.past.kept.put(event.step_id, restored(event))
        return replace(plan, past=replace(plan.past, kept=kept))
    if plan.run is None:
        return plan
    run = evolve_run(plan.run, plan.dependents, event)
    if isinstance(event, StepRestored):
        return replace(plan, run=run, changed=plan.changed - {event.step_id})
    if isinstance(event, StepAwaitingApproval):
        return replace(plan, run=run, asked={**plan.asked, event.step_id: at})
    if isinstance(event, StepApproved | StepCancelled) and event.step_id in plan.asked:
        return replace(
            plan, run=run, asked={step: since for step, since in plan.asked.items() if step != event.step_id}
        )
    return plan if run is plan.run else replace(plan, run=run)


__all__ = ["OPEN", "Ended", "NoPlan", "Plan", "PlanState", "PlanStatus", "Run", "StepRun", "StepStatus", "evolve_plan"]
