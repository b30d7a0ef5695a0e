"""Rolled back, a plan is as that run left it; forked, a new plan keeps what had succeeded and pays for the rest."""

from __future__ import annotations

import pytest

from commands.canvas import commands as c
from commands.canvas.decider import CANVAS
from commands.canvas.streams import ref
from commands.refusals import IllegalState, InvalidInput, NotFound
from events.canvas.plan_events import (
    FieldsVerified,
    PlanApproved,
    PlanDrafted,
    PlanForked,
    PlanRevised,
    PlanRolledBack,
    RunArchived,
    RunCompleted,
    RunStarted,
    StepDrafted,
    StepReady,
    StepRestored,
)
from events.canvas.plan_state import Plan
from events.model import Event
from gateway.past.plan import restored
from tests.given import ORG, RUN, SESSION, draft, message, sealed, select, step
from tests.specification import NOON, World
from tests.unit.commands.plan_past import fork, plan_at, roll_back, version_of_end
from tests.unit.commands.plans import CHAIN, on_plan, planned, result
from tests.unit.commands.test_editing_plans import asked, edit

SECOND = "run_X.1.2"
FORKED = "pln_X.2"


def world(*past: c.CanvasCommand) -> World:
    made = World(CANVAS)
    for command in past:
        made.handle(command)
    return made


def run_twice() -> World:
    """Three steps, then the second with another model, and what depends on it."""
    done = (*planned(CHAIN), result("s1"), result("s2"), result("s3"))
    edit = on_plan(c.EditStep, step_id=step("s2"), model="other", estimate=5)
    again = on_plan(c.RerunPlan, step_ids=(step("s2"),))
    return world(*done, edit, again, result("s2", "failed", run=SECOND))


def kinds(events: tuple[tuple[object, Event], ...]) -> list[type[Event]]:
    return [type(event) for _, event in events]


class TestRollback:
    def test_the_earlier_runs_steps_and_results_stand_again(self) -> None:
        it = run_twice()
        first = plan_at(it, version_of_end(it, RUN))
        decision = it.handle(roll_back(it, RUN))
        assert kinds(decision.events) == [RunArchived, PlanRolledBack, PlanRevised, *[StepRestored] * 3]
        assert decision.result == {"run_id": RUN}
        after = plan_at(it)
        assert after.run is not None
        assert first.run is not None
        assert (after.status, after.run.run_id, after.run.cost) == ("succeeded", RUN, 30)
        assert after.steps == first.steps
        assert after.run.steps == first.run.steps

    def test_a_rerun_after_it_goes_on_from_there(self) -> None:
        it = run_twice()
        it.handle(roll_back(it, RUN))
        decision = it.handle(on_plan(c.RerunPlan, step_ids=(step("s3"),)))
        started = next(event for _, event in decision.events if isinstance(event, RunStarted))
        assert (started.run_id, started.kept) == ("run_X.1.3", {step("s1"): RUN, step("s2"): RUN})
        ready = decision.events[-1][1]
        assert isinstance(ready, StepReady)
        assert [up.step_id for up in ready.upstream] == [step("s2")]
        assert ready.upstream[0].outputs

    def test_back_and_forth(self) -> None:
        it = run_twice()
        second = plan_at(it)
        it.handle(roll_back(it, RUN))
        it.handle(roll_back(it, SECOND))
        after = plan_at(it)
        assert after.run is not None
        assert second.run is not None
        assert (after.steps, after.run.steps, after.status) == (second.steps, second.run.steps, second.status)
        assert (after.run.run_id, after.run.status, after.run.cost) == (SECOND, "partial", 0)

    @pytest.mark.parametrize("answer", [on_plan(c.RejectPlan), on_plan(c.ExpireApproval, since=NOON.isoformat()), None])
    def test_an_edit_by_words_that_finds_no_yes_is_undone_by_going_back_to_the_present_run(
        self, answer: c.CanvasCommand | None
    ) -> None:
        it = world(*planned(CHAIN), result("s1"), result("s2"), result("s3"))
        done = plan_at(it)
        for command in (asked(), edit("s1 s2 s4", s2="s1", s4=""), select(("s2", "s4")), answer):
            if command is not None:
                it.handle(command)
        with pytest.raises(IllegalState):
            it.handle(on_plan(c.RerunPlan))
        decision = it.handle(roll_back(it, RUN))
        assert RunArchived not in kinds(decision.events)
        after = plan_at(it)
        assert after.run is not None
        assert done.run is not None
        assert (after.status, after.steps, after.run.steps, after.asked) == (
            "succeeded", done.steps, done.run.steps, {}
        )  # fmt: skip
        it.handle(on_plan(c.RerunPlan, step_ids=(step("s3"),)))

    def test_an_edit_of_a_finished_plan_is_undone_likewise(self) -> None:
        it = world(*planned(CHAIN), result("s1"), result("s2"), result("s3"))
        it.handle(on_plan(c.EditStep, step_id=step("s2"), model="other", estimate=5))
        it.handle(roll_back(it, RUN))
        assert (plan_at(it).to_run, plan_at(it).steps[step("s2")].model) == ((), "m")

    def test_a_plan_that_never_ran_cannot_go_back(self) -> None:
        it = world(*planned(CHAIN, "assist"), on_plan(c.RejectPlan))
        with pytest.raises(InvalidInput):
            it.handle(on_plan(c.RollBackPlan, run_id=RUN, steps=restored(plan_at(it))))

    def test_another_past_than_the_plan_had_is_refused(self) -> None:
        it = run_twice()
        told = roll_back(it, RUN)
        forged = told.steps[0].model_copy(update={"job_id": "job_of_somebody"})
        with pytest.raises(InvalidInput):
            it.handle(told.model_copy(update={"steps": (forged, *told.steps[1:])}))
        with pytest.raises(InvalidInput):
            it.handle(told.model_copy(update={"steps": told.steps[:2]}))

    def test_what_cannot_be_wired_is_said_of_the_plan_as_it_is_then(self) -> None:
        it = run_twice()
        flags = ("s2:unwirable:image: needs image",)
        decision = it.handle(roll_back(it, RUN).model_copy(update={"flags": flags}))
        back = decision.events[1][1]
        assert isinstance(back, PlanRolledBack)
        assert back.flags == flags
        decision = it.handle(fork(it).model_copy(update={"flags": flags}))
        verified = decision.events[-1][1]
        assert isinstance(verified, FieldsVerified)
        assert verified.flags == flags

    def test_only_to_another_run_that_is_over(self) -> None:
        it = run_twice()
        with pytest.raises(IllegalState):
            it.handle(roll_back(it, SECOND))
        with pytest.raises(InvalidInput):
            it.handle(roll_back(it, RUN).model_copy(update={"run_id": "run_X.1.9"}))
        it.handle(on_plan(c.RerunPlan))
        with pytest.raises(IllegalState):
            it.handle(roll_back(it, RUN))


class TestFork:
    def half_done(self) -> World:
        return world(*planned(CHAIN), result("s1"))

    def test_a_new_plan_of_the_session_waits_for_a_yes_with_the_results_so_far(self) -> None:
        it = self.half_done()
        decision = it.handle(fork(it))
        assert kinds(decision.events) == [
            PlanDrafted, *[StepDrafted] * 3, PlanForked, StepRestored, FieldsVerified
        ]  # fmt: skip
        assert decision.result == {"plan_id": FORKED}
        plan = it(ref(FORKED)).state
        assert isinstance(plan, Plan)
        assert plan.status == "awaiting_approval"
        assert list(plan.past.kept) == ["stp_X.2.s1"]
        assert plan.steps["stp_X.2.s2"].depends_on == ("stp_X.2.s1",)

    def test_its_first_run_does_only_the_rest(self) -> None:
        it = self.half_done()
        it.handle(fork(it))
        decision = it.handle(on_plan(c.ApprovePlan).model_copy(update={"plan_id": FORKED}))
        assert kinds(decision.events) == [PlanApproved, RunStarted, StepReady]
        _, started, ready = (event for _, event in decision.events)
        assert isinstance(started, RunStarted)
        assert isinstance(ready, StepReady)
        assert started.kept == {"stp_X.2.s1": RUN}
        assert (ready.step_id, len(ready.upstream[0].outputs)) == ("stp_X.2.s2", 1)

    def test_a_step_that_is_edited_and_what_depends_on_it_is_not_kept(self) -> None:
        it = world(*planned(CHAIN), result("s1"), result("s2"), result("s3"))
        it.handle(fork(it))
        edit = on_plan(c.EditStep, step_id="stp_X.2.s2", model="other", estimate=5)
        it.handle(edit.model_copy(update={"plan_id": FORKED}))
        decision = it.handle(on_plan(c.ApprovePlan).model_copy(update={"plan_id": FORKED}))
        started = decision.events[1][1]
        assert isinstance(started, RunStarted)
        assert started.steps == ("stp_X.2.s2", "stp_X.2.s3")

    def test_what_was_edited_at_its_source_and_not_run_since_is_not_kept(self) -> None:
        it = world(*planned(CHAIN), result("s1"), result("s2"), result("s3"))
        it.handle(on_plan(c.EditStep, step_id=step("s2"), model="other", estimate=5))
        it.handle(fork(it))
        plan = it(ref(FORKED)).state
        assert isinstance(plan, Plan)
        assert (list(plan.past.kept), plan.steps["stp_X.2.s2"].model) == (["stp_X.2.s1"], "other")
        assert plan.to_run == ("stp_X.2.s2", "stp_X.2.s3")

    def test_where_nothing_is_left_to_do_the_run_is_over_at_once(self) -> None:
        it = world(*planned(CHAIN), result("s1"), result("s2"), result("s3"))
        it.handle(fork(it))
        decision = it.handle(on_plan(c.ApprovePlan).model_copy(update={"plan_id": FORKED}))
        assert kinds(decision.events) == [PlanApproved, RunStarted, RunCompleted]
        done = decision.events[-1][1]
        assert isinstance(done, RunCompleted)
        assert (done.status, done.cost) == ("succeeded", 0)

    def test_from_before_the_run_nothing_is_kept(self) -> None:
        it = self.half_done()
        before = next(n for n, event in enumerate(it.events("pln_X.1")) if isinstance(event, RunStarted))
        it.handle(fork(it, before))
        plan = it(ref(FORKED)).state
        assert isinstance(plan, Plan)
        assert len(plan.past.kept) == 0

    def test_a_fork_of_a_fork_keeps_what_its_source_kept(self) -> None:
        it = self.half_done()
        it.handle(fork(it))
        it.handle(fork(it, plan_id=FORKED))
        plan = it(ref("pln_X.3")).state
        assert isinstance(plan, Plan)
        assert list(plan.past.kept) == ["stp_X.3.s1"]

    def test_before_models_were_chosen_there_is_nothing_to_fork(self) -> None:
        it = self.half_done()
        with pytest.raises(InvalidInput):
            it.handle(fork(it, 4))

    def test_a_model_that_only_the_draft_names_is_not_yet_chosen(self) -> None:
        drafted = draft(CHAIN)
        named = tuple(one.model_copy(update={"model": "m"}) for one in drafted.steps)
        it = world(*message(), drafted.model_copy(update={"steps": named}))
        with pytest.raises(InvalidInput):
            it.handle(fork(it))

    def test_another_organisations_plan_is_not_found_and_the_future_is_refused(self) -> None:
        it = self.half_done()
        with pytest.raises(NotFound):
            it.handle(fork(it).model_copy(update={"org_id": "org_B"}))
        with pytest.raises(InvalidInput):
            it.handle(fork(it).model_copy(update={"version": 99}))

    def test_a_step_that_depends_on_nothing_that_is_there_is_refused(self) -> None:
        it = self.half_done()
        steps = restored(plan_at(it), only_done=True)[1:]
        with pytest.raises(InvalidInput):
            it.handle(fork(it).model_copy(update={"steps": steps}))


def test_cancelling_a_session_stops_what_runs_and_what_is_planned() -> None:
    it = world(*planned(CHAIN))
    later = c.PostMessage.model_validate(
        {"org_id": ORG, "session_id": SESSION, "message_id": "msg_2", "text": sealed(), "approval": "auto"}
    )
    it.handle(later)
    drafting = draft_for("msg_2")
    it.handle(drafting)
    decision = it.handle(c.CancelSession(org_id=ORG, session_id=SESSION))
    assert decision.result == {"cancelled": [RUN]}
    assert [event.name for _, event in decision.events] == [
        "session_cancelled", "run_cancelled", "step_cancelled", "step_cancelled", "step_cancelled", "run_completed",
        "plan_rejected",
    ]  # fmt: skip
    with pytest.raises(IllegalState):
        it.handle(draft_for("msg_2"))
    it.handle(later.model_copy(update={"message_id": "msg_3"}))
    it.handle(draft_for("msg_3"))


def draft_for(message_id: str) -> c.DraftPlan:
    return draft({"a": ()}).model_copy(update={"message_id": message_id})
