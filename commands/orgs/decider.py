"""The orgs decider: accounts, jobs and credits of an organisation in one order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from commands.model import Command, Context, CurrentRecord, Decider, Decision, Fold, Streams
from commands.orgs import (
    accounts,
    end_job,
    record_checkpoint,
    refund_job,
    run_job,
    signing_keys,
    submit_job,
    tell_customer,
)
from commands.orgs import commands as c
from events.accounts import state as account_state
from events.credits import checkpoint_state
from events.credits import state as book_state
from events.envelope import StreamRef
from events.jobs import state as job_state
from events.topics import (
    COMMANDS_ORGS,
    CURRENT_JOBS,
    CURRENT_ORGS,
    EVENTS_ACCOUNTS,
    EVENTS_CHECKPOINTS,
    EVENTS_CREDITS,
    EVENTS_JOBS,
)

_USE_CASES: Final[dict[type[Command], Callable[[Any, Streams, Context], Decision]]] = {
    c.OpenOrg: accounts.open_org,
    c.IssueKey: accounts.issue_key,
    c.RevokeKey: accounts.revoke_key,
    c.OpenProject: accounts.open_project,
    c.SetLimits: accounts.set_limits,
    c.ForgetPerson: accounts.forget_person,
    c.AddCredits: accounts.add_credits,
    c.AllocateCredits: accounts.allocate_credits,
    c.RefundJob: refund_job.refund_job,
    c.SubmitJob: submit_job.submit_job,
    c.ReplayJob: submit_job.replay_job,
    c.DispatchJob: run_job.dispatch_job,
    c.BeginAttempt: run_job.begin_attempt,
    c.RecordJobRunning: run_job.record_job_running,
    c.RecordJobAgentCall: run_job.record_agent_call,
    c.ExpireLease: run_job.expire_lease,
    c.ConfirmStopped: run_job.confirm_stopped,
    c.RecordJobSucceeded: end_job.record_job_succeeded,
    c.RecordAttemptFailed: end_job.record_attempt_failed,
    c.CancelJob: end_job.cancel_job,
    c.DiscardJob: end_job.discard_job,
    c.BeginWebhook: tell_customer.begin_webhook,
    c.RecordWebhook: tell_customer.record_webhook,
    c.ResendWebhook: tell_customer.resend_webhook,
    c.RequestCheckpoint: record_checkpoint.request_checkpoint,
    c.RecordCheckpoint: record_checkpoint.record_checkpoint,
    c.IntroduceSigningKey: signing_keys.introduce_signing_key,
}


def decide(command: Command, streams: Streams, context: Context) -> Decision:
    """What happens; raises a Refusal."""
    if isinstance(command, c.JobCommand) and command.within_project is not None:
        submit_job.check_project(command, streams)
    return _USE_CASES[type(command)](command, streams, context)


def summarize(ref: StreamRef, state: Any) -> CurrentRecord | None:
    """Live jobs in `current.jobs`, organisations in `current.orgs`; of an entry's own stream, nothing."""
    if ref.topic == EVENTS_JOBS:
        return CurrentRecord(CURRENT_JOBS, ref.subject, job_state.current(state))
    if ref.topic == EVENTS_ACCOUNTS and (org := account_state.current(state)) is not None:
        return CurrentRecord(CURRENT_ORGS, ref.subject, org)
    return None


ORGS: Final = Decider(
    name="orgs",
    command_topic=COMMANDS_ORGS,
    commands={command.type_name(): command for command in c.ORGS_COMMANDS},
    folds={
        EVENTS_ACCOUNTS: Fold(account_state.initial, account_state.evolve),
        EVENTS_JOBS: Fold(job_state.initial, job_state.evolve),
        EVENTS_CREDITS: Fold(book_state.initial, book_state.evolve),
        EVENTS_CHECKPOINTS: Fold(checkpoint_state.initial, checkpoint_state.evolve),
    },
    decide=decide,
    summarize=summarize,
)
