"""Any plan under anything that may happen to it, executor and both deciders at work: what is promised of runs holds."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from commands.canvas import commands as c
from commands.canvas.streams import ref
from commands.model import Command
from commands.orgs.commands import CancelJob, DispatchJob, RecordAttemptFailed, RecordJobSucceeded
from commands.orgs.streams import book_ref, job_ref
from commands.refusals import AlreadyEnded, IllegalState, InvalidInput, NotFound
from events.canvas.plan_events import (
    PlanEvent,
    RunCompleted,
    StepApproved,
    StepReady,
    StepSucceeded,
)
from events.canvas.plan_state import OPEN, Plan, StepRun
from events.canvas.session_events import MessagePosted
from events.jobs.events import JobAccepted, JobSucceeded
from events.jobs.state import LiveJob
from projections.applied import documents_of
from tests.given import ORG, PLAN, SESSION, asset, message, sealed
from tests.property.run_machine_documents import check_run, check_step, local, projected, reworded
from tests.property.run_machine_plans import FATES, SKETCHER, Fate, choices, draft_step, drafts, revised
from tests.unit.commands.plan_past import fork, plan_at, roll_back
from tests.unit.executor.house import House

OUT_OF_DATE = (IllegalState, InvalidInput, NotFound, AlreadyEnded)
"""What a person, or a late machine, may always try."""


class Runs(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.house = House(credit=100_000)
        self.house.models["sketcher"] = SKETCHER
        self.approved: set[tuple[str, str]] = set()
        """(run, step) to which a person has said yes."""
        self.ready: set[tuple[str, str]] = set()
        """(run, step) that has been made ready and has not ended."""
        self.checked = 0
        self.paid: Counter[tuple[str, str]] = Counter()
        self.costs: dict[str, int] = defaultdict(int)
        self.over: Counter[str] = Counter()

    @initialize(steps=drafts())
    def plan(self, steps: tuple[c.DraftStep, ...]) -> None:
        house = self.house
        for command in message("auto"):
            house.canvas.handle(command)
        where = {"org_id": ORG, "session_id": SESSION}
        house.canvas.handle(c.DraftPlan(**where, message_id="msg_1", title=sealed("p"), steps=steps))
        named = choices([f"stp_X.1.{step.label}" for step in steps])
        house.canvas.handle(c.SelectModels(**where, plan_id=PLAN, choices=named))

    # --- what may happen -----------------------------------------------------------------------------------

    @rule(jobs_first=st.booleans())
    def react(self, jobs_first: bool) -> None:
        asyncio.run(self.house.react(jobs_first=jobs_first))

    @rule(answers=st.integers(0, 6), jobs_first=st.booleans())
    def the_executor_is_killed(self, answers: int, jobs_first: bool) -> None:
        """Between a command that is decided and its answer: it starts anew, and reads again what it had read."""
        asyncio.run(self.house.react_until_killed(answers, jobs_first=jobs_first))

    @rule()
    def the_deciders_are_killed(self) -> None:
        self.house.refold()

    @rule(data=st.data(), fate=FATES)
    def job(self, data: st.DataObject, fate: Fate) -> None:
        """The fleet takes a job that waits, or tells of one that it has."""
        if live := self.live_jobs:
            self.meets(data.draw(st.sampled_from(live)), fate)

    @rule(fates=st.lists(FATES, min_size=1, max_size=8))
    def a_while(self, fates: list[Fate]) -> None:
        """All that can run does, until so many jobs have met their fate."""
        for fate in fates:
            asyncio.run(self.house.react())
            for state in self.live_jobs[:1]:
                if state.phase == "queued":
                    self.meets(state, fate)
                    asyncio.run(self.house.react())
            for state in self.live_jobs[:1]:
                self.meets(state, fate)

    def meets(self, state: LiveJob, fate: Fate) -> None:
        job = state.accepted
        of = {"org_id": ORG, "job_id": job.job_id}
        if state.phase == "queued":
            command: Command = DispatchJob(
                **of, lease=state.lease + 1, provider=job.provider, model=job.model, worker="w"
            )
        elif fate == "succeeds":
            output = asset("image/png", n=len(self.house.orgs.log))
            command = RecordJobSucceeded(**of, lease=state.lease, outputs=(output,), cost=70)
        elif fate == "cancelled":
            command = CancelJob(**of)
        else:
            command = RecordAttemptFailed(**of, lease=state.lease, category=fate)
        self.house.orgs.handle(command)

    @rule(data=st.data(), reuse=st.booleans(), part=st.booleans())
    def run_again(self, data: st.DataObject, reuse: bool, part: bool) -> None:
        plan = self.any_plan(data)
        some = data.draw(st.lists(st.sampled_from(list(plan.steps)), min_size=1, unique=True)) if part else []
        to_run = set(plan.to_run)
        self.try_to(c.RerunPlan(**self.of(plan), step_ids=tuple(some), reuse=reuse))
        after = self.state(plan.plan_id)
        if after.runs > plan.runs and after.run is not None:
            assert to_run <= {step for step, result in after.run.steps.items() if result.status != "succeeded"}

    @rule(data=st.data(), reuse=st.booleans())
    def approve(self, data: st.DataObject, reuse: bool) -> None:
        self.try_to(c.ApprovePlan(**self.of(self.any_plan(data)), reuse=reuse))

    @rule(data=st.data(), yes=st.booleans())
    def answer_a_step(self, data: st.DataObject, yes: bool) -> None:
        plan = self.any_plan(data)
        step_id = data.draw(st.sampled_from(list(plan.steps)))
        self.try_to((c.ApproveStep if yes else c.CancelStep)(**self.of(plan), step_id=step_id))

    @rule(data=st.data(), mark=st.sampled_from([None, True, False]))
    def edit(self, data: st.DataObject, mark: bool | None) -> None:
        plan = self.any_plan(data)
        step_id = data.draw(st.sampled_from(list(plan.steps)))
        words = sealed('{"prompt": "x"}')
        fields = {"model": "painter", "input": words, "estimate": 9, "needs_approval": mark}
        self.try_to(c.EditStep(**self.of(plan), step_id=step_id, **fields))

    @rule(data=st.data(), gone=st.integers(0, 2), other=st.integers(0, 2), fresh=st.booleans())
    def edit_by_words(self, data: st.DataObject, gone: int, other: int, fresh: bool) -> None:
        """Steps go, change and come; what has changed is given a model, and runs at once."""
        plan = self.any_plan(data)
        marks = list(plan.steps.items())
        labels = data.draw(st.permutations([step_id.rsplit(".", 1)[-1] for step_id in plan.steps]))
        left = labels[gone:] or labels[:1]
        changed = [revised(plan, label, left, other=place < other) for place, label in enumerate(left)]
        steps = [step for step in changed if step is not None]
        if fresh:
            label = data.draw(st.sampled_from(["n0", "n1", *labels[:gone]]))
            after = data.draw(st.lists(st.sampled_from(left), unique=True, max_size=2))
            steps = [*(step for step in steps if step.label != label), draft_step(label, after)]
            left = [*(one for one in left if one != label), label]
        self.try_to(
            c.RevisePlan(**self.of(plan), message_id="msg_1", title=sealed("p"), order=tuple(left), steps=tuple(steps))
        )
        after_it = self.state(plan.plan_id)
        assert all(one.needs_approval == after_it.steps.get(step_id, one).needs_approval for step_id, one in marks)
        if after_it.status == "drafting":
            missing = [step_id for step_id, step in after_it.steps.items() if step.estimate is None]
            self.house.canvas.handle(c.SelectModels(**self.of(plan), choices=choices(missing)))

    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        self.try_to(c.RejectPlan(**self.of(self.any_plan(data))))

    @precondition(lambda self: len(self.house.canvas.log) % 3 == 0)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.try_to(c.CancelRun(**self.of(self.any_plan(data))))

    @precondition(lambda self: len(self.house.canvas.log) > 120)
    @rule()
    def cancel_session(self) -> None:
        self.try_to(c.CancelSession(org_id=ORG, session_id=SESSION))

    @rule(data=st.data())
    def go_back(self, data: st.DataObject) -> None:
        plan = self.any_plan(data)
        if not plan.past.ended:
            return
        run_id = data.draw(st.sampled_from(list(plan.past.ended)))
        if run_id.rsplit(".", 1)[0] == f"run_{plan.plan_id[4:]}":
            self.try_to(roll_back(self.house.canvas, run_id, plan.plan_id))

    @precondition(lambda self: len(self.plans) < 4)
    @rule(data=st.data())
    def fork_from(self, data: st.DataObject) -> None:
        plan = self.any_plan(data)
        first = next(
            n for n, event in enumerate(self.house.canvas.events(plan.plan_id), 1) if event.name == "fields_verified"
        )
        version = data.draw(st.integers(first, len(self.house.canvas.events(plan.plan_id))))
        command = fork(self.house.canvas, version, plan.plan_id)
        source = plan_at(self.house.canvas, version, plan.plan_id)
        before = {one.plan_id for one in self.plans}
        self.try_to(command)
        for made in self.plans:
            if made.plan_id not in before:
                assert {local(step) for step in source.to_run} <= {local(step) for step in made.to_run}

    @rule()
    def everything_is_read_again(self) -> None:
        """As after a restart: nothing is decided twice."""
        asyncio.run(self.house.react())
        before = (len(self.house.canvas.log), len(self.house.orgs.log))
        asyncio.run(self.house.repeat())
        assert (len(self.house.canvas.log), len(self.house.orgs.log)) == before

    # --- what must hold ------------------------------------------------------------------------------------

    @invariant()
    def no_step_before_its_dependencies_and_none_twice_at_once(self) -> None:
        for where, event in self.house.canvas.log[self.checked :]:
            if isinstance(event, StepReady):
                key = (event.run_id, event.step_id)
                assert key not in self.ready or event.attempt > 1
                marked = self.state(where.subject).steps[event.step_id].needs_approval
                assert not marked or key in self.approved, "nobody has said yes"
                self.ready.add(key)
                assert all(up.outputs for up in event.upstream), "what it depends on has come out"
                assert {up.step_id for up in event.upstream} == set(
                    self.state(where.subject).steps[event.step_id].depends_on
                )
            elif isinstance(event, StepApproved):
                self.approved.add((event.run_id, event.step_id))
            elif isinstance(event, StepSucceeded):
                assert (event.run_id, event.step_id) in self.ready
                self.paid[event.run_id, event.step_id] += 1
                self.costs[event.run_id] += event.cost
                self.check_reuse(event)
            elif isinstance(event, RunCompleted):
                self.over[event.run_id] += 1
                assert event.cost == self.costs[event.run_id]
        self.checked = len(self.house.canvas.log)
        assert all(count == 1 for count in (*self.paid.values(), *self.over.values()))

    def check_reuse(self, event: StepSucceeded) -> None:
        if event.reused_from is None:
            return
        source = next(
            e for _, e in self.house.orgs.log if isinstance(e, JobSucceeded) and e.job_id == event.reused_from
        )
        assert (event.cost, event.outputs) == (0, source.outputs)

    @invariant()
    def a_run_is_open_exactly_while_one_of_its_steps_is(self) -> None:
        for plan in self.plans:
            if plan.run is None:
                continue
            still = [step for step in plan.run.steps.values() if step.status in OPEN]
            assert plan.run.open == len(still)
            assert (plan.status == "running") == bool(still)
            assert set(plan.asked) - {plan.plan_id} == {
                step for step, run in plan.run.steps.items() if run.status == "awaiting_approval"
            }

    @invariant()
    def nothing_below_a_failure_runs_and_everything_else_does(self) -> None:
        for plan in self.plans:
            if plan.run is None or plan.status != "running":
                continue
            for step_id, step in plan.run.steps.items():
                above = [plan.run.steps[up].status for up in plan.steps[step_id].depends_on]
                if step.status == "planned":
                    assert any(status in OPEN for status in above), "nothing holds it up"
                if any(status in ("failed", "blocked", "cancelled") for status in above):
                    assert step.status in ("blocked", "cancelled")

    @invariant()
    def no_less_is_spent_than_what_steps_have_cost(self) -> None:
        spent = self.house.orgs(book_ref(ORG)).state.spent
        assert sum(self.costs.values()) <= spent
        assert self.house.orgs(book_ref(ORG)).state.reserved == 100 * len(self.live_jobs)

    @invariant()
    def no_step_has_two_jobs_at_once(self) -> None:
        at_work = Counter((job.accepted.cause.run_id, job.accepted.cause.step_id) for job in self.live_jobs)
        assert max(at_work.values(), default=0) <= 1

    @invariant()
    def the_read_model_is_the_fold_of_the_log(self) -> None:
        recorded = [one for one in self.house.recorded(self.house.canvas) if isinstance(one.data, PlanEvent)]
        documents = documents_of(write for one in recorded for write in projected(one))
        for plan in self.plans:
            document = documents["plans", plan.plan_id]
            assert document["status"] == plan.status
            results = plan.run.steps if plan.run is not None else plan.past.kept
            if plan.run is not None:
                assert document["run_id"] == plan.run.run_id
                check_run(documents["runs", plan.run.run_id], plan.run)
            other = reworded(self.house.canvas.events(plan.plan_id))
            for step_id, step in plan.steps.items():
                result = StepRun() if step_id in other else results.get(step_id, StepRun())
                check_step(documents["steps", step_id], step, result)

    def teardown(self) -> None:
        """Left alone, with every yes given and every job done, everything that runs comes to its end."""
        for _ in range(60):
            asyncio.run(self.house.react())
            for plan in self.plans:
                for waiting in set(plan.asked) - {plan.plan_id}:
                    self.try_to(c.ApproveStep(**self.of(plan), step_id=waiting))
            for state in self.live_jobs:
                self.finish(state)
            if not self.live_jobs and all(plan.status != "running" for plan in self.plans):
                break
        asyncio.run(self.house.react())
        self.no_step_before_its_dependencies_and_none_twice_at_once()
        self.the_read_model_is_the_fold_of_the_log()
        assert all(plan.status != "running" for plan in self.plans)
        assert not self.live_jobs, "no job outlives its run"
        assert self.house.orgs(book_ref(ORG)).state.spent == sum(self.costs.values()), "paid is what the plans tell of"
        told = [e for e in self.house.canvas.events(SESSION) if isinstance(e, MessagePosted) and e.plan_id]
        assert len({e.message_id for e in told}) == len(told) == len(self.over)

    # --- short words ---------------------------------------------------------------------------------------

    @property
    def plans(self) -> list[Plan]:
        states = (self.house.canvas.streams[where].state for where in list(self.house.canvas.streams))
        return [state for state in states if isinstance(state, Plan)]

    @property
    def live_jobs(self) -> list[LiveJob]:
        accepted = [event.job_id for _, event in self.house.orgs.log if isinstance(event, JobAccepted)]
        states = (self.house.orgs(job_ref(job_id)).state for job_id in accepted)
        return [state for state in states if isinstance(state, LiveJob)]

    def state(self, plan_id: str) -> Plan:
        state = self.house.canvas(ref(plan_id)).state
        assert isinstance(state, Plan)
        return state

    def any_plan(self, data: st.DataObject) -> Plan:
        return data.draw(st.sampled_from(self.plans))

    def of(self, plan: Plan) -> dict[str, Any]:
        return {"org_id": ORG, "session_id": SESSION, "plan_id": plan.plan_id}

    def try_to(self, command: c.CanvasCommand) -> None:
        try:
            self.house.canvas.handle(command)
        except OUT_OF_DATE:
            return

    def finish(self, state: LiveJob) -> None:
        self.meets(state, "succeeds")
        if state.phase == "queued":
            asyncio.run(self.house.react())
            after = self.house.orgs(job_ref(state.accepted.job_id)).state
            if isinstance(after, LiveJob):
                self.meets(after, "succeeds")


Runs.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestRuns = Runs.TestCase
