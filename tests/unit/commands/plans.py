"""Plans in few words, for the tests of what is decided about them."""

from __future__ import annotations

from commands.canvas import commands as c
from commands.canvas.decider import CANVAS
from events.ids import job_id_of_step
from tests.given import ORG, PLAN, RUN, SESSION, asset, draft, message, select, step
from tests.specification import Given

CHAIN = {"s1": (), "s2": ("s1",), "s3": ("s2",)}
FORK = {"a": (), "b": (), "c": ("a",)}


def given(*past: c.CanvasCommand | float) -> Given:
    return Given(CANVAS, past)


def planned(graph: dict[str, tuple[str, ...]], approval: str = "auto") -> tuple[c.CanvasCommand, ...]:
    return (*message(approval), draft(graph), select(tuple(graph)))


def result(label: str, status: str = "succeeded", run: str = RUN, attempt: int = 1) -> c.RecordStepResult:
    return c.RecordStepResult.model_validate(
        {
            "org_id": ORG,
            "session_id": SESSION,
            "plan_id": PLAN,
            "run_id": run,
            "step_id": step(label),
            "job_id": job_id_of_step(run, step(label), attempt),
            "status": status,
            "outputs": (asset(),) if status == "succeeded" else (),
            "cost": 10 if status == "succeeded" else 0,
            "category": None if status == "succeeded" else "outage",
        }
    )


def on_plan(kind: type[c.PlanCommand], **fields: object) -> c.PlanCommand:
    return kind.model_validate({"org_id": ORG, "session_id": SESSION, "plan_id": PLAN, **fields})


PLANNED = {"org_id": ORG, "session_id": SESSION, "plan_id": PLAN}
BEGIN = c.BeginStage(org_id=ORG, session_id=SESSION, call_id="c1", agent="planner", owner="agents-0/1", timeout_s=60)
RECORD = c.RecordAgentCall(
    org_id=ORG,
    session_id=SESSION,
    call_id="c1",
    attempt=1,
    agent="planner",
    model="m",
    tokens_in=1,
    tokens_out=1,
    ms=5,
)
