"""Going back to what was: a plan to an earlier run of it, or a new plan from another's past."""

from __future__ import annotations

from collections.abc import Mapping

from commands.canvas.chat import refuse_when_full
from commands.canvas.commands import ForkPlan, RestoredStep, RollBackPlan
from commands.canvas.draft_plan import next_plan
from commands.canvas.flags import telling
from commands.canvas.run_plan import ENDED, Draft, begin
from commands.canvas.streams import plan_in, ref, session_stream
from commands.model import Context, Decision, Streams
from commands.refusals import IllegalState, InvalidInput
from events.canvas.plan_events import (
    FieldsVerified,
    PlanDrafted,
    PlanEdited,
    PlanForked,
    PlanRevised,
    PlanRolledBack,
    RunArchived,
    Step,
    StepDrafted,
    StepRestored,
)
from events.canvas.plan_state import Plan, StepRun
from events.canvas.run_state import digest_of
from events.ids import label_of
from events.ids import step_id as step_id_of
from events.table import Table

BACK_FROM = ("awaiting_approval", "rejected", *ENDED)


def roll_back_plan(command: RollBackPlan, streams: Streams, context: Context) -> Decision:
    """The run before stays in the history; the next rerun goes on from what is restored.

    Also where words have changed the plan since and nobody has said yes to that: then the edit is undone.
    """
    draft = begin(command, streams, context)
    plan = draft.plan
    if plan.status not in BACK_FROM:
        raise IllegalState(f"the plan is {plan.status}", allowed=list(BACK_FROM))
    ended = plan.past.ended.get(command.run_id)
    if ended is None:
        raise InvalidInput.at("/run_id", "no run of this plan that is over")
    present = draft.run.run_id
    if present == command.run_id and digest_of(plan.steps, draft.run.steps) == ended.digest:
        raise IllegalState("this run is the present one", allowed=[run for run in plan.past.ended if run != present])
    steps = {one.step_id: one.step or plan.steps.get(one.step_id) for one in command.steps}
    known = _known_again(ended.digest, steps, command.steps)
    if present != command.run_id:
        draft.add(RunArchived(plan_id=command.plan_id, run_id=present))
    if tuple(steps) != tuple(plan.steps):
        draft.add(_steps_of_then(plan, tuple(steps)))
    draft.add(
        PlanRolledBack(
            plan_id=command.plan_id,
            run_id=command.run_id,
            from_run_id=present,
            status=ended.status,
            cost=ended.cost,
            flags=None if command.flags is None else telling(command.flags, known),
        )
    )
    for step_id, step in steps.items():
        if step is not None and step != plan.steps.get(step_id):
            draft.add(PlanRevised(plan_id=command.plan_id, step=step))
    draft.add(*(_restored(command.plan_id, command.run_id, one.step_id, one) for one in command.steps))
    return draft.decision({"run_id": command.run_id})


def fork_plan(command: ForkPlan, streams: Streams, context: Context) -> Decision:
    """The new plan waits for a yes; its first run keeps what had succeeded and pays only for the rest."""
    session, version = session_stream(streams, command.org_id, command.session_id)
    refuse_when_full(version)
    source = plan_in(streams, command.org_id, command.session_id, command.plan_id)
    if command.version > streams(ref(command.plan_id)).version:
        raise InvalidInput.at("/version", "the plan has not come that far")
    planned = _planned(command)
    plan_id = next_plan(streams, command.session_id)
    ids = {old: step_id_of(plan_id, label_of(old)) for old in planned}
    drafted = PlanDrafted(
        plan_id=plan_id,
        session_id=command.session_id,
        org_id=command.org_id,
        message_id=source.drafted.message_id,
        title=command.title,
        step_ids=tuple(ids.values()),
        approval="assist",
        project_id=source.drafted.project_id,
        planner=source.drafted.planner,
    )
    draft = Draft(Plan(drafted), session, context.at)
    draft.add(drafted, *(StepDrafted(plan_id=plan_id, step=_moved(step, ids)) for step in planned.values()))
    draft.add(
        PlanForked(
            plan_id=plan_id,
            source_plan_id=command.plan_id,
            source_version=command.version,
            source_run_id=command.run_id,
        )
    )
    if command.run_id is not None:
        kept = (one for one in command.steps if one.status == "succeeded")
        draft.add(*(_restored(plan_id, command.run_id, ids[one.step_id], one) for one in kept))
    draft.add(FieldsVerified(plan_id=plan_id, step_ids=tuple(ids.values()), flags=telling(command.flags, planned)))
    return draft.decision({"plan_id": plan_id})


def _steps_of_then(plan: Plan, steps: tuple[str, ...]) -> PlanEdited:
    """The plan's frame with the steps that it had: what words have added or taken out since is undone."""
    frame = plan.drafted
    return PlanEdited(
        plan_id=plan.plan_id,
        message_id=frame.message_id,
        title=frame.title,
        step_ids=steps,
        removed=tuple(step for step in plan.steps if step not in set(steps)),
        approval=frame.approval,
        planner=frame.planner,
        drafted_by=frame.drafted_by,
    )


def _planned(command: ForkPlan) -> dict[str, Step]:
    """Raises InvalidInput where there was nothing yet that could run."""
    planned: dict[str, Step] = {}
    for index, one in enumerate(command.steps):
        if one.step is None or one.step.model is None or one.step.estimate is None:
            raise InvalidInput.at(f"/steps/{index}", "no model was chosen for this step at that moment")
        planned[one.step_id] = one.step
    if any(upstream not in planned for step in planned.values() for upstream in step.depends_on):
        raise InvalidInput.at("/steps", "a step depends on one that is not there")
    return planned


def _moved(step: Step, ids: Mapping[str, str]) -> Step:
    """The step under its id in the new plan."""
    depends_on = tuple(ids[upstream] for upstream in step.depends_on)
    return step.model_copy(update={"step_id": ids[step.step_id], "depends_on": depends_on})


def _known_again(
    digest: str, steps: Mapping[str, Step | None], restored: tuple[RestoredStep, ...]
) -> Mapping[str, Step]:
    """Raises InvalidInput where the sender tells of another past than this plan had."""
    there = Table((step_id, step) for step_id, step in steps.items() if step is not None)
    results = {
        one.step_id: StepRun(one.status, one.attempt, one.job_id, one.tried, one.outputs, one.cost) for one in restored
    }
    if len(there) != len(steps) or digest_of(there, results) != digest:
        raise InvalidInput.at("/steps", "this is not what that run was made of and came to")
    return there


def _restored(plan_id: str, run_id: str, step_id: str, one: RestoredStep) -> StepRestored:
    return StepRestored(
        plan_id=plan_id,
        run_id=run_id,
        step_id=step_id,
        status=one.status,
        attempt=one.attempt,
        job_id=one.job_id,
        tried=one.tried,
        outputs=one.outputs,
        cost=one.cost,
        why=one.why,
    )
