"""The canvas decider: chat, uploads and plans of a session in one order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from commands.canvas import (
    approvals,
    cancel_session,
    chat,
    draft_plan,
    edit_plan,
    go_back,
    run_plan,
    stages,
    step_results,
)
from commands.canvas import commands as c
from commands.model import Command, Context, CurrentRecord, Decider, Decision, Fold, Streams
from events.canvas import state as canvas_state
from events.canvas.current import approvals as approvals_of
from events.canvas.plan_state import Plan
from events.envelope import StreamRef
from events.topics import COMMANDS_CANVAS, CURRENT_APPROVALS, EVENTS_CANVAS

_USE_CASES: Final[dict[type[Command], Callable[[Any, Streams, Context], Decision]]] = {
    c.StartSession: chat.start_session,
    c.PostMessage: chat.post_message,
    c.PostAssistantMessage: chat.post_assistant_message,
    c.RecordUpload: chat.record_upload,
    c.BeginStage: stages.begin_stage,
    c.RecordAgentCall: stages.record_agent_call,
    c.RecordContext: stages.record_context,
    c.DraftPlan: draft_plan.draft_plan,
    c.RevisePlan: edit_plan.revise_plan,
    c.RecordPlanValidated: draft_plan.record_plan_validated,
    c.SelectModels: run_plan.select_models,
    c.ApprovePlan: run_plan.approve_plan,
    c.RejectPlan: run_plan.reject_plan,
    c.CancelRun: run_plan.cancel_run,
    c.EditStep: run_plan.edit_step,
    c.RerunPlan: run_plan.rerun_plan,
    c.CancelSession: cancel_session.cancel_session,
    c.ApproveStep: approvals.approve_step,
    c.CancelStep: approvals.cancel_step,
    c.ExpireApproval: approvals.expire_approval,
    c.RollBackPlan: go_back.roll_back_plan,
    c.ForkPlan: go_back.fork_plan,
    c.RecordStepStarted: step_results.record_step_started,
    c.RecordStepResult: step_results.record_step_result,
}


def decide(command: Command, streams: Streams, context: Context) -> Decision:
    """What happens; raises a Refusal."""
    if isinstance(command, c.CanvasCommand) and command.within_project is not None:
        chat.check_project(command, streams)
    return _USE_CASES[type(command)](command, streams, context)


def summarize(ref: StreamRef, state: Any) -> CurrentRecord | None:
    """What waits for a person's yes, in `current.approvals`; of a session, nothing."""
    return CurrentRecord(CURRENT_APPROVALS, ref.subject, approvals_of(state)) if isinstance(state, Plan) else None


CANVAS: Final = Decider(
    name="canvas",
    command_topic=COMMANDS_CANVAS,
    commands={command.type_name(): command for command in c.CANVAS_COMMANDS},
    folds={EVENTS_CANVAS: Fold(canvas_state.initial, canvas_state.evolve)},
    decide=decide,
    summarize=summarize,
)
