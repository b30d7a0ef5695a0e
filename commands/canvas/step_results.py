"""A step's start and end within a run: what becomes ready, what is blocked, and whether the run is over."""

from __future__ import annotations

from commands.canvas.commands import ATTEMPTS_MAX, RecordStepResult, RecordStepStarted, RunCommand
from commands.canvas.run_plan import Draft, begin, ready, ready_step
from commands.canvas.run_report import completed
from commands.model import Context, Decision, Streams
from commands.refusals import IllegalState
from events.canvas.plan_events import (
    RunStatus,
    StepBlocked,
    StepCancelled,
    StepFailed,
    StepFellBack,
    StepStarted,
    StepSucceeded,
)
from events.canvas.plan_state import OPEN, Run, StepRun


def record_step_started(command: RecordStepStarted, streams: Streams, context: Context) -> Decision:
    """`illegal-state`: the step is no longer open, so its job must be cancelled."""
    draft = begin(command, streams, context)
    step = _open_step(draft, command)
    if step.job_id != command.job_id:
        raise IllegalState("another job runs this step", allowed=[step.job_id])
    if step.status == "running":
        return Decision(result={})
    draft.add(
        StepStarted(plan_id=command.plan_id, run_id=command.run_id, step_id=command.step_id, job_id=command.job_id)
    )
    return draft.decision({})


def record_step_result(command: RecordStepResult, streams: Streams, context: Context) -> Decision:
    """One decision: the step's end, the steps that it made ready or blocked, and the run's end."""
    draft = begin(command, streams, context)
    step = _open_step(draft, command)
    if step.job_id != command.job_id:
        raise IllegalState("another job runs this step", allowed=[step.job_id])
    if command.status == "succeeded":
        _succeed(draft, command)
    elif (model := _fallback(step, command)) is not None:
        _fall_back(draft, command, step, model)
    else:
        _fail(draft, command, step)
    complete_when_over(draft)
    return draft.decision({"run_status": draft.run.status})


def complete_when_over(draft: Draft) -> None:
    """The run ends with its last open step."""
    run = draft.run
    if run.open == 0:
        draft.add(completed(draft.plan, run, run_status(run)))


def run_status(run: Run) -> RunStatus:
    """Of a run whose steps have all ended."""
    statuses = {step.status for step in run.steps.values()}
    if statuses <= {"succeeded"}:
        return "succeeded"
    if "succeeded" in statuses:
        return "partial"
    return "cancelled" if "failed" not in statuses else "failed"


def _open_step(draft: Draft, command: RunCommand) -> StepRun:
    run = draft.plan.run
    if run is None or run.run_id != command.run_id or run.status != "running":
        raise IllegalState("this run is over", allowed=["running"])
    step = run.steps.get(command.step_id)
    if step is None or step.status not in OPEN:
        raise IllegalState("this step is no longer open", allowed=sorted(OPEN))
    return step


def _succeed(draft: Draft, command: RecordStepResult) -> None:
    draft.add(
        StepSucceeded(
            plan_id=command.plan_id,
            run_id=command.run_id,
            step_id=command.step_id,
            job_id=command.job_id,
            outputs=command.outputs,
            cost=command.cost,
            reused_from=command.reused_from,
        )
    )
    run = draft.run
    dependents = draft.plan.dependents.get(command.step_id, ())
    freed = [s for s in dependents if run.waiting.get(s) == 0 and run.steps[s].status == "planned"]
    draft.add(*ready(draft, freed))


def _fallback(step: StepRun, command: RecordStepResult) -> str | None:
    """The best model that this step has not been given yet in this run; None where there is none, or tries are over."""
    if command.status != "failed" or step.attempt >= ATTEMPTS_MAX:
        return None
    return next(iter(_left(step, command)), None)


def _left(step: StepRun, command: RecordStepResult) -> tuple[str, ...]:
    """What may do after each failure so far, not only after the last: a provider that is down stays left out."""
    named = command.fallbacks if step.left is None else tuple(one for one in step.left if one in command.fallbacks)
    return tuple(model for model in named if model not in step.tried)


def _fall_back(draft: Draft, command: RecordStepResult, step: StepRun, model: str) -> None:
    """The step stays open: for whoever waits it only takes longer, and the log says why."""
    left = tuple(one for one in _left(step, command) if one != model)
    draft.add(
        StepFellBack(
            plan_id=command.plan_id,
            run_id=command.run_id,
            step_id=command.step_id,
            job_id=step.job_id or "",
            from_model=step.tried[-1] if step.tried else "",
            to_model=model,
            category=command.category or "unknown",
            error=command.error,
            untried=command.untried or None,
        ),
        ready_step(
            draft,
            command.step_id,
            model,
            fallbacks=left,
            max_cost=command.max_cost if step.max_cost is None else step.max_cost,
        ),
    )


def _fail(draft: Draft, command: RecordStepResult, step: StepRun) -> None:
    """Scoped: only what depends on the step is blocked. A fallback that could not even be tried hides no failure."""
    if command.status == "cancelled":
        draft.add(
            StepCancelled(
                plan_id=command.plan_id, run_id=command.run_id, step_id=command.step_id, job_id=command.job_id
            )
        )
    else:
        hidden = step.failure if command.untried else None
        category, error = hidden or (command.category or "unknown", command.error)
        draft.add(
            StepFailed(
                plan_id=command.plan_id,
                run_id=command.run_id,
                step_id=command.step_id,
                job_id=command.job_id,
                category=category,
                error=error,
            )
        )
    block_below(draft, command.step_id)


def block_below(draft: Draft, step_id: str) -> None:
    """What depends on a step that did not succeed does not run."""
    for below in sorted(draft.plan.below([step_id]), key=draft.plan.steps.place):
        if draft.run.steps[below].status in OPEN:
            draft.add(StepBlocked(plan_id=draft.plan.plan_id, run_id=draft.run.run_id, step_id=below, because=step_id))
