"""Plans: read, now or as they were; approved, rejected, cancelled, edited, run again."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from commands.canvas.commands import (
    ApprovePlan,
    ApproveStep,
    CancelRun,
    CancelStep,
    EditStep,
    PaidCommand,
    PlanCommand,
    RejectPlan,
    RerunPlan,
)
from events.ids import BadId, session_of
from events.topics import EVENTS_CANVAS, EVENTS_JOBS
from gateway.access.auth import caller, of_prefix
from gateway.access.keyring import Caller
from gateway.answering.answers import ask, decided, json, page, platform_of
from gateway.answering.catalog import active_model
from gateway.answering.credit import ask_with_credit
from gateway.http.bodies import Body, Nothing, read, takes
from gateway.http.identity import identity
from gateway.http.inputs import Inputs, as_text, priced
from gateway.http.problems import not_found
from gateway.past import plan as past
from gateway.past.rehearsing import flags_with
from gateway.past.time_machine import credits_at
from gateway.reads import queries
from gateway.reads.views import Views

router = APIRouter(tags=["plans"])
RUNS_PAGE: Final = 50
"""Each of at most 500 results."""
READS: Final = (EVENTS_CANVAS, EVENTS_JOBS)


class EditBody(Body):
    model: str | None = Field(default=None, min_length=1, max_length=200)
    input: dict[str, Any] | None = None
    needs_approval: bool | None = None


class ApproveBody(Body):
    reuse: bool = False


class RerunBody(Body):
    reuse: bool = False
    step_ids: list[str] = Field(default=[], max_length=500)


def session_of_plan(plan_id: str) -> str:
    """The session that a plan's id carries; an id that carries none is not found."""
    try:
        return session_of(of_prefix(plan_id, "pln"))
    except BadId:
        raise not_found() from None


def step_of(plan_id: str, step: str) -> str:
    """`s3` and `stp_X.2.s3` both name the step."""
    return step if step.startswith("stp_") else f"stp_{plan_id.removeprefix('pln_')}.{step}"


@router.get("/plans/{plan_id}")
async def read_one(request: Request, plan_id: str, at: str | None = None, after: str | None = None) -> Response:
    """The plan as it is, or `at` a position or time: graph, results and cost as they were then."""
    who, platform = caller(request), platform_of(request)
    await platform.reading.after(after, READS)
    plan = await queries.one(platform.db, "plans", who.org_id, of_prefix(plan_id, "pln"))
    views: Views = request.app.state.views
    if at is None:
        return json(views.plan(plan, *await queries.plan_parts(platform.db, plan)))
    when = past.moment(at, session_of_plan(plan_id), request.app.state.partitions)
    events = await past.stream(platform, who.org_id, plan_id, when)
    plan_then, steps_then = await past.documents(platform, events)
    then = past.time_of(events, when)
    told = {"at": then, "version": events[-1].version, "credits": await credits_at(platform, who.org_id, then)}
    of_plan = {"plan_id": plan["_id"], "org_id": who.org_id}
    jobs, spent = await asyncio.gather(
        queries.jobs_of(platform.db, who.org_id, steps_then), queries.money(platform.db, of_plan, then)
    )
    cost = spent.get(plan["_id"], queries.NOTHING)
    return json(views.plan(plan_then, steps_then, past.jobs_at(jobs, then), cost) | told)


async def order(
    request: Request, make: type[PlanCommand], plan_id: str, body: type[Body] = Nothing, status: int = 200, **more: str
) -> Response:
    """A command on a plan that has nothing but the plan, and what the body says, in it."""
    who, platform = caller(request), platform_of(request)
    said, raw = await read(request, body)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    ids = {"org_id": who.org_id, "session_id": session_of_plan(plan_id), "plan_id": plan_id}
    command = make.model_validate({**ids, **said.model_dump(), **more})
    if isinstance(command, PaidCommand):
        return decided(await ask_with_credit(platform, command, same, request.app.state.partitions), status)
    return decided(await ask(platform, command, same), status)


@router.post("/plans/{plan_id}/approve", status_code=202, openapi_extra=takes(ApproveBody, required=False))
async def approve(request: Request, plan_id: str) -> Response:
    """Runs the plan. With `reuse`, a step that equals an earlier one may take its result for nothing.

    402 where it is certain that no credit is there to begin with; then the plan waits on as it did."""
    return await order(request, ApprovePlan, plan_id, ApproveBody, 202)


@router.post("/plans/{plan_id}/reject", openapi_extra=takes(Nothing, required=False))
async def reject(request: Request, plan_id: str) -> Response:
    return await order(request, RejectPlan, plan_id)


@router.post("/plans/{plan_id}/cancel", openapi_extra=takes(Nothing, required=False))
async def cancel(request: Request, plan_id: str) -> Response:
    return await order(request, CancelRun, plan_id)


@router.post("/plans/{plan_id}/rerun", status_code=202, openapi_extra=takes(RerunBody, required=False))
async def rerun(request: Request, plan_id: str) -> Response:
    who, platform = caller(request), platform_of(request)
    body, raw = await read(request, RerunBody)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    command = RerunPlan(
        org_id=who.org_id,
        session_id=session_of_plan(plan_id),
        plan_id=plan_id,
        step_ids=tuple(step_of(plan_id, step) for step in body.step_ids),
        reuse=body.reuse,
    )
    return decided(await ask_with_credit(platform, command, same, request.app.state.partitions), 202)


@router.patch("/plans/{plan_id}/steps/{step}", openapi_extra=takes(EditBody))
async def edit(request: Request, plan_id: str, step: str, after: str | None = None) -> Response:
    """A person's own edit: model and input are checked against the catalog and priced anew.

    What the plan's models will not get with this edit is said in `flags`, before anything runs."""
    who, platform = caller(request), platform_of(request)
    body, raw = await read(request, EditBody)
    session_id = session_of_plan(plan_id)
    await platform.reading.after(after, (EVENTS_CANVAS,))
    document = await queries.one(platform.db, "steps", who.org_id, step_of(plan_id, step))
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    ids = {"org_id": who.org_id, "session_id": session_id, "plan_id": plan_id, "step_id": document["_id"]}
    command = EditStep.model_validate({**ids, "needs_approval": body.needs_approval})
    if body.model is not None or body.input is not None:
        command = command.model_copy(update=await _with_another(request, who, document, body))
    return decided(await ask(platform, command, same), 200)


async def _with_another(request: Request, who: Caller, step: queries.Document, body: EditBody) -> dict[str, object]:
    """Model and input, checked together: what the person does not name is taken from the read model to be checked, and
    not written back, for it may be behind. Where the model was, the decider refuses what was made for it."""
    platform = platform_of(request)
    model = active_model(platform, body.model or step.get("model", ""))
    given = step.get("input") if body.input is None else body.input
    values = given if isinstance(given, dict) else {}
    inputs: Inputs = request.app.state.inputs
    if body.input is not None:
        values = await inputs.resolve(who.org_id, model.model, values, references=True)
    inputs.check(model, values, whole=False)
    return {
        "model": None if body.model is None else model.model.id,
        "input": None if body.input is None else await platform.vault.seal(who.org_id, who.person, as_text(values)),
        "estimate": priced(model.model, values)[1],
        "flags": await flags_with(platform, step, model.model, values),
        "checked_for": model.model.id,
    }


@router.post("/plans/{plan_id}/steps/{step}/approve", status_code=202, openapi_extra=takes(Nothing, required=False))
async def approve_step(request: Request, plan_id: str, step: str) -> Response:
    """The yes that a step waits for: it runs now."""
    return await order(request, ApproveStep, plan_id, status=202, step_id=step_of(plan_id, step))


@router.post("/plans/{plan_id}/steps/{step}/cancel", openapi_extra=takes(Nothing, required=False))
async def cancel_step(request: Request, plan_id: str, step: str) -> Response:
    """Ends the step, and with it its job where it has one; what depends on it is blocked."""
    return await order(request, CancelStep, plan_id, step_id=step_of(plan_id, step))


@router.get("/plans/{plan_id}/runs")
async def runs(
    request: Request,
    plan_id: str,
    limit: Annotated[int, Query(ge=1, le=RUNS_PAGE)] = RUNS_PAGE,
    cursor: str | None = None,
    after: str | None = None,
) -> Response:
    """Every run with what each step came to in it, the newest first."""
    who, platform = caller(request), platform_of(request)
    await platform.reading.after(after, (EVENTS_CANVAS,))
    plan = await queries.one(platform.db, "plans", who.org_id, of_prefix(plan_id, "pln"))
    wanted = {"plan_id": plan["_id"], "org_id": who.org_id}
    found, more = await queries.newest(platform.db, "runs", wanted, "started_at", limit, cursor)
    views: Views = request.app.state.views
    return page([views.run(document) for document in found], more)
