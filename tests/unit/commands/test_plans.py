"""A plan's life: drafted, chosen for, approved, run by Kahn's algorithm, rerun, cancelled."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from commands.canvas import commands as c
from commands.canvas.chat import PLAN_EVENTS_MAX
from commands.canvas.streams import ref
from commands.refusals import IllegalState, InvalidInput
from events.canvas.plan_events import (
    FieldsVerified,
    ModelSelected,
    PlanApproved,
    PlanDrafted,
    PlanRejected,
    PlanRevised,
    PlanValidated,
    RunArchived,
    RunCancelled,
    RunCompleted,
    RunStarted,
    StepBlocked,
    StepCancelled,
    StepDrafted,
    StepFailed,
    StepFellBack,
    StepReady,
    StepStarted,
    StepSucceeded,
)
from events.ids import job_id_of_step
from tests.given import PLAN, RUN, asset, draft, message, select, step
from tests.unit.commands.plans import BEGIN, CHAIN, FORK, RECORD, given, on_plan, planned, result


class TestDraft:
    def test_a_draft_names_its_steps_then_tells_each(self) -> None:
        decision = given(*message()).when(draft(CHAIN)).then(PlanDrafted, StepDrafted, StepDrafted, StepDrafted)
        assert decision.result == {"plan_id": PLAN, "version": len(decision.events)}
        last = decision.events[3][1]
        assert isinstance(last, StepDrafted)
        assert last.step.depends_on == (step("s2"),)

    def test_a_draft_is_made_only_from_an_answer_that_was_recorded(self) -> None:
        begun = (*message(), BEGIN)
        made = draft(CHAIN).model_copy(update={"made_from": c.AgentCall(call_id="c1", attempt=1)})
        given(*begun).when(made).then_refused(IllegalState)
        recorded = (*begun, RECORD)
        given(*recorded).when(made).then(PlanDrafted, StepDrafted, StepDrafted, StepDrafted)
        older = made.model_copy(update={"made_from": c.AgentCall(call_id="c1", attempt=2)})
        given(*recorded).when(older).then_refused(IllegalState)

    def test_a_revision_tells_who_planned_first(self) -> None:
        recorded = (*message(), BEGIN, RECORD)
        revised = draft(CHAIN).model_copy(update={"first_from": c.AgentCall(call_id="c1", attempt=1)})
        drafted = given(*recorded).when(revised).then(PlanDrafted, StepDrafted, StepDrafted, StepDrafted).events[0][1]
        assert isinstance(drafted, PlanDrafted)
        assert drafted.first_by is not None
        assert (drafted.first_by.agent, drafted.first_by.call_id) == ("planner", "c1")
        given(*message()).when(revised).then_refused(IllegalState)

    def test_plans_of_a_session_are_numbered(self) -> None:
        past = (*message(), *(draft(CHAIN) for _ in range(5)))
        events = given(*past).when(draft({"x": ()})).then(PlanDrafted, StepDrafted).events
        assert events[0][0].subject == "pln_X.6"

    @pytest.mark.parametrize("graph", [{"a": ("a",)}, {"a": ("b",), "b": ("a",)}, {"a": ("nothing",)}])
    def test_a_cycle_or_a_reference_to_nothing_is_refused(self, graph: dict[str, tuple[str, ...]]) -> None:
        given(*message()).when(draft(graph)).then_refused(InvalidInput)

    def test_a_plan_is_validated_once(self) -> None:
        validated = on_plan(c.RecordPlanValidated, verdict="PASS")
        given(*message(), draft(CHAIN)).when(validated).then(PlanValidated)
        given(*message(), draft(CHAIN), validated).when(validated).then_nothing()


class TestApproval:
    def test_auto_runs_in_the_same_decision_as_the_choice_of_models(self) -> None:
        given(*message(), draft(FORK)).when(select(tuple(FORK))).then(
            ModelSelected, ModelSelected, ModelSelected, FieldsVerified, PlanApproved, RunStarted, StepReady, StepReady
        )

    def test_nothing_runs_behind_a_newer_message(self) -> None:
        chosen = select(tuple(CHAIN)).model_copy(update={"message_id": "msg_1"})
        newer = message()[1].model_copy(update={"message_id": "msg_2"})
        given(*message(), draft(CHAIN)).when(chosen).then(*[ModelSelected] * 3, FieldsVerified, PlanApproved,
                                                          RunStarted, StepReady)  # fmt: skip
        refused = given(*message(), draft(CHAIN), newer).when(chosen).then_refused(IllegalState)
        assert refused.members["given_up"] is True

    def test_assist_waits_for_a_yes(self) -> None:
        past = (*message("assist"), draft(CHAIN))
        given(*past).when(select(tuple(CHAIN))).then(ModelSelected, ModelSelected, ModelSelected, FieldsVerified)
        given(*past, select(tuple(CHAIN))).when(on_plan(c.ApprovePlan)).then(PlanApproved, RunStarted, StepReady)
        given(*past, select(tuple(CHAIN))).when(on_plan(c.RejectPlan)).then(PlanRejected)

    def test_a_plan_that_waits_for_a_yes_is_not_given_up_as_half_made(self) -> None:
        give_up = on_plan(c.RejectPlan, while_drafting=True)
        past = (*message("assist"), draft(CHAIN))
        given(*past).when(give_up).then(PlanRejected)
        given(*past, select(tuple(CHAIN))).when(give_up).then_refused(IllegalState)

    def test_a_plan_that_cannot_be_wired_waits_for_a_person_even_where_it_would_run_by_itself(self) -> None:
        flagged = select(tuple(FORK)).model_copy(update={"flags": ("a:unwirable:image: needs image",)})
        decision = given(*message(), draft(FORK)).when(flagged).then(*[ModelSelected] * 3, FieldsVerified)
        assert decision.result == {"status": "awaiting_approval"}

    @pytest.mark.parametrize(
        ("flag", "holds_up"),
        [
            ("s3:unused:s2: x", True),
            ("s3:unused:s1: x", False),
            ("s2:unused:s1: x", True),
            ("s2:settled:unused", False),
        ],
    )
    def test_what_a_step_has_no_use_for_waits_for_a_person_unless_it_has_gone_into_another(
        self, flag: str, holds_up: bool
    ) -> None:
        chosen = select(tuple(CHAIN)).model_copy(update={"flags": (flag,)})
        it = given(*message(), draft({"s1": (), "s2": ("s1",), "s3": ("s1", "s2")})).when(chosen)
        kinds = [type(event) for _, event in it.world.decide(chosen).events]
        assert (PlanApproved in kinds) != holds_up
        verified = next(e for _, e in it.world.decide(chosen).events if isinstance(e, FieldsVerified))
        assert verified.flags == (() if flag == "s3:unused:s1: x" else (flag,))

    def test_each_step_needs_a_choice(self) -> None:
        given(*message(), draft(CHAIN)).when(select(("s1",))).then_refused(InvalidInput)

    def test_a_running_plan_is_not_approved_again(self) -> None:
        given(*planned(CHAIN)).when(on_plan(c.ApprovePlan)).then_refused(IllegalState)

    def test_a_person_edits_a_step_before_the_run(self) -> None:
        edit = on_plan(c.EditStep, step_id=step("s1"), model="other", estimate=5)
        given(*planned(CHAIN, "assist")).when(edit).then(PlanRevised)
        given(*planned(CHAIN)).when(edit).then_refused(IllegalState)


class TestRun:
    def test_a_result_makes_its_dependents_ready_with_its_outputs(self) -> None:
        events = given(*planned(CHAIN)).when(result("s1")).then(StepSucceeded, StepReady).events
        ready = events[1][1]
        assert isinstance(ready, StepReady)
        assert ready.upstream[0].outputs == (asset(),)

    def test_a_result_names_the_job_that_it_came_from(self) -> None:
        with pytest.raises(ValidationError, match="job_id"):
            c.RecordStepResult.model_validate(result("s1").model_dump(exclude={"job_id"}))

    def test_the_last_result_completes_the_run(self) -> None:
        past = (*planned(CHAIN), result("s1"), result("s2"))
        done = given(*past).when(result("s3")).then(StepSucceeded, RunCompleted).events[1][1]
        assert isinstance(done, RunCompleted)
        assert (done.status, done.cost) == ("succeeded", 30)

    def test_a_step_starts_once_with_its_own_job(self) -> None:
        started = on_plan(
            c.RecordStepStarted, run_id=RUN, step_id=step("s1"), job_id=job_id_of_step(RUN, step("s1"), 1)
        )
        given(*planned(CHAIN)).when(started).then(StepStarted)
        given(*planned(CHAIN), started).when(started).then_nothing()
        foreign = started.model_copy(update={"job_id": "job_9"})
        given(*planned(CHAIN)).when(foreign).then_refused(IllegalState)

    def test_only_the_subtree_below_a_failed_step_is_blocked(self) -> None:
        given(*planned(FORK)).when(result("a", "failed")).then(StepFailed, StepBlocked)
        past = (*planned(FORK), result("a", "failed"))
        done = given(*past).when(result("b")).then(StepSucceeded, RunCompleted).events[1][1]
        assert isinstance(done, RunCompleted)
        assert done.status == "partial"

    def test_a_failed_step_goes_on_with_a_model_that_it_has_not_had(self) -> None:
        failed = result("a", "failed").model_copy(update={"fallbacks": ("model-a", "safe", "other"), "max_cost": 70})
        decision = given(*planned(FORK)).when(failed).then(StepFellBack, StepReady)
        fell, again = (event for _, event in decision.events)
        assert isinstance(fell, StepFellBack)
        assert isinstance(again, StepReady)
        tried = fell.from_model
        assert (fell.to_model, fell.category) == (again.model, "outage")
        assert again.model != tried
        assert (again.attempt, again.max_cost) == (2, 70)
        assert again.job_id == job_id_of_step(RUN, step("a"), 2)
        assert again.fallbacks == tuple(m for m in ("model-a", "safe", "other") if m not in (tried, again.model))

    def test_the_job_before_the_fallback_has_no_say_any_more(self) -> None:
        failed = result("a", "failed").model_copy(update={"fallbacks": ("safe",)})
        past = (*planned(FORK), failed)
        given(*past).when(result("a")).then_refused(IllegalState)
        given(*past).when(result("a", attempt=2)).then(StepSucceeded, StepReady)

    def test_fallbacks_end_when_all_were_tried_or_there_were_enough(self) -> None:
        one = {"fallbacks": ("safe",)}
        past = (*planned(FORK), result("a", "failed").model_copy(update=one))
        given(*past).when(result("a", "failed", attempt=2).model_copy(update=one)).then(StepFailed, StepBlocked)
        several = {"fallbacks": tuple(f"model-{n}" for n in range(1, c.ATTEMPTS_MAX + 1))}
        *many, last = (
            result("a", "failed", attempt=attempt).model_copy(update=several)
            for attempt in range(1, c.ATTEMPTS_MAX + 1)
        )
        given(*planned(FORK), *many).when(last).then(StepFailed, StepBlocked)

    def test_a_cancelled_step_falls_back_to_nothing(self) -> None:
        cancelled = result("a", "cancelled").model_copy(update={"fallbacks": ("safe",)})
        given(*planned(FORK)).when(cancelled).then(StepCancelled, StepBlocked)

    def test_a_cancelled_job_blocks_what_depends_on_it(self) -> None:
        given(*planned(FORK)).when(result("a", "cancelled")).then(StepCancelled, StepBlocked)

    def test_a_result_of_a_step_that_is_no_longer_open_is_refused(self) -> None:
        given(*planned(CHAIN), result("s1")).when(result("s1")).then_refused(IllegalState)

    def test_cancelling_keeps_what_was_ready_and_names_the_jobs_to_stop(self) -> None:
        cancel = on_plan(c.CancelRun)
        decision = given(*planned(CHAIN), result("s1")).when(cancel)
        events = decision.then(RunCancelled, StepCancelled, StepCancelled, RunCompleted).events
        cancelled, completed = events[0][1], events[-1][1]
        assert isinstance(cancelled, RunCancelled)
        assert isinstance(completed, RunCompleted)
        assert cancelled.job_ids == (job_id_of_step(RUN, step("s2"), 1),)
        assert (completed.status, completed.cost) == ("cancelled", 10)
        given(*planned(CHAIN), result("s1"), cancel).when(result("s2")).then_refused(IllegalState)


class TestRerun:
    PAST = (*planned(CHAIN), result("s1"), result("s2"), result("s3"))

    def test_a_full_rerun_archives_the_run_before(self) -> None:
        given(*self.PAST).when(on_plan(c.RerunPlan)).then(RunArchived, RunStarted, StepReady)

    def test_a_partial_rerun_keeps_what_does_not_depend_on_it(self) -> None:
        rerun = on_plan(c.RerunPlan, step_ids=(step("s2"),))
        events = given(*self.PAST).when(rerun).then(RunArchived, RunStarted, StepReady).events
        started, ready = events[1][1], events[2][1]
        assert isinstance(started, RunStarted)
        assert isinstance(ready, StepReady)
        assert started.steps == (step("s2"), step("s3"))
        assert started.kept == {step("s1"): RUN}
        assert ready.upstream[0].outputs == (asset(),)

    def test_a_plan_that_was_run_too_often_is_to_be_forked(self) -> None:
        it = given(*self.PAST)
        long = replace(it.world(ref(PLAN)), version=PLAN_EVENTS_MAX)
        it.world.streams[ref(PLAN)] = long
        refused = it.when(on_plan(c.RerunPlan)).then_refused(IllegalState)
        assert refused.members["hint"].startswith("fork it")

    def test_what_was_edited_since_runs_again_whichever_step_is_named(self) -> None:
        edit = on_plan(c.EditStep, step_id=step("s1"), model="other", estimate=5)
        rerun = on_plan(c.RerunPlan, step_ids=(step("s3"),))
        it = given(*self.PAST, edit)
        started = next(e for _, e in it.world.decide(rerun).events if isinstance(e, RunStarted))
        assert (started.steps, started.kept) == (tuple(step(one) for one in CHAIN), {})

    def test_a_running_plan_is_not_rerun(self) -> None:
        given(*planned(CHAIN)).when(on_plan(c.RerunPlan)).then_refused(IllegalState)
