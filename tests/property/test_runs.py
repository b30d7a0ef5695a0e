"""Any DAG under any order of results, failures and cancels: Kahn's algorithm holds and the run always ends."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.canvas import commands as c
from commands.canvas.decider import CANVAS
from commands.canvas.streams import ref
from events.canvas.plan_events import RunCompleted, StepReady
from events.canvas.plan_state import OPEN, Plan
from tests.given import ORG, PLAN, RUN, SESSION, asset, draft, message, select
from tests.specification import World


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Edges only point back: acyclic by construction."""
    size = draw(st.integers(min_value=1, max_value=9))
    labels = [f"s{n}" for n in range(size)]
    return {
        label: tuple(draw(st.lists(st.sampled_from(labels[:index]), unique=True, max_size=3)) if index else ())
        for index, label in enumerate(labels)
    }


def plan_of(world: World) -> Plan:
    state = world(ref(PLAN)).state
    assert isinstance(state, Plan)
    return state


@settings(max_examples=80, deadline=None)
@given(
    graph=graphs(),
    outcomes=st.lists(st.sampled_from(["succeeded", "succeeded", "failed", "cancelled"])),
    data=st.data(),
)
def test_a_run_always_ends_and_nothing_runs_before_its_dependencies(
    graph: dict[str, tuple[str, ...]], outcomes: list[str], data: st.DataObject
) -> None:
    world = World(CANVAS)
    for command in (*message(), draft(graph), select(tuple(graph))):
        world.handle(command)
    fates = iter([*outcomes, *["succeeded"] * len(graph)])
    while plan_of(world).status == "running":
        run = plan_of(world).run
        assert run is not None
        for step_id, state in run.steps.items():
            if state.status == "ready":
                upstream = plan_of(world).steps[step_id].depends_on
                assert all(run.steps[up].status == "succeeded" for up in upstream)
        ready = [step_id for step_id, state in run.steps.items() if state.status == "ready"]
        assert ready, "an unfinished run has a step to run"
        step_id = data.draw(st.sampled_from(ready))
        fate = next(fates)
        world.handle(
            c.RecordStepResult.model_validate(
                {
                    "org_id": ORG,
                    "session_id": SESSION,
                    "plan_id": PLAN,
                    "run_id": RUN,
                    "step_id": step_id,
                    "job_id": run.steps[step_id].job_id,
                    "status": fate,
                    "outputs": (asset(),) if fate == "succeeded" else (),
                    "cost": 7 if fate == "succeeded" else 0,
                }
            )
        )
    run = plan_of(world).run
    assert run is not None
    assert run.open == 0
    assert not any(state.status in OPEN for state in run.steps.values())
    events = world.events(PLAN)
    readied = [event.step_id for event in events if isinstance(event, StepReady)]
    assert len(readied) == len(set(readied)), "no step is ready twice"
    completed = [event for event in events if isinstance(event, RunCompleted)]
    assert len(completed) == 1
    assert completed[0].cost == 7 * sum(state.status == "succeeded" for state in run.steps.values())
