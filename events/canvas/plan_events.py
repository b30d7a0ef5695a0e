"""Events of a plan's stream: its steps, the choice of models, its runs and each step's life."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from events.assets import AssetRef
from events.canvas.session_events import Approval
from events.ids import step_id
from events.model import Event, Frozen, Money
from events.sealed import Sealed

AgentType = Literal["image", "video", "audio", "speech", "music", "3d", "lipsync", "text", "utility"]
RunStatus = Literal["running", "succeeded", "partial", "failed", "cancelled"]


class Step(Frozen):
    """A node of the DAG. `input` is the JSON of what the person or planner set, sealed; `step_id` is `stp_X.2.s3`."""

    step_id: str
    title: Sealed
    description: Sealed
    agent_type: AgentType
    depends_on: tuple[str, ...] = ()
    """Step ids."""
    model: str | None = None
    input: Sealed | None = None
    estimate: Money | None = None
    """Upper bound of the price in millicredits, as the catalog had it when the model was chosen."""
    needs_approval: bool = False


class StepOutput(Frozen):
    """An upstream step's result as `step_ready` carries it to the wiring."""

    step_id: str
    agent_type: AgentType
    outputs: tuple[AssetRef, ...]


class DraftedBy(Frozen):
    """The agent whose recorded call the plan was made from, and the prompt that it was given."""

    call_id: str
    agent: str
    variant: str
    prompt_version: int
    prompt_owner: str | None = None
    """Absent: the prompt that is shipped."""


class PlanEvent(Event):
    context: ClassVar[str] = "canvas"
    plan_id: str


class PlanDrafted(PlanEvent):
    """The plan's frame; one `step_drafted` for each of `step_ids` follows in the same decision."""

    name: ClassVar[str] = "plan_drafted"
    session_id: str
    org_id: str
    message_id: str
    title: Sealed
    step_ids: Annotated[tuple[str, ...], Field(min_length=1, max_length=500)]
    approval: Approval
    project_id: str | None = None
    planner: str | None = None
    """The model that wrote it; `offline` for the built-in stand-in."""
    drafted_by: DraftedBy | None = None
    first_by: DraftedBy | None = None
    """Who planned it first, where what was drafted is another agent's revision of that."""


class StepDrafted(PlanEvent):
    name: ClassVar[str] = "step_drafted"
    step: Step


class PlanEdited(PlanEvent):
    """A person's words changed the plan: these are its steps from now on, in this order.

    Those in `changed` are new, or other than they were: each follows as `step_drafted` or `plan_revised` in the same
    decision, and is to be given a model again. Results of the others are kept.
    """

    name: ClassVar[str] = "plan_edited"
    message_id: str
    title: Sealed
    step_ids: Annotated[tuple[str, ...], Field(min_length=1, max_length=500)]
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    approval: Approval
    planner: str | None = None
    drafted_by: DraftedBy | None = None


class PlanRevised(PlanEvent):
    """A step is other than it was: by a person's own edit, or by their words, before a run or before a rerun."""

    name: ClassVar[str] = "plan_revised"
    step: Step
    flags: tuple[str, ...] | None = None
    """What cannot be wired in the whole plan, as it is now; None where it was not looked at."""
    stale: tuple[str, ...] | None = None
    """Steps of a fork whose kept results count no more: this one, and what depends on it."""


class PlanValidated(PlanEvent):
    name: ClassVar[str] = "plan_validated"
    verdict: Literal["PASS", "REVISE"]
    issues: tuple[Sealed, ...] = ()


class FieldsVerified(PlanEvent):
    """The inputs as the field verifier left them; the last thing before approval."""

    name: ClassVar[str] = "fields_verified"
    step_ids: tuple[str, ...]
    flags: tuple[str, ...] = ()


class ModelSelected(PlanEvent):
    name: ClassVar[str] = "model_selected"
    step_id: str
    model: str
    input: Sealed | None = None
    estimate: Money
    reason: str


class PlanApproved(PlanEvent):
    name: ClassVar[str] = "plan_approved"
    approved_by: str


class PlanRejected(PlanEvent):
    name: ClassVar[str] = "plan_rejected"
    rejected_by: str


class RunEvent(PlanEvent):
    run_id: str


class RunStarted(RunEvent):
    name: ClassVar[str] = "run_started"
    steps: tuple[str, ...]
    kept: dict[str, str] = {}
    """Step → the run that its result is kept from; where it is long, `kept_labels` stand in its place."""
    kept_labels: tuple[str, ...] | None = None
    """The labels of the steps that are kept, all of them from `kept_from`."""
    kept_from: str | None = None
    reuse: Literal[True] | None = None
    """A step may take, for nothing, what an equal one of before has led to."""

    def all_kept(self) -> dict[str, str]:
        """Step → the run that its result is kept from, in whichever way it was written."""
        if self.kept_labels is None or self.kept_from is None:
            return self.kept
        return {step_id(self.plan_id, label): self.kept_from for label in self.kept_labels}


class StepReady(RunEvent):
    """All that the executor needs to submit the step's job; wiring happens by the model's schema."""

    name: ClassVar[str] = "step_ready"
    step_id: str
    attempt: int
    job_id: str
    org_id: str
    session_id: str
    project_id: str | None = None
    agent_type: AgentType
    model: str
    title: Sealed
    description: Sealed
    input: Sealed | None = None
    upstream: tuple[StepOutput, ...] = ()
    upstream_stored: Literal[True] | None = None
    """More came out before it than an event holds: `upstream` is empty, and the plan's stream up to here tells it."""
    session_uploads: tuple[tuple[str, AssetRef], ...] = ()
    """(label, asset) of the session's newest files, for its wiring."""
    uploads_stored: int | None = None
    """The session has more of them: its stream up to this version tells of those that the input names besides."""
    fallbacks: tuple[str, ...] | None = None
    """Other models for the case that this one, itself a fallback, cannot be had either; the best first."""
    max_cost: Money | None = None
    """Of a fallback: it costs no more than what the step's first model had set aside."""
    reuse: Literal[True] | None = None


class StepAwaitingApproval(RunEvent):
    """Its dependencies have succeeded; it runs once a person has said yes."""

    name: ClassVar[str] = "step_awaiting_approval"
    step_id: str


class StepApproved(RunEvent):
    name: ClassVar[str] = "step_approved"
    step_id: str
    approved_by: str


class StepStarted(RunEvent):
    name: ClassVar[str] = "step_started"
    step_id: str
    job_id: str


class StepSucceeded(RunEvent):
    name: ClassVar[str] = "step_succeeded"
    step_id: str
    job_id: str
    outputs: tuple[AssetRef, ...]
    cost: Money
    reused_from: str | None = None
    """The job whose result it took, for nothing."""


class StepFailed(RunEvent):
    name: ClassVar[str] = "step_failed"
    step_id: str
    job_id: str | None = None
    category: str
    error: Sealed | None = None


class StepFellBack(RunEvent):
    """The step's job failed for a reason that another model may not have: the step goes on with that one."""

    name: ClassVar[str] = "step_fell_back"
    step_id: str
    job_id: str
    from_model: str
    to_model: str
    category: str
    error: Sealed | None = None
    untried: Literal[True] | None = None
    """`from_model`, itself a fallback, was given no job: it could not do the step, or costs too much."""


class StepBlocked(RunEvent):
    name: ClassVar[str] = "step_blocked"
    step_id: str
    because: str


class StepCancelled(RunEvent):
    name: ClassVar[str] = "step_cancelled"
    step_id: str
    job_id: str | None = None
    stop: Literal[True] | None = None
    """A person's no to this step alone: the executor has its job cancelled, or called off."""


class Unfinished(Frozen):
    """A step that a run ended without."""

    title: Sealed
    status: Literal["failed", "blocked", "cancelled"]
    category: str | None = None
    """Of a failure; None of what an earlier release wrote."""


class RunReport(Frozen):
    """What the assistant's message on a run's end is made of."""

    org_id: str
    session_id: str
    message_id: str
    """The message that the plan was made for."""
    title: Sealed
    outputs: tuple[AssetRef, ...] = ()
    unfinished: tuple[Unfinished, ...] = ()


class RunCompleted(RunEvent):
    name: ClassVar[str] = "run_completed"
    status: RunStatus
    cost: Money
    report: RunReport | None = None
    """None where an event does not hold it, and of earlier releases: the plan's stream up to here tells it."""


class RunCancelled(RunEvent):
    """The person's word; `job_ids` are those that the executor must cancel."""

    name: ClassVar[str] = "run_cancelled"
    org_id: str
    job_ids: tuple[str, ...] = ()


class RunArchived(RunEvent):
    name: ClassVar[str] = "run_archived"


class PlanRolledBack(RunEvent):
    """The plan is as this earlier run left it: `plan_revised` and `step_restored` follow for what was different."""

    name: ClassVar[str] = "plan_rolled_back"
    from_run_id: str | None = None
    status: RunStatus | None = None
    cost: Money | None = None
    """How that run ended."""
    flags: tuple[str, ...] | None = None
    """What cannot be wired in the plan as it is now; None where it was not looked at."""


class PlanForked(PlanEvent):
    """This plan began as another one was at a version of its stream."""

    name: ClassVar[str] = "plan_forked"
    source_plan_id: str
    source_version: int
    source_run_id: str | None = None
    """The run that had made the results that are kept."""


class StepRestored(RunEvent):
    """What came of the step in an earlier run, or in the plan that this one is forked from, stands again."""

    name: ClassVar[str] = "step_restored"
    step_id: str
    status: Literal["planned", "succeeded", "failed", "blocked", "cancelled"]
    attempt: int = 0
    job_id: str | None = None
    tried: tuple[str, ...] = ()
    outputs: tuple[AssetRef, ...] = ()
    cost: Money = 0
    why: str | None = None
    """Of a failure its category, of a blocked step the one that blocks it."""


PLAN_EVENTS: tuple[type[PlanEvent], ...] = (
    PlanDrafted,
    StepDrafted,
    PlanEdited,
    PlanRevised,
    PlanValidated,
    FieldsVerified,
    ModelSelected,
    PlanApproved,
    PlanRejected,
    RunStarted,
    StepReady,
    StepAwaitingApproval,
    StepApproved,
    StepStarted,
    StepSucceeded,
    StepFailed,
    StepFellBack,
    StepBlocked,
    StepCancelled,
    RunCompleted,
    RunCancelled,
    RunArchived,
    PlanRolledBack,
    PlanForked,
    StepRestored,
)
