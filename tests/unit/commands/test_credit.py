"""A run that nothing can pay for is not begun: refused where that is certain, and only there."""

from __future__ import annotations

import pytest

from commands.canvas import commands as c
from commands.refusals import IllegalState, InsufficientCredit
from events.canvas.plan_events import (
    PlanApproved,
    RunArchived,
    RunStarted,
    StepApproved,
    StepAwaitingApproval,
    StepReady,
)
from tests.given import ORG, SESSION, asset, draft, message, sealed, select, step
from tests.unit.commands.plans import CHAIN, FORK, given, on_plan, planned, result

PLANNED = planned(CHAIN, "assist")
COSTS = 10
"""What `select` says of each step."""


def approve(credit: int | None, **fields: object) -> c.PlanCommand:
    return on_plan(c.ApprovePlan, credit=credit, **fields)


def rerun(credit: int | None, **fields: object) -> c.PlanCommand:
    return on_plan(c.RerunPlan, credit=credit, **fields)


def upload(media_type: str, medium: str) -> c.RecordUpload:
    fields = {"upload_id": "upl_1", "asset": asset(media_type), "medium": medium, "file_name": sealed("file")}
    return c.RecordUpload.model_validate({"org_id": ORG, "session_id": SESSION, **fields})


@pytest.mark.parametrize("credit", [0, COSTS - 1])
def test_a_plan_of_which_no_step_can_be_paid_is_not_approved(credit: int) -> None:
    refused = given(*PLANNED).when(approve(credit)).then_refused(InsufficientCredit)
    assert refused.members == {"asked": COSTS, "available": credit}


@pytest.mark.parametrize("credit", [COSTS, None])
def test_one_whose_first_step_can_be_paid_runs_and_so_does_one_of_which_nothing_is_known(credit: int | None) -> None:
    given(*PLANNED).when(approve(credit)).then(PlanApproved, RunStarted, StepReady)


def test_it_is_the_cheapest_of_the_first_steps_that_counts() -> None:
    chosen = select(tuple(FORK))
    dear = chosen.choices[0].model_copy(update={"estimate": 5_000})
    plan = (*message("assist"), draft(FORK), chosen.model_copy(update={"choices": (dear, *chosen.choices[1:])}))
    given(*plan).when(approve(COSTS)).then(PlanApproved, RunStarted, StepReady, StepReady)
    given(*plan).when(approve(COSTS - 1)).then_refused(InsufficientCredit)


def test_a_free_step_sets_something_aside_too() -> None:
    chosen = select(tuple(CHAIN))
    free = tuple(choice.model_copy(update={"estimate": 0}) for choice in chosen.choices)
    plan = (*message("assist"), draft(CHAIN), chosen.model_copy(update={"choices": free}))
    given(*plan).when(approve(0)).then_refused(InsufficientCredit)
    given(*plan).when(approve(1)).then(PlanApproved, RunStarted, StepReady)


@pytest.mark.parametrize(("medium", "known"), [("image", True), ("video", False), ("audio", False), ("text", False)])
def test_what_a_file_of_unknown_length_may_make_cheaper_is_tried(medium: str, known: bool) -> None:
    """The estimate is what it costs at most; a job may set aside less once the file's length is known."""
    there = (*message("assist"), upload(f"{medium}/x", medium), draft(CHAIN), select(tuple(CHAIN)))
    case = given(*there).when(approve(COSTS - 1))
    if known:
        case.then_refused(InsufficientCredit)
    else:
        case.then(PlanApproved, RunStarted, StepReady)
    given(*there).when(approve(0)).then_refused(InsufficientCredit)


def test_a_step_that_may_take_an_earlier_result_for_nothing_is_tried() -> None:
    given(*PLANNED).when(approve(0, reuse=True)).then(PlanApproved, RunStarted, StepReady)


def test_a_run_that_begins_with_a_persons_yes_begins() -> None:
    drafted = draft(CHAIN)
    gated = tuple(one.model_copy(update={"needs_approval": one.label == "s1"}) for one in drafted.steps)
    plan = (*message("assist"), drafted.model_copy(update={"steps": gated}), select(tuple(CHAIN)))
    given(*plan).when(approve(0)).then(PlanApproved, RunStarted, StepAwaitingApproval)
    running = (*plan, approve(None))
    yes = on_plan(c.ApproveStep, step_id=step("s1"), credit=0)
    given(*running).when(yes).then_refused(InsufficientCredit)
    given(*running).when(yes.model_copy(update={"credit": COSTS})).then(StepApproved, StepReady)


def test_a_rerun_that_nothing_can_pay_leaves_the_run_before_where_it_is() -> None:
    done = (*planned(CHAIN), *(result(label) for label in CHAIN))
    given(*done).when(rerun(0)).then_refused(InsufficientCredit)
    given(*done).when(rerun(COSTS)).then(RunArchived, RunStarted, StepReady)


def test_a_step_behind_another_may_cost_less_than_was_thought() -> None:
    done = (*planned(CHAIN), *(result(label) for label in CHAIN))
    last = {"step_ids": (step("s3"),)}
    given(*done).when(rerun(COSTS - 1, **last)).then(RunArchived, RunStarted, StepReady)
    given(*done).when(rerun(0, **last)).then_refused(InsufficientCredit)


def test_a_plan_that_cannot_be_approved_says_that_before_it_speaks_of_money() -> None:
    given(*planned(CHAIN)).when(approve(0)).then_refused(IllegalState)
