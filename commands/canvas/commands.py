"""Commands of the canvas decider, keyed by session."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from commands.model import ProjectCommand
from events.assets import AssetRef
from events.canvas.plan_events import AgentType, Step
from events.canvas.session_events import Approval, Medium, PlanningMode, PromptBeside
from events.envelope import StreamRef
from events.jobs.events import Category
from events.model import Frozen, Money
from events.sealed import Sealed
from events.topics import EVENTS_CANVAS

STEPS_MAX = 500
"""Steps a plan."""
EDGES_MAX = 5_000
"""Dependencies of all its steps together."""
ATTEMPTS_MAX = 8
"""Models that a step is given in one run."""
FALLBACKS_MAX = 16
"""Models that are named for a step after a failure: enough that what is left after several failures is not nothing."""
UNWIRABLE = "unwirable"
"""In a flag, `<step>:unwirable:<field>: <why>`: the step's model will not get what it needs."""
UNUSED = "unused"
"""In a flag, `<step>:unused:<step before it>: <why>`: nothing of what comes out of that one has a place in this one."""
LABEL = r"^[A-Za-z0-9_-]{1,64}$"


class CanvasCommand(ProjectCommand):
    context: ClassVar[str] = "canvas"
    org_id: str
    session_id: str

    @property
    def route(self) -> str:
        return self.session_id


class StartSession(CanvasCommand):
    """Answered `{session_id}`."""

    title: Sealed | None = None
    project_id: str | None = None
    user_id: str | None = None

    @property
    def creates(self) -> StreamRef | None:
        return StreamRef(EVENTS_CANVAS, self.session_id)


class PostMessage(CanvasCommand):
    """A person's words. Answered `{message_id}`."""

    message_id: str
    text: Sealed
    mode: PlanningMode = "subagent"
    approval: Approval = "assist"
    upload_ids: Annotated[tuple[str, ...], Field(max_length=64)] = ()


class PostAssistantMessage(CanvasCommand):
    """The platform's words: why there is no plan, or what came out."""

    message_id: str
    text: Sealed
    assets: tuple[AssetRef, ...] = ()
    in_reply_to: str | None = None
    plan_id: str | None = None


class RecordUpload(CanvasCommand):
    """The bytes are stored already. Answered `{upload_id, label}`."""

    upload_id: str
    asset: AssetRef
    file_name: Sealed
    medium: Medium


class BeginStage(CanvasCommand):
    """May I call the model? Answered `{"go": n, "versions", "prompt": {variant, version, owner?}}`,
    `{"recorded": {…}, "versions"}` or `{"busy": true}`.

    `prompt` is the one to use: the asker's own, unless the session is pinned to another by its first stage.

    `owner` is `<instance name>/<start>`, fresh per process start. Another owner gets the next n once the old one's
    `timeout_s` has passed, and at once where it is the same instance started anew.

    """

    call_id: str
    agent: str
    variant: str = "default"
    prompt_version: int = 1
    prompt_owner: str | None = None
    pin_lost: bool = False
    """The text that the session is pinned to cannot be had any more: it goes on with this one."""
    owner: str
    timeout_s: int = Field(default=180, ge=1, le=3600)
    plan_id: str | None = None
    beside: PromptBeside | None = None
    """Pinned by itself, and answered as `"beside"`."""


class RecordAgentCall(CanvasCommand):
    """What the model answered, under the attempt that `BeginStage` gave; an old attempt is refused."""

    call_id: str
    attempt: int
    agent: str
    variant: str = "default"
    model: str
    tokens_in: int = Field(ge=0)
    tokens_out: int = Field(ge=0)
    ms: int = Field(ge=0)
    cost: Money | None = None
    fallback: str | None = None
    error: str | None = None
    answer: Sealed | None = None
    answer_sha256: str | None = None
    """Of one too large for an event: it is in storage."""


class RecordContext(CanvasCommand):
    """Whether a message goes on with the present plan, as the call found."""

    call_id: str
    message_id: str
    decision: Literal["SAME", "NEW"]


class DraftStep(Frozen):
    """A step as the planner wrote it; `label` is its own short id, `depends_on` are labels."""

    label: str = Field(pattern=LABEL)
    title: Sealed
    description: Sealed
    agent_type: AgentType
    depends_on: tuple[str, ...] = ()
    model: str | None = None
    input: Sealed | None = None
    needs_approval: bool | None = None
    """None: a step that is there keeps its mark, a new one has none."""


class AgentCall(Frozen):
    """A model call under an attempt of it."""

    call_id: str
    attempt: int


class DraftPlan(CanvasCommand):
    """Answered `{plan_id, version}`. The decider numbers the plan and refuses cycles and references to nothing.

    `made_from` is the call whose answer the plan is, `first_from` the one whose plan that answer revised: refused where
    they are not on the log.
    """

    message_id: str
    made_from: AgentCall | None = None
    first_from: AgentCall | None = None
    title: Sealed
    steps: Annotated[tuple[DraftStep, ...], Field(min_length=1, max_length=STEPS_MAX)]
    planner: str | None = None


class PlanCommand(CanvasCommand):
    plan_id: str


class RevisePlan(PlanCommand):
    """A person's words change the plan. Answered `{plan_id, changed: [step id…]}` and, where it has
    an effect, the plan's `version` after it.

    `order` are the labels of all its steps from now on, `steps` those that are new or other than they were.
    """

    message_id: str
    made_from: AgentCall | None = None
    title: Sealed
    order: Annotated[tuple[str, ...], Field(min_length=1, max_length=STEPS_MAX)]
    steps: Annotated[tuple[DraftStep, ...], Field(max_length=STEPS_MAX)] = ()
    planner: str | None = None


class RecordPlanValidated(PlanCommand):
    verdict: Literal["PASS", "REVISE"]
    issues: tuple[Sealed, ...] = ()


class ModelChoice(Frozen):
    step_id: str
    model: str
    input: Sealed | None = None
    estimate: Money
    reason: str = Field(max_length=500)


class SelectModels(PlanCommand):
    """The selector's and field verifier's answer for the whole plan; with approval `auto` the run starts at once.

    A flag that a step cannot be wired makes the plan wait for a person even then. Refused once the message that it is
    made for was given up.
    """

    message_id: str | None = None
    choices: Annotated[tuple[ModelChoice, ...], Field(min_length=1, max_length=STEPS_MAX)]
    flags: tuple[str, ...] = ()


class PaidCommand(PlanCommand):
    """Makes steps ready, which cost something."""

    credit: Money | None = None
    """What the plan's jobs can draw on, as the asker has read it; None: nobody has looked."""


class ApprovePlan(PaidCommand):
    """Answered `{run_id}`. `reuse`: a step that equals an earlier one may take its result, for nothing."""

    reuse: bool = False


class RejectPlan(PlanCommand):
    """`while_drafting`: only where it has no models yet, and so nobody may have said yes to it."""

    while_drafting: bool = False


class CancelRun(PlanCommand):
    """Stops the running run. Answered `{run_id}`."""


class EditStep(PlanCommand):
    """A person's own edit; the sender has checked model and input against the catalog. None leaves what is there.

    `needs_approval`: whether the step shall wait for a yes of its own.
    """

    step_id: str
    model: str | None = None
    input: Sealed | None = None
    estimate: Money | None = None
    needs_approval: bool | None = None
    flags: tuple[str, ...] | None = None
    """What cannot be wired in the whole plan, as it is with this edit; None leaves what was said before."""
    checked_for: str | None = None
    """The model that input, estimate and flags were made for; the edit is refused where the step has another by now."""


class RerunPlan(PaidCommand):
    """Runs all steps, or those named and what depends on them, again. Answered `{run_id}`."""

    step_ids: tuple[str, ...] = ()
    reuse: bool = False


class CancelSession(CanvasCommand):
    """Stops whatever runs in the session, and what is being planned. Answered `{cancelled: [run_id…]}`."""


class StepCommand(PlanCommand):
    step_id: str


class ApproveStep(StepCommand, PaidCommand):
    """The yes that a step waits for. Answered `{run_id}`."""


class CancelStep(StepCommand):
    """A person's no. The step ends here; its job, where it has one, is cancelled by the executor."""


class ExpireApproval(PlanCommand):
    """Nobody has said yes to the plan, or to this step of it, since then (RFC 3339): it counts as a no."""

    step_id: str | None = None
    since: str


class RestoredStep(Frozen):
    """A step as an earlier run left it. `step` is what was planned of it then, where that is not what it is now."""

    step_id: str
    step: Step | None = None
    status: Literal["planned", "succeeded", "failed", "blocked", "cancelled"]
    attempt: int = 0
    job_id: str | None = None
    tried: tuple[str, ...] = ()
    outputs: tuple[AssetRef, ...] = ()
    cost: Money = 0
    why: str | None = None


RestoredSteps = Annotated[tuple[RestoredStep, ...], Field(min_length=1, max_length=STEPS_MAX)]


class RollBackPlan(PlanCommand):
    """The plan as an earlier run left it, which the sender read from the stored stream. Answered `{run_id}`.

    The decider knows the run's steps and results by their digest, and refuses what is not that.
    """

    run_id: str
    steps: RestoredSteps
    flags: tuple[str, ...] | None = None
    """What cannot be wired in it; None leaves what was said of the plan."""


class ForkPlan(PlanCommand):
    """A new plan as `plan_id` was at a version, which the sender read from the stored stream. Answered `{plan_id}`.

    `steps` hold what was planned, in the plan's order, and of those that had succeeded the results.
    """

    version: int = Field(ge=1)
    title: Sealed
    run_id: str | None = None
    """The source's run that had made the results."""
    steps: RestoredSteps
    flags: tuple[str, ...] = ()
    """What cannot be wired in it."""


class RunCommand(PlanCommand):
    run_id: str
    step_id: str


class RecordStepStarted(RunCommand):
    job_id: str


class RecordStepResult(RunCommand):
    """How a step's job ended. `illegal-state` means that the step is no longer open."""

    job_id: str
    status: Literal["succeeded", "failed", "cancelled"]
    outputs: tuple[AssetRef, ...] = ()
    cost: Money = 0
    category: Category | None = None
    error: Sealed | None = None
    fallbacks: tuple[str, ...] = Field(default=(), max_length=FALLBACKS_MAX)
    """Of a failure: models that may do where this one did not, the best first."""
    max_cost: Money | None = None
    """What a fallback may cost at most; after the first failure of a step it stays as it is."""
    untried: bool = False
    """Of a failure: the model was given no job, for it could not do the step or costs too much."""
    reused_from: str | None = None
    """Of a success that cost nothing: the job whose result it is."""


CANVAS_COMMANDS: tuple[type[CanvasCommand], ...] = (
    StartSession,
    PostMessage,
    PostAssistantMessage,
    RecordUpload,
    BeginStage,
    RecordAgentCall,
    RecordContext,
    DraftPlan,
    RevisePlan,
    RecordPlanValidated,
    SelectModels,
    ApprovePlan,
    RejectPlan,
    CancelRun,
    EditStep,
    RerunPlan,
    CancelSession,
    ApproveStep,
    CancelStep,
    ExpireApproval,
    RollBackPlan,
    ForkPlan,
    RecordStepStarted,
    RecordStepResult,
)
