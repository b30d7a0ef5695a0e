"""What a gateway reads from a plan's stored stream, for tests of going back."""

from __future__ import annotations

from commands.canvas import commands as c
from commands.canvas.streams import ref
from events.canvas.plan_state import Plan
from events.canvas.state import NoPlan
from gateway.past.plan import restored
from tests.given import ORG, PLAN, SESSION, sealed
from tests.specification import World


def plan_at(world: World, version: int | None = None, plan_id: str = PLAN) -> Plan:
    """The plan folded from its first events."""
    fold, state = world.decider.folds[ref(plan_id).topic], NoPlan()
    for event in world.events(plan_id)[:version]:
        state = fold.evolve(state, event, world.at)
    assert isinstance(state, Plan)
    return state


def version_of_end(world: World, run_id: str, plan_id: str = PLAN) -> int:
    """The version at which a run was over."""
    events = world.events(plan_id)
    return next(
        n
        for n, event in enumerate(events, 1)
        if (event.name, getattr(event, "run_id", "")) == ("run_completed", run_id)
    )


def roll_back(world: World, run_id: str, plan_id: str = PLAN) -> c.RollBackPlan:
    past = plan_at(world, version_of_end(world, run_id, plan_id), plan_id)
    where = {"org_id": ORG, "session_id": SESSION, "plan_id": plan_id}
    return c.RollBackPlan(**where, run_id=run_id, steps=restored(past, now=plan_at(world, None, plan_id)))


def fork(world: World, version: int | None = None, plan_id: str = PLAN) -> c.ForkPlan:
    past = plan_at(world, version, plan_id)
    version = len(world.events(plan_id)) if version is None else version
    run_id = past.run.run_id if past.run is not None else past.past.source_run
    where = {"org_id": ORG, "session_id": SESSION, "plan_id": plan_id}
    steps = restored(past, only_done=True)
    return c.ForkPlan(**where, version=version, title=sealed("fork"), run_id=run_id, steps=steps)
