"""A plan's state is what its frame and the runs that count make of it: the same as of its whole stream."""

from __future__ import annotations

from commands.canvas import commands as c
from commands.canvas.decider import CANVAS
from events.canvas.plan_events import PlanRolledBack, RunStarted
from events.canvas.plan_state import Plan
from events.envelope import Recorded
from gateway.past.plan import folded, restored
from projections.plan_parts import OF_RUNS, begins, by_plan, together
from tests.given import PLAN, RUN, step
from tests.specification import World
from tests.unit.commands.plan_past import fork, roll_back
from tests.unit.commands.plans import CHAIN, on_plan, planned, result
from tests.unit.executor.house import House


def world(*past: c.CanvasCommand) -> World:
    made = World(CANVAS)
    for command in past:
        made.handle(command)
    return made


DONE = (*planned(CHAIN), result("s1"), result("s2"), result("s3"))


def done(run: int, *labels: str) -> tuple[c.CanvasCommand, ...]:
    return tuple(result(label, run=f"run_X.1.{run}") for label in labels)


def recorded(it: World, plan_id: str = PLAN) -> list[Recorded]:
    return [one for one in House().recorded(it) if one.stream.subject == plan_id]


def parts(events: list[Recorded]) -> list[Recorded]:
    """What a store is asked for."""
    frame = [one for one in events if one.envelope.type not in OF_RUNS]
    first = by_plan(frame)[events[0].stream.subject]
    return [one for one in events if one in frame or one.version >= first]


def results(plan: Plan) -> tuple[object, ...]:
    return plan.steps, plan.past.kept, *((plan.run.run_id, plan.run.status, plan.run.steps) if plan.run else ())


def test_at_each_moment_the_parts_make_what_the_whole_makes() -> None:
    again, part = on_plan(c.RerunPlan), on_plan(c.RerunPlan, step_ids=(step("s2"),))
    edit = on_plan(c.EditStep, step_id=step("s3"), model="other", estimate=5)
    it = world(*DONE, again, *done(2, "s1", "s2", "s3"), edit, part, *done(3, "s2", "s3"))
    it.handle(roll_back(it, RUN))
    for command in (part, *done(4, "s2", "s3"), again, *done(5, "s1")):
        it.handle(command)
    it.handle(fork(it))
    for plan_id in (PLAN, "pln_X.2"):
        events = recorded(it, plan_id)
        for moment in range(1, len(events) + 1):
            whole, of_parts = folded(events[:moment]), folded(parts(events[:moment]))
            assert results(of_parts) == results(whole)
            assert restored(of_parts, only_done=True) == restored(whole, only_done=True)
            assert (of_parts.status, of_parts.changed) == (whole.status, whole.changed)


def test_a_run_of_all_steps_and_a_rollback_begin_anew_and_one_that_keeps_results_does_not() -> None:
    part = on_plan(c.RerunPlan, step_ids=(step("s2"),))
    it = world(*DONE, on_plan(c.RerunPlan), *done(2, "s1", "s2", "s3"), part, *done(3, "s2", "s3"))

    def kind_at(version: int) -> object:
        return it.events(PLAN)[version - 1]

    began = kind_at(begins(recorded(it)))
    assert isinstance(began, RunStarted)
    assert began.run_id == "run_X.1.2"
    it.handle(roll_back(it, RUN))
    assert isinstance(kind_at(begins(recorded(it))), PlanRolledBack)
    assert begins(recorded(world(*planned(CHAIN, "assist")))) == 1


def test_steps_of_a_run_that_began_while_its_plan_was_read_do_not_count() -> None:
    it = world(*DONE)
    early = recorded(it)
    frame = [one for one in early if one.envelope.type not in OF_RUNS]
    it.handle(on_plan(c.RerunPlan))
    later = [one for one in recorded(it) if one.envelope.type in OF_RUNS]
    assert len(later) > len(early) - len(frame)
    assert together(frame, later) == early
    running = recorded(world(*planned(CHAIN), result("s1")))
    split = [[one for one in running if (one.envelope.type in OF_RUNS) == of_runs] for of_runs in (False, True)]
    assert together(*split) == running
