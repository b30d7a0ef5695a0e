"""`python -m tests.golden.record` adds to events.jsonl one event of each type that is not there yet."""

from __future__ import annotations

import json
from pathlib import Path

from commands.canvas import commands as canvas
from commands.canvas.decider import CANVAS
from commands.catalog.commands import AnnounceModel, ChangeModel, ChangeProvider, PublishPrompt, WithdrawModel
from commands.catalog.decider import CATALOG
from commands.model import Command, Decider
from commands.orgs import commands as orgs
from commands.orgs.decider import ORGS
from events.accounts.events import Limits
from events.registry import encode
from tests.given import (
    JOB,
    ORG,
    PLAN,
    RUN,
    SESSION,
    asset,
    dispatch,
    draft,
    message,
    opened,
    sealed,
    select,
    step,
    submit,
)
from tests.specification import World
from tests.unit.commands import plans, test_approvals, test_catalog, test_checkpoints, test_plans, test_reuse
from tests.unit.commands.plan_past import fork, roll_back

FILE = Path(__file__).parent / "events.jsonl"


def org_histories() -> tuple[tuple[Command, ...], ...]:
    base = (*opened(), submit(), dispatch())
    failed = orgs.RecordAttemptFailed(org_id=ORG, job_id=JOB, lease=1, category="outage", retry_in_s=0)
    return (
        (*base, orgs.BeginAttempt(org_id=ORG, job_id=JOB, lease=1, owner="a")),
        (*base, orgs.RecordJobRunning(org_id=ORG, job_id=JOB, lease=1, provider_job_id="p")),
        (*base, orgs.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=1, outputs=(asset(),), cost=450)),
        (*test_reuse.FIRST, test_reuse.DONE, test_reuse.AGAIN),
        (
            *base,
            orgs.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=1, outputs=(asset(),), cost=300),
            orgs.RefundJob(org_id=ORG, entry_id="ent_1", job_id=JOB, amount=350, reason="goodwill"),
        ),
        (*base, failed, orgs.RecordJobSucceeded(org_id=ORG, job_id=JOB, lease=1, outputs=(), cost=1)),
        (*base, failed.model_copy(update={"retry_in_s": None})),
        (
            *base,
            orgs.CancelJob(org_id=ORG, job_id=JOB),
            orgs.RecordWebhook(org_id=ORG, job_id=JOB, tries=1, status=204),
        ),
        (
            *base,
            orgs.CancelJob(org_id=ORG, job_id=JOB),
            orgs.RecordWebhook(org_id=ORG, job_id=JOB, tries=6, failure="status", status=500),
        ),
        (
            *opened(),
            submit(webhook_url="https://hooks.example.com/x"),
            orgs.CancelJob(org_id=ORG, job_id=JOB),
            orgs.RecordWebhook(org_id=ORG, job_id=JOB, tries=6, failure="unreachable", message_id="evt_1"),
            orgs.ResendWebhook(org_id=ORG, job_id=JOB),
        ),
        (*base, orgs.ExpireLease(org_id=ORG, job_id=JOB, lease=1)),
        (*base, orgs.CancelJob(org_id=ORG, job_id=JOB), orgs.ConfirmStopped(org_id=ORG, job_id=JOB, lease=1)),
        (*opened(), submit(max_attempts=1), dispatch(), failed, orgs.DiscardJob(org_id=ORG, job_id=JOB)),
        (
            *opened(),
            submit(max_attempts=1),
            dispatch(),
            failed,
            orgs.ReplayJob(org_id=ORG, job_id=JOB, new_job_id="job_2", reserve=1),
        ),
        (
            *opened(),
            orgs.AddCredits(org_id=ORG, entry_id="ent_2", kind="purchase", amount=5),
            orgs.AddCredits(org_id=ORG, entry_id="ent_3", kind="adjust", amount=-5, reason="correction"),
            orgs.OpenProject(org_id=ORG, project_id="prj_1", title=sealed()),
            orgs.AllocateCredits(org_id=ORG, entry_id="ent_4", project_id="prj_1", amount=5, kind="allocate"),
            orgs.AllocateCredits(org_id=ORG, entry_id="ent_5", project_id="prj_1", amount=5, kind="deallocate"),
            orgs.IssueKey(org_id=ORG, key_id="key_1", hash="a" * 64, role="member", user_id="usr_1"),
            orgs.RevokeKey(org_id=ORG, key_id="key_1"),
            orgs.SetLimits(org_id=ORG, limits=Limits(concurrent=3)),
            orgs.ForgetPerson(org_id=ORG, user_id="usr_1"),
        ),
        (
            test_checkpoints.introduce(test_checkpoints.KEY),
            *opened(),
            test_checkpoints.REQUEST,
            test_checkpoints.head_of(*opened()),
        ),
    )


def canvas_histories() -> tuple[tuple[Command, ...], ...]:
    upload = canvas.RecordUpload(
        org_id=ORG, session_id=SESSION, upload_id="upl_1", asset=asset(), file_name=sealed(), medium="image"
    )
    chain = plans.planned(plans.CHAIN)
    assist = plans.planned(plans.CHAIN, "assist")
    edit = plans.on_plan(canvas.EditStep, step_id=step("s1"), model="n", estimate=3)
    return (
        (*message(), upload, plans.BEGIN, plans.RECORD),
        (*message(), draft({"a": ()}), plans.on_plan(canvas.RecordPlanValidated, verdict="PASS"), select(("a",))),
        (*assist, edit, plans.on_plan(canvas.RejectPlan)),
        (*test_plans.TestRerun.PAST, plans.on_plan(canvas.RerunPlan)),
        (*chain, plans.result("s1"), plans.result("s2", "failed")),
        (*chain, plans.result("s1", "failed").model_copy(update={"fallbacks": ("n",), "max_cost": 100})),
        (*chain, plans.on_plan(canvas.CancelRun)),
        (
            *chain,
            canvas.RecordStepStarted(
                org_id=ORG,
                session_id=SESSION,
                plan_id=PLAN,
                run_id=RUN,
                step_id=step("s1"),
                job_id=plans.result("s1").job_id,
            ),
        ),
    )


def going_back() -> tuple[tuple[Command, ...], ...]:
    """Histories whose last command is made of the past before it."""
    past = (*test_plans.TestRerun.PAST, plans.on_plan(canvas.RerunPlan, step_ids=(step("s3"),), reuse=True))
    twice = (*past, plans.result("s3", run="run_X.1.2"))
    world = World(CANVAS)
    for command in twice:
        world.handle(command)
    gate = test_approvals.PAST
    return (
        (*twice, roll_back(world, RUN), canvas.CancelSession(org_id=ORG, session_id=SESSION)),
        (*twice, fork(world)),
        (*gate, test_approvals.APPROVE),
    )


def record() -> None:
    catalog = (
        test_catalog.LISTED,
        ChangeModel(model=test_catalog.DEARER),
        WithdrawModel(model_id=test_catalog.SPEC.id),
        ChangeModel(model=test_catalog.OF_A_GPU),
        AnnounceModel(model_id=test_catalog.SPEC.id, announced=True),
        ChangeProvider(provider="fleet", concurrent=2),
        PublishPrompt(owner=ORG, agent="planner", variant="brief", text="Plan.", model="small", source_hash="h1"),
    )
    histories: list[tuple[Decider, tuple[Command, ...]]] = [
        *((ORGS, history) for history in org_histories()),
        *((CANVAS, history) for history in (*canvas_histories(), *going_back())),
        (CATALOG, catalog),
    ]
    lines = FILE.read_text().splitlines() if FILE.exists() else []
    known = {json.loads(line)["type"] for line in lines}
    for decider, history in histories:
        world = World(decider)
        for command in history:
            world.handle(command)
        for _, event in world.log:
            if event.ce_type() not in known:
                known.add(event.ce_type())
                lines.append(json.dumps({"type": event.ce_type(), "data": json.loads(encode(event))}))
    FILE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    record()
