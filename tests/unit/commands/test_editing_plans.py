"""A plan is edited by words: steps change, come and go, and only what is not as the last run had it is run again."""

from __future__ import annotations

from commands.canvas import commands as c
from commands.canvas.decider import CANVAS
from commands.refusals import IllegalState, InvalidInput
from events.canvas.plan_events import (
    FieldsVerified,
    ModelSelected,
    PlanApproved,
    PlanEdited,
    PlanRevised,
    RunArchived,
    RunStarted,
    StepDrafted,
    StepReady,
)
from events.canvas.session_events import ContextClassified, MessagePosted
from events.canvas.state import Plan
from events.ids import job_id_of_step
from tests.given import ORG, PLAN, RUN, SESSION, asset, draft, message, sealed, select, step
from tests.specification import Given, World

CHAIN = {"s1": (), "s2": ("s1",), "s3": ("s2",)}
DONE = "s1 s2 s3"


def given(*past: c.CanvasCommand | float) -> Given:
    return Given(CANVAS, past)


def done(label: str, run: str = RUN) -> c.RecordStepResult:
    job = job_id_of_step(run, step(label), 1)
    return c.RecordStepResult(
        org_id=ORG, session_id=SESSION, plan_id=PLAN, run_id=run, step_id=step(label), job_id=job, status="succeeded",
        outputs=(asset(),), cost=10,
    )  # fmt: skip


def planned(approval: str = "assist") -> tuple[c.CanvasCommand, ...]:
    return (*message(approval), draft(CHAIN), select(tuple(CHAIN)))


def ran() -> tuple[c.CanvasCommand, ...]:
    return (*planned("auto"), *(done(label) for label in CHAIN))


def asked(message_id: str = "msg_2", approval: str = "assist") -> c.PostMessage:
    _, post = message(approval)
    return post.model_copy(update={"message_id": message_id})


def test_a_message_that_another_followed_makes_and_changes_no_plan() -> None:
    given(*message(), asked()).when(draft(CHAIN)).then_refused(IllegalState)
    given(*planned(), asked(), asked("msg_3")).when(edit("s1 s2 s3", s1="")).then_refused(IllegalState)
    assert draft(CHAIN).message_id == "msg_1"
    assert edit("s1 s2 s3", s1="").message_id == "msg_2"


def edit(order: str, **graph: str) -> c.RevisePlan:
    """`graph`: the steps that are new or other → what they wait for."""
    steps = tuple(
        c.DraftStep(
            label=label, title=sealed(label), description=sealed(f"new {label}"), agent_type="image",
            depends_on=tuple(ups.split()),
        )
        for label, ups in graph.items()
    )  # fmt: skip
    return c.RevisePlan(
        org_id=ORG, session_id=SESSION, plan_id=PLAN, message_id="msg_2", title=sealed("edited"),
        order=tuple(order.split()), steps=steps,
    )  # fmt: skip


def plan_of(world: World) -> Plan:
    plan = next(stream.state for ref, stream in world.streams.items() if ref.subject == PLAN)
    assert isinstance(plan, Plan)
    return plan


def labels(ids: tuple[str, ...]) -> str:
    return " ".join(one.rsplit(".", 1)[-1] for one in ids)


class TestEditing:
    def test_a_message_remembers_the_plan_that_it_was_said_after(self) -> None:
        start, first = message()
        event = given(start).when(first).then(MessagePosted).events[0][1]
        assert isinstance(event, MessagePosted)
        assert (event.after_plan, event.after_version) == (None, None)
        event = given(*planned()).when(asked()).then(MessagePosted).events[0][1]
        assert isinstance(event, MessagePosted)
        assert (event.after_plan, event.after_version) == (PLAN, 8)

    def test_a_changed_step_follows_the_plans_new_frame(self) -> None:
        decision = given(*planned(), asked()).when(edit(DONE, s2="s1")).then(PlanEdited, PlanRevised)
        assert decision.result == {"plan_id": PLAN, "changed": [step("s2")], "version": 8 + len(decision.events)}

    def test_a_new_step_takes_its_place(self) -> None:
        it = given(*planned(), asked(), edit("s1 s4 s2 s3", s4="s1"))
        assert labels(tuple(plan_of(it.world).steps)) == "s1 s4 s2 s3"
        assert plan_of(it.world).complete
        assert plan_of(it.world).below([step("s1")]) == {step("s2"), step("s3"), step("s4")}
        it.when(edit("s1 s4 s2 s3", s5="s1")).then_refused(InvalidInput)

    def test_what_is_taken_out_is_nothings_upstream_any_more(self) -> None:
        it = given(*planned(), asked(), edit("s1 s3", s3="s1"))
        assert labels(tuple(plan_of(it.world).steps)) == "s1 s3"
        assert plan_of(it.world).below([step("s1")]) == {step("s3")}

    def test_only_what_changed_is_given_a_model_again(self) -> None:
        past = (*planned(), asked(), edit("s1 s2 s3 s4", s2="s1", s4=""))
        given(*past).when(select(("s1", "s2", "s3", "s4"))).then_refused(InvalidInput)
        given(*past).when(select(("s2", "s4"))).then(ModelSelected, ModelSelected, FieldsVerified)

    def test_what_a_step_waits_for_changes_for_it_alone(self) -> None:
        it = given(*planned(), asked(), edit("s1 s2 s3", s2="", s3="s1"))
        assert {labels((one,)): labels(below) for one, below in plan_of(it.world).dependents.items() if below} == {
            "s1": "s3"
        }

    def test_what_stands_still_upstream_is_refused_as_a_graph(self) -> None:
        it = given(*planned(), asked())
        it.when(edit("s1 s3", s3="s2")).then_refused(InvalidInput)
        it.when(edit("s1 s2 s3", s1="s3")).then_refused(InvalidInput)
        it.when(edit("s1 s2 s3 s9")).then_refused(InvalidInput)

    def test_without_a_change_nothing_happens(self) -> None:
        assert given(*planned(), asked()).when(edit(DONE)).then_nothing().result == {"plan_id": PLAN, "changed": []}

    def test_a_mark_of_a_person_outlives_their_words(self) -> None:
        mark = c.EditStep(
            org_id=ORG, session_id=SESSION, plan_id=PLAN, step_id=step("s2"), model="m", estimate=1, needs_approval=True
        )
        it = given(*planned(), mark, asked(), edit(DONE, s2="s1", s3="s2"))
        marks = {labels((one,)): planned.needs_approval for one, planned in plan_of(it.world).steps.items()}
        assert marks == {"s1": False, "s2": True, "s3": False}

    def test_a_running_plan_is_not_edited(self) -> None:
        given(*planned("auto"), asked()).when(edit(DONE, s2="s1")).then_refused(IllegalState)


class TestTheNextRun:
    def test_what_changed_and_what_depends_on_it_is_run_the_rest_is_kept(self) -> None:
        past = (*ran(), asked(), edit(DONE, s2="s1"), select(("s2",)))
        approve = c.ApprovePlan(org_id=ORG, session_id=SESSION, plan_id=PLAN)
        decision = given(*past).when(approve).then(PlanApproved, RunArchived, RunStarted, StepReady)
        started = decision.events[2][1]
        assert isinstance(started, RunStarted)
        assert labels(started.steps) == "s2 s3"
        assert started.kept == {step("s1"): RUN}

    def test_with_approval_auto_it_runs_at_once(self) -> None:
        past = (*ran(), asked(approval="auto"), edit(DONE, s3="s2"))
        given(*past).when(select(("s3",))).then(
            ModelSelected, FieldsVerified, PlanApproved, RunArchived, RunStarted, StepReady
        )

    def test_less_needs_no_run(self) -> None:
        it = given(*ran(), asked(), edit("s1 s2"))
        assert plan_of(it.world).status == "succeeded"
        assert labels(tuple(plan_of(it.world).steps)) == "s1 s2"

    def test_an_addition_runs_alone(self) -> None:
        past = (*ran(), asked(), edit("s1 s2 s3 s4", s4="s1"), select(("s4",)))
        it = given(*past, c.ApprovePlan(org_id=ORG, session_id=SESSION, plan_id=PLAN))
        plan = plan_of(it.world)
        assert plan.run is not None
        assert labels(tuple(one for one, run in plan.run.steps.items() if run.status == "ready")) == "s4"
        it.world.handle(done("s4", "run_X.1.2"))
        assert plan_of(it.world).status == "succeeded"

    def test_changes_before_the_first_run_are_all_of_it(self) -> None:
        past = (*planned(), asked(), edit(DONE, s2="s1"), select(("s2",)))
        decision = (
            given(*past)
            .when(c.ApprovePlan(org_id=ORG, session_id=SESSION, plan_id=PLAN))
            .then(PlanApproved, RunStarted, StepReady)
        )
        started = decision.events[1][1]
        assert isinstance(started, RunStarted)
        assert labels(started.steps) == DONE


def test_a_step_that_is_drafted_again_is_drafted_not_revised() -> None:
    it = given(*planned(), asked(), edit("s1 s2"))
    it.when(edit("s1 s2 s3", s3="s1")).then(PlanEdited, StepDrafted)


def test_the_context_is_on_the_log() -> None:
    record = c.RecordContext(org_id=ORG, session_id=SESSION, call_id="c", message_id="msg_1", decision="NEW")
    given(*message()).when(record).then(ContextClassified)
    unknown = record.model_copy(update={"message_id": "msg_9"})
    given(*message()).when(unknown).then_refused(InvalidInput)
