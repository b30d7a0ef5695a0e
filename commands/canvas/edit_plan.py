"""Editing a plan by words: steps change, come and go; what stays keeps its model, its fields and its result."""

from __future__ import annotations

from collections.abc import Mapping

from commands.canvas.commands import DraftStep, RevisePlan
from commands.canvas.draft_plan import check_graph, drafted_by, planned_step
from commands.canvas.run_plan import ENDED, begin, revise
from commands.canvas.streams import ref, refuse_given_up
from commands.model import Context, Decision, Streams
from commands.refusals import IllegalState, InvalidInput
from events.canvas.plan_events import PlanEdited, StepDrafted
from events.canvas.plan_state import Plan
from events.ids import label_of
from events.ids import step_id as step_id_of

EDITABLE = ("drafting", "awaiting_approval", "rejected", *ENDED)


def revise_plan(command: RevisePlan, streams: Streams, context: Context) -> Decision:
    """The plan is drafting again until what changed has models; where nothing is to be chosen it stays as it is."""
    draft = begin(command, streams, context)
    plan, message = draft.plan, draft.session.message(command.message_id)
    if plan.status not in EDITABLE:
        raise IllegalState(f"the plan is {plan.status}", allowed=list(EDITABLE))
    if message is None:
        raise InvalidInput.at("/message_id", "no such message in this session")
    refuse_given_up(draft.session, command.message_id)
    made_by = None if command.made_from is None else drafted_by(draft.session, command.made_from)
    ids = _ids(command, plan)
    changed = tuple(ids[step.label] for step in command.steps)
    order = tuple(ids.values())
    if not changed and order == tuple(plan.steps):
        return Decision(result={"plan_id": plan.plan_id, "changed": []})
    draft.add(
        PlanEdited(
            plan_id=plan.plan_id,
            message_id=command.message_id,
            title=command.title,
            step_ids=order,
            changed=changed,
            removed=tuple(step for step in plan.steps if step not in set(order)),
            approval=message.approval,
            planner=command.planner,
            drafted_by=made_by,
        )
    )
    for step in command.steps:
        before = plan.steps.get(ids[step.label])
        if before is not None:
            revise(draft, planned_step(step, ids, marked=before.needs_approval))
        else:
            draft.add(StepDrafted(plan_id=plan.plan_id, step=planned_step(step, ids)))
    version = streams(ref(plan.plan_id)).version + len(draft.events)
    return draft.decision({"plan_id": plan.plan_id, "changed": list(changed), "version": version})


def _ids(command: RevisePlan, plan: Plan) -> Mapping[str, str]:
    """Label → step id, in order. Raises InvalidInput where the steps are no graph, or are not all there."""
    given = {step.label: step for step in command.steps}
    ids = {label: step_id_of(plan.plan_id, label) for label in command.order}
    if len(ids) != len(command.order) or len(given) != len(command.steps):
        raise InvalidInput.at("/order", "two steps have the same label")
    if not given.keys() <= ids.keys():
        raise InvalidInput.at("/steps", "a step has no place in the order")
    graph: list[DraftStep] = []
    for place, (label, step_id) in enumerate(ids.items()):
        if label in given:
            graph.append(given[label])
        elif (step := plan.steps.get(step_id)) is None:
            raise InvalidInput.at(f"/order/{place}", f"there is no step {label!r}")
        else:
            waits = tuple(label_of(upstream) for upstream in step.depends_on)
            graph.append(
                DraftStep(
                    label=label,
                    title=step.title,
                    description=step.description,
                    agent_type=step.agent_type,
                    depends_on=waits,
                )
            )
    check_graph(graph)
    return ids
