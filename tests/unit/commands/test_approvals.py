"""A step that needs approval waits for a person: yes, no, or nothing for too long."""

from __future__ import annotations

import pytest

from commands.canvas import commands as c
from commands.refusals import IllegalState, InvalidInput
from events.canvas.plan_events import (
    PlanRejected,
    PlanRevised,
    RunArchived,
    RunCompleted,
    RunStarted,
    StepApproved,
    StepAwaitingApproval,
    StepBlocked,
    StepCancelled,
    StepReady,
    StepSucceeded,
)
from events.ids import job_id_of_step
from tests.given import RUN, draft, message, sealed, select, step
from tests.specification import NOON
from tests.unit.commands.plans import CHAIN, given, on_plan, planned, result


def planned_with_a_gate() -> tuple[c.CanvasCommand, ...]:
    """s1, then s2 that waits for a yes, then s3."""
    drafted = draft(CHAIN)
    steps = tuple(s.model_copy(update={"needs_approval": s.label == "s2"}) for s in drafted.steps)
    return (*message(), drafted.model_copy(update={"steps": steps}), select(tuple(CHAIN)))


PAST = (*planned_with_a_gate(), result("s1"))
APPROVE = on_plan(c.ApproveStep, step_id=step("s2"))
EXPIRE = on_plan(c.ExpireApproval, step_id=step("s2"), since=NOON.isoformat())


def test_a_step_that_needs_approval_waits_where_others_would_be_ready() -> None:
    given(*planned_with_a_gate()).when(result("s1")).then(StepSucceeded, StepAwaitingApproval)


def test_a_yes_makes_it_ready_in_the_same_decision() -> None:
    decision = given(*PAST).when(APPROVE).then(StepApproved, StepReady)
    assert decision.result == {"run_id": RUN}
    given(*PAST, APPROVE).when(APPROVE).then_refused(IllegalState)
    given(*PAST, APPROVE).when(result("s2")).then(StepSucceeded, StepReady)


def test_a_step_that_does_not_wait_is_not_approved() -> None:
    given(*planned_with_a_gate()).when(APPROVE).then_refused(IllegalState)
    given(*PAST).when(on_plan(c.ApproveStep, step_id=step("s9"))).then_refused(InvalidInput)


def test_a_no_ends_it_and_what_depends_on_it() -> None:
    cancel = on_plan(c.CancelStep, step_id=step("s2"))
    decision = given(*PAST).when(cancel).then(StepCancelled, StepBlocked, RunCompleted)
    completed = decision.events[-1][1]
    assert isinstance(completed, RunCompleted)
    assert (completed.status, completed.cost) == ("partial", 10)
    given(*PAST, cancel).when(APPROVE).then_refused(IllegalState)


def test_of_a_step_with_a_job_the_job_is_to_be_stopped_and_has_no_say_any_more() -> None:
    cancel = on_plan(c.CancelStep, step_id=step("s1"))
    events = given(*planned(CHAIN)).when(cancel).then(StepCancelled, StepBlocked, StepBlocked, RunCompleted).events
    cancelled = events[0][1]
    assert isinstance(cancelled, StepCancelled)
    assert (cancelled.job_id, cancelled.stop) == (job_id_of_step(RUN, step("s1"), 1), True)
    failed = result("s1", "failed").model_copy(update={"fallbacks": ("safe",)})
    given(*planned(CHAIN), cancel).when(failed).then_refused(IllegalState)


def test_a_step_that_has_not_begun_can_be_left_out() -> None:
    given(*planned(CHAIN)).when(on_plan(c.CancelStep, step_id=step("s3"))).then(StepCancelled)
    given(*PAST).when(on_plan(c.CancelStep, step_id=step("s1"))).then_refused(IllegalState)


def test_a_person_marks_a_step_and_takes_the_mark_away() -> None:
    edit = on_plan(c.EditStep, step_id=step("s1"), model="m", estimate=5, needs_approval=True)
    event = given(*planned(CHAIN, "assist")).when(edit).then(PlanRevised).events[0][1]
    assert isinstance(event, PlanRevised)
    assert event.step.needs_approval
    unsaid = on_plan(c.EditStep, step_id=step("s1"), model="n", estimate=5)
    event = given(*planned(CHAIN, "assist"), edit).when(unsaid).then(PlanRevised).events[0][1]
    assert isinstance(event, PlanRevised)
    assert event.step.needs_approval


def test_a_mark_alone_throws_no_result_away() -> None:
    mark = on_plan(c.EditStep, step_id=step("s1"), needs_approval=True)
    done = (*planned(CHAIN), result("s1"), result("s2"), result("s3"))
    rerun = on_plan(c.RerunPlan, step_ids=(step("s3"),))
    given(*done, mark).when(rerun).then(RunArchived, RunStarted, StepReady)
    given(*done).when(on_plan(c.EditStep, step_id=step("s1"), model="m", estimate=10)).then_nothing()


def test_an_edit_leaves_what_it_does_not_name() -> None:
    words = on_plan(c.EditStep, step_id=step("s1"), input=sealed("mine"), estimate=7)
    other = on_plan(c.EditStep, step_id=step("s1"), model="n", estimate=9)
    event = given(*planned(CHAIN, "assist"), words).when(other).then(PlanRevised).events[0][1]
    assert isinstance(event, PlanRevised)
    assert (event.step.model, event.step.input, event.step.estimate) == ("n", sealed("mine"), 9)


def test_an_edit_that_was_checked_and_priced_for_another_model_is_refused() -> None:
    """Two edits at once, the second by someone who has not read the first: B's step would stand there at A's price."""
    past = (*planned(CHAIN, "assist"), on_plan(c.EditStep, step_id=step("s1"), model="n", estimate=90))
    behind = on_plan(c.EditStep, step_id=step("s1"), input=sealed("mine"), estimate=10, checked_for="m")
    given(*past).when(behind).then_refused(IllegalState)
    event = given(*past).when(behind.model_copy(update={"checked_for": "n"})).then(PlanRevised).events[0][1]
    assert isinstance(event, PlanRevised)
    assert (event.step.model, event.step.input) == ("n", sealed("mine"))
    named = on_plan(c.EditStep, step_id=step("s1"), model="m", estimate=10, checked_for="m")
    given(*past).when(named).then(PlanRevised)


def test_nothing_said_for_too_long_is_a_no() -> None:
    given(*PAST).when(EXPIRE).then(StepCancelled, StepBlocked, RunCompleted)
    of_plan = on_plan(c.ExpireApproval, since=NOON.isoformat())
    rejected = given(*planned(CHAIN, "assist")).when(of_plan).then(PlanRejected).events[0][1]
    assert isinstance(rejected, PlanRejected)
    assert rejected.rejected_by == "timeout"


@pytest.mark.parametrize("answer", [APPROVE, on_plan(c.CancelStep, step_id=step("s2")), on_plan(c.CancelRun)])
def test_an_answer_comes_before_the_time_out(answer: c.CanvasCommand) -> None:
    given(*PAST, answer).when(EXPIRE).then_refused(IllegalState)


def test_an_older_question_does_not_expire_a_newer_one() -> None:
    again = (on_plan(c.CancelRun), on_plan(c.RerunPlan), 60.0, result("s1", run="run_X.1.2"))
    given(*PAST, *again).when(EXPIRE).then_refused(IllegalState)
