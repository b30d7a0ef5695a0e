"""Drafting a plan: the planner's labels become step ids; cycles and references to nothing are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from commands.canvas.commands import EDGES_MAX, AgentCall, DraftPlan, DraftStep, RecordPlanValidated
from commands.canvas.streams import plan_in, ref, refuse_given_up, session_in
from commands.model import Context, Decision, Streams
from commands.refusals import IllegalState, InvalidInput
from events.canvas.plan_events import DraftedBy, PlanDrafted, PlanEvent, PlanValidated, Step, StepDrafted
from events.canvas.state import NoPlan, Session
from events.envelope import StreamRef
from events.ids import plan_id as plan_id_of
from events.ids import step_id as step_id_of
from events.model import Event

PLANS_MAX = 1000
"""Plans a session."""


def draft_plan(command: DraftPlan, streams: Streams, _context: Context) -> Decision:
    session = session_in(streams, command.org_id, command.session_id)
    message = session.message(command.message_id)
    if message is None:
        raise InvalidInput.at("/message_id", "no such message in this session")
    refuse_given_up(session, command.message_id)
    made_by = None if command.made_from is None else drafted_by(session, command.made_from)
    first_by = None if command.first_from is None else drafted_by(session, command.first_from)
    check_graph(command.steps)
    plan_id = next_plan(streams, command.session_id)
    ids = {step.label: step_id_of(plan_id, step.label) for step in command.steps}
    drafted = PlanDrafted(
        plan_id=plan_id,
        session_id=command.session_id,
        org_id=command.org_id,
        message_id=command.message_id,
        title=command.title,
        step_ids=tuple(ids.values()),
        approval=message.approval,
        project_id=session.started.project_id,
        planner=command.planner,
        drafted_by=made_by,
        first_by=first_by,
    )
    steps = tuple(StepDrafted(plan_id=plan_id, step=planned_step(step, ids)) for step in command.steps)
    return Decision(_appended(plan_id, (drafted, *steps)), {"plan_id": plan_id, "version": 1 + len(steps)})


def record_plan_validated(command: RecordPlanValidated, streams: Streams, _context: Context) -> Decision:
    plan = plan_in(streams, command.org_id, command.session_id, command.plan_id)
    if plan.validated:
        return Decision(result={})
    if plan.status != "drafting":
        raise IllegalState(f"the plan is {plan.status}", allowed=["drafting"])
    event = PlanValidated(plan_id=command.plan_id, verdict=command.verdict, issues=command.issues)
    return Decision(_appended(command.plan_id, (event,)), {})


def drafted_by(session: Session, call: AgentCall) -> DraftedBy:
    """Raises IllegalState where the answer was not recorded, or another attempt's was."""
    stage = session.stages.get(call.call_id)
    if stage is None or stage.recorded is None or stage.recorded.attempt != call.attempt:
        raise IllegalState("the answer that the plan was made from is not recorded", allowed=[])
    return DraftedBy(
        call_id=call.call_id,
        agent=stage.recorded.agent,
        variant=stage.prompt.variant,
        prompt_version=stage.prompt.version,
        prompt_owner=stage.prompt.owner,
    )


def check_graph(steps: Sequence[DraftStep]) -> None:
    """Raises InvalidInput for a repeated label, a reference to nothing, a cycle, or too many dependencies."""
    labels = [step.label for step in steps]
    graph: Mapping[str, tuple[str, ...]] = {step.label: step.depends_on for step in steps}
    if len(graph) != len(labels):
        raise InvalidInput.at("/steps", "two steps have the same label")
    if sum(len(step.depends_on) for step in steps) > EDGES_MAX:
        raise InvalidInput.at("/steps", f"the steps of a plan have at most {EDGES_MAX} dependencies together")
    for index, step in enumerate(steps):
        for upstream in step.depends_on:
            if upstream not in graph:
                raise InvalidInput.at(f"/steps/{index}/depends_on", f"there is no step {upstream!r}")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise InvalidInput.at("/steps", "the steps depend on each other in a circle") from error


def next_plan(streams: Streams, session_id: str) -> str:
    """The id of the next plan. Raises IllegalState where a session has as many as it may."""
    number = plans_of(streams, session_id) + 1
    if number > PLANS_MAX:
        raise IllegalState(f"a session has at most {PLANS_MAX} plans: start a new one", allowed=[])
    return plan_id_of(session_id, number)


def plans_of(streams: Streams, session_id: str) -> int:
    """How many there are: numbered 1, 2, … without a gap, so that doubling and halving finds the last one."""

    def is_there(number: int) -> bool:
        return not isinstance(streams(ref(plan_id_of(session_id, number))).state, NoPlan)

    low, high = 0, 1
    while high <= PLANS_MAX and is_there(high):
        low, high = high, 2 * high
    high = min(high, PLANS_MAX + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_there(middle) else (low, middle)
    return low


def planned_step(step: DraftStep, ids: Mapping[str, str], *, marked: bool = False) -> Step:
    """`marked`: the step waits for a yes of its own where the draft does not say whether it shall."""
    return Step(
        step_id=ids[step.label],
        title=step.title,
        description=step.description,
        agent_type=step.agent_type,
        depends_on=tuple(dict.fromkeys(ids[upstream] for upstream in step.depends_on)),
        model=step.model,
        input=step.input,
        needs_approval=marked if step.needs_approval is None else step.needs_approval,
    )


def _appended(plan_id: str, events: Sequence[PlanEvent]) -> tuple[tuple[StreamRef, Event], ...]:
    return tuple((ref(plan_id), event) for event in events)
