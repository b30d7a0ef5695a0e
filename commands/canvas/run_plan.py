"""From choice of models to a run, by Kahn's algorithm: what becomes ready is decided with what made it ready."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from commands.canvas.carried import CARRIED_MAX, bytes_of_names, carried
from commands.canvas.chat import refuse_when_full, refuse_when_run_out
from commands.canvas.commands import (
    ApprovePlan,
    CancelRun,
    EditStep,
    PlanCommand,
    RejectPlan,
    RerunPlan,
    SelectModels,
)
from commands.canvas.credit import refuse_what_nothing_pays
from commands.canvas.flags import hold_up, telling
from commands.canvas.run_report import completed
from commands.canvas.streams import plan_in, ref, refuse_given_up, session_stream
from commands.model import Context, Decision, Streams
from commands.refusals import IllegalState, InvalidInput
from events.canvas.plan_events import (
    FieldsVerified,
    ModelSelected,
    PlanApproved,
    PlanEvent,
    PlanRejected,
    PlanRevised,
    RunArchived,
    RunCancelled,
    RunStarted,
    Step,
    StepAwaitingApproval,
    StepCancelled,
    StepReady,
)
from events.canvas.plan_state import OPEN, Plan, Run, evolve_plan
from events.canvas.state import Session
from events.ids import job_id_of_step, label_of
from events.ids import run_id as run_id_of
from events.model import Money

ENDED = ("succeeded", "partial", "failed", "cancelled")
UPLOADS_CARRIED = 32
"""Uploads of the session that a ready step carries for its wiring: the newest."""
MADE_CARRIED = 16
"""The same of results of earlier runs."""


class Draft:
    """A decision under way: the plan as it is after each event so far."""

    def __init__(self, plan: Plan, session: Session, at: datetime, session_version: int = 0) -> None:
        self.plan = plan
        self.session = session
        self.session_version = session_version
        self.at = at
        self.events: list[PlanEvent] = []

    def add(self, *events: PlanEvent) -> None:
        for event in events:
            after = evolve_plan(self.plan, event, self.at)
            if not isinstance(after, Plan):
                raise TypeError("a plan folds to a plan")
            self.plan = after
            self.events.append(event)

    @property
    def run(self) -> Run:
        if self.plan.run is None:
            raise IllegalState("the plan has no run", allowed=["running"])
        return self.plan.run

    def refuse_unpaid(self, credit: Money | None) -> None:
        """Raises InsufficientCredit where nothing of what was decided to be ready can be paid for certain."""
        refuse_what_nothing_pays(self.plan, self.session, self.events, credit)

    def decision(self, result: Mapping[str, object]) -> Decision:
        stream = ref(self.plan.plan_id)
        return Decision(tuple((stream, event) for event in self.events), result)


def begin(command: PlanCommand, streams: Streams, context: Context) -> Draft:
    """Raises NotFound."""
    session, version = session_stream(streams, command.org_id, command.session_id)
    plan = plan_in(streams, command.org_id, command.session_id, command.plan_id)
    return Draft(plan, session, context.at, version)


def select_models(command: SelectModels, streams: Streams, context: Context) -> Decision:
    """Model, input and price of every step; with approval `auto` the run starts in the same decision.

    Never behind a newer message of the person: that one goes on with the plan, or gives it up.
    """
    draft = begin(command, streams, context)
    if command.message_id is not None:
        refuse_given_up(draft.session, command.message_id)
    if draft.plan.status != "drafting" or not draft.plan.complete:
        raise IllegalState(f"the plan is {draft.plan.status}", allowed=["drafting"])
    chosen = {choice.step_id for choice in command.choices}
    if chosen != {name for name, step in draft.plan.steps.items() if step.estimate is None}:
        raise InvalidInput.at("/choices", "each step that has none needs exactly one choice")
    for choice in command.choices:
        draft.add(
            ModelSelected(
                plan_id=command.plan_id,
                step_id=choice.step_id,
                model=choice.model,
                input=choice.input,
                estimate=choice.estimate,
                reason=choice.reason,
            )
        )
    flags = telling(command.flags, draft.plan.steps)
    draft.add(FieldsVerified(plan_id=command.plan_id, step_ids=tuple(draft.plan.steps), flags=flags))
    if draft.plan.drafted.approval != "auto" or hold_up(flags):
        return draft.decision({"status": "awaiting_approval"})
    draft.add(PlanApproved(plan_id=command.plan_id, approved_by="auto"))
    return draft.decision({"status": "running", "run_id": next_run(draft)})


def approve_plan(command: ApprovePlan, streams: Streams, context: Context) -> Decision:
    draft = begin(command, streams, context)
    refuse_when_full(draft.session_version)
    refuse_when_run_out(streams(ref(command.plan_id)).version)
    if draft.plan.status != "awaiting_approval":
        raise IllegalState(f"the plan is {draft.plan.status}", allowed=["awaiting_approval"])
    draft.add(PlanApproved(plan_id=command.plan_id, approved_by=context.command.actor))
    run_id = next_run(draft, reuse=command.reuse)
    draft.refuse_unpaid(command.credit)
    return draft.decision({"run_id": run_id})


def reject_plan(command: RejectPlan, streams: Streams, context: Context) -> Decision:
    draft = begin(command, streams, context)
    allowed = ["drafting"] if command.while_drafting else ["drafting", "awaiting_approval"]
    if draft.plan.status not in allowed:
        raise IllegalState(f"the plan is {draft.plan.status}", allowed=allowed)
    draft.add(PlanRejected(plan_id=command.plan_id, rejected_by=context.command.actor))
    return draft.decision({})


def edit_step(command: EditStep, streams: Streams, context: Context) -> Decision:
    """A person's own edit, before a run or before a rerun."""
    draft = begin(command, streams, context)
    allowed = ("awaiting_approval", *ENDED)
    if draft.plan.status not in allowed:
        raise IllegalState(f"the plan is {draft.plan.status}", allowed=list(allowed))
    step = draft.plan.steps.get(command.step_id)
    if step is None:
        raise InvalidInput.at("/step_id", "no such step in this plan")
    said = {name: getattr(command, name) for name in ("model", "input", "estimate", "needs_approval")}
    edited = step.model_copy(update={name: value for name, value in said.items() if value is not None})
    if command.checked_for is not None and edited.model != command.checked_for:
        raise IllegalState("the step has another model by now: read it and edit it again", allowed=[])
    flags = None if command.flags is None else telling(command.flags, draft.plan.steps)
    if edited != step:
        revise(draft, edited, flags)
    return draft.decision({"flags": list(flags)} if flags else {})


def revise(draft: Draft, step: Step, flags: tuple[str, ...] | None = None) -> None:
    """The step is another from now on; says which kept results count no more with it."""
    event = PlanRevised(plan_id=draft.plan.plan_id, step=step, flags=flags)
    if not draft.plan.past.kept:
        draft.add(event)
        return
    after = evolve_plan(draft.plan, event, draft.at)
    left = after.past.kept if isinstance(after, Plan) else ()
    stale = tuple(one for one in draft.plan.past.kept if one not in left)
    draft.add(event.model_copy(update={"stale": stale or None}))


def rerun_plan(command: RerunPlan, streams: Streams, context: Context) -> Decision:
    """All steps again, or those named, those edited since, and what depends on them; results of the rest are kept."""
    draft = begin(command, streams, context)
    refuse_when_full(draft.session_version)
    refuse_when_run_out(streams(ref(command.plan_id)).version)
    if draft.plan.status not in ENDED:
        raise IllegalState(f"the plan is {draft.plan.status}", allowed=list(ENDED))
    for index, step_id in enumerate(command.step_ids):
        if step_id not in draft.plan.steps:
            raise InvalidInput.at(f"/step_ids/{index}", "no such step in this plan")
    before = draft.run
    unfinished = (step for step, run in before.steps.items() if run.status != "succeeded")
    named = {*command.step_ids, *unfinished, *draft.plan.changed}
    wanted = named if command.step_ids else set(draft.plan.steps)
    fresh = {*wanted, *draft.plan.below(wanted)}
    draft.add(RunArchived(plan_id=command.plan_id, run_id=before.run_id))
    steps = tuple(step for step in draft.plan.steps if step in fresh)
    run_id = start_run(draft, steps, reuse=command.reuse)
    draft.refuse_unpaid(command.credit)
    return draft.decision({"run_id": run_id})


def cancel_run(command: CancelRun, streams: Streams, context: Context) -> Decision:
    """Stops what is open; what was ready stays. The executor cancels the jobs."""
    draft = begin(command, streams, context)
    if draft.plan.status != "running":
        raise IllegalState(f"the plan is {draft.plan.status}", allowed=["running"])
    return draft.decision({"run_id": stop_run(draft)})


def stop_run(draft: Draft) -> str:
    """Ends the run that runs, with all its open steps. Returns its id."""
    plan_id, run = draft.plan.plan_id, draft.run
    still_open = [(step, state) for step, state in run.steps.items() if state.status in OPEN]
    jobs = tuple(state.job_id for _, state in still_open if state.job_id is not None)
    draft.add(RunCancelled(plan_id=plan_id, run_id=run.run_id, org_id=draft.plan.drafted.org_id, job_ids=jobs))
    for step, state in still_open:
        draft.add(StepCancelled(plan_id=plan_id, run_id=run.run_id, step_id=step, job_id=state.job_id))
    draft.add(completed(draft.plan, draft.run, "cancelled"))
    return run.run_id


def next_run(draft: Draft, *, reuse: bool = False) -> str:
    """What has no result, or was changed since, is run; the run before stays in the history. Returns the run's id."""
    if draft.plan.run is not None:
        draft.add(RunArchived(plan_id=draft.plan.plan_id, run_id=draft.plan.run.run_id))
    return start_run(draft, draft.plan.to_run, reuse=reuse)


def start_run(draft: Draft, steps: tuple[str, ...], *, reuse: bool = False) -> str:
    """Starts the next run over `steps`; the others are kept from the run before. Returns its id."""
    plan = draft.plan
    run_id = run_id_of(plan.plan_id, plan.runs + 1)
    before = plan.run.run_id if plan.run is not None else plan.past.source_run
    fresh = set(steps)
    kept = () if before is None else tuple(step for step in plan.steps if step not in fresh)
    draft.add(_started(plan, run_id, steps, kept, before).model_copy(update={"reuse": reuse or None}))
    draft.add(*ready(draft, [step for step in steps if draft.run.waiting[step] == 0]))
    if not steps:
        draft.add(completed(draft.plan, draft.run, "succeeded"))
    return run_id


def _started(plan: Plan, run_id: str, steps: tuple[str, ...], kept: tuple[str, ...], before: str | None) -> RunStarted:
    """What is kept is told step by step where an event holds it, and by its labels where their ids are too long."""
    results = {step: before for step in kept if before is not None}
    if not results or bytes_of_names((*steps, *results, *results.values())) <= CARRIED_MAX:
        return RunStarted(plan_id=plan.plan_id, run_id=run_id, steps=steps, kept=results)
    labels = tuple(label_of(step) for step in results)
    return RunStarted(plan_id=plan.plan_id, run_id=run_id, steps=steps, kept_labels=labels, kept_from=before)


def ready(draft: Draft, steps: Iterable[str]) -> Iterator[StepReady | StepAwaitingApproval]:
    """`step_ready` with all that the executor needs; of a step that needs a yes of its own, that it waits for one."""
    for step_id in steps:
        if draft.plan.steps[step_id].needs_approval:
            yield StepAwaitingApproval(plan_id=draft.plan.plan_id, run_id=draft.run.run_id, step_id=step_id)
        else:
            yield first_attempt(draft, step_id)


def first_attempt(draft: Draft, step_id: str) -> StepReady:
    """With the model that was chosen for the step."""
    model = draft.plan.steps[step_id].model
    if model is None:
        raise IllegalState("a step has no model yet", allowed=["awaiting_approval"])
    return ready_step(draft, step_id, model)


def ready_step(
    draft: Draft, step_id: str, model: str, *, fallbacks: tuple[str, ...] = (), max_cost: int | None = None
) -> StepReady:
    """The step's next attempt, with this model."""
    plan, run, session = draft.plan, draft.run, draft.session
    step, attempt = plan.steps[step_id], run.steps[step_id].attempt + 1
    uploads = [(upload.label, upload.asset) for upload in list(session.uploads.values())[-UPLOADS_CARRIED:]]
    made = [(label, made.asset) for label, made in list(session.made.items())[-MADE_CARRIED:]]
    more = sum(session.media.values()) > len(uploads) + len(made)
    fits = carried(run.steps[up].outputs for up in step.depends_on)
    return StepReady(
        plan_id=plan.plan_id,
        run_id=run.run_id,
        step_id=step_id,
        attempt=attempt,
        job_id=job_id_of_step(run.run_id, step_id, attempt),
        org_id=plan.drafted.org_id,
        session_id=plan.drafted.session_id,
        project_id=plan.drafted.project_id,
        agent_type=step.agent_type,
        model=model,
        title=step.title,
        description=step.description,
        input=step.input,
        upstream=plan.upstream(step_id) if fits else (),
        upstream_stored=None if fits else True,
        session_uploads=(*uploads, *made),
        uploads_stored=draft.session_version if more else None,
        fallbacks=fallbacks or None,
        max_cost=max_cost,
        reuse=run.reuse or None,
    )
