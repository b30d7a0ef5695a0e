"""Yes and no to single steps: a step that needs approval waits for a person, and not for ever."""

from __future__ import annotations

from commands.canvas.commands import ApproveStep, CancelStep, ExpireApproval, StepCommand
from commands.canvas.run_plan import Draft, begin, first_attempt
from commands.canvas.step_results import block_below, complete_when_over
from commands.model import Context, Decision, Streams
from commands.refusals import IllegalState, InvalidInput
from events.canvas.plan_events import PlanRejected, StepApproved, StepCancelled
from events.canvas.plan_state import OPEN, StepRun

TIMEOUT = "timeout"
"""Who rejects a plan to which nobody has said anything."""


def approve_step(command: ApproveStep, streams: Streams, context: Context) -> Decision:
    """The step becomes ready in the same decision. Raises InsufficientCredit where it is certain that it cannot be
    paid."""
    draft = begin(command, streams, context)
    step = _step_of_run(draft, command)
    if step.status != "awaiting_approval":
        raise IllegalState(f"the step is {step.status}", allowed=["awaiting_approval"])
    run_id = draft.run.run_id
    draft.add(
        StepApproved(plan_id=command.plan_id, run_id=run_id, step_id=command.step_id, approved_by=context.command.actor)
    )
    draft.add(first_attempt(draft, command.step_id))
    draft.refuse_unpaid(command.credit)
    return draft.decision({"run_id": run_id})


def cancel_step(command: CancelStep, streams: Streams, context: Context) -> Decision:
    """Ends the step, whatever has become of its job, and blocks what depends on it."""
    draft = begin(command, streams, context)
    step = _step_of_run(draft, command)
    if step.status not in OPEN:
        raise IllegalState(f"the step is {step.status}", allowed=sorted(OPEN))
    _cancel(draft, command.step_id, step.job_id if step.status in ("ready", "running") else None)
    return draft.decision({"status": "cancelled"})


def expire_approval(command: ExpireApproval, streams: Streams, context: Context) -> Decision:
    """A plan is rejected, a step cancelled. Refused where it is no longer this approval that is waited for."""
    draft = begin(command, streams, context)
    since = draft.plan.asked.get(command.step_id or command.plan_id)
    if since is None or since.isoformat() != command.since:
        raise IllegalState("this approval is not waited for any more", allowed=["awaiting_approval"])
    if command.step_id is None:
        draft.add(PlanRejected(plan_id=command.plan_id, rejected_by=TIMEOUT))
    else:
        _cancel(draft, command.step_id)
    return draft.decision({})


def _cancel(draft: Draft, step_id: str, job_id: str | None = None) -> None:
    draft.add(
        StepCancelled(
            plan_id=draft.plan.plan_id,
            run_id=draft.run.run_id,
            step_id=step_id,
            job_id=job_id,
            stop=None if job_id is None else True,
        )
    )
    block_below(draft, step_id)
    complete_when_over(draft)


def _step_of_run(draft: Draft, command: StepCommand) -> StepRun:
    """Raises InvalidInput, or IllegalState where nothing runs."""
    if command.step_id not in draft.plan.steps:
        raise InvalidInput.at("/step_id", "no such step in this plan")
    if draft.plan.status != "running":
        raise IllegalState(f"the plan is {draft.plan.status}", allowed=["running"])
    return draft.run.steps[command.step_id]
