"""A plan's past: its history, its runs compared, gone back to, and forked from."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from commands.canvas.commands import ForkPlan, RollBackPlan
from events.canvas.plan_events import RunCompleted, StepReady, StepSucceeded
from events.envelope import Recorded
from events.ids import plan_of
from events.sealed import Sealed
from events.topics import EVENTS_CANVAS
from gateway.access.auth import caller, of_prefix
from gateway.answering.answers import ask, decided, json, page, platform_of
from gateway.http.bodies import Body, read, takes
from gateway.http.identity import identity
from gateway.http.problems import Problem, not_found
from gateway.past import comparing, history
from gateway.past import plan as past
from gateway.past.rehearsing import flags_of
from gateway.past.sent import Asked
from gateway.platform import Platform
from gateway.reads import queries
from gateway.reads.views import Views
from gateway.routes.plans import READS, session_of_plan
from projections.documents import as_json, local_name
from projections.jobs import SENT
from projections.opening import open_all

router = APIRouter(tags=["plans"])
HISTORY_PAGE: Final = 200
VERSION_MAX: Final = 999_999_999
FORK_DEPTH_MAX: Final = 20
"""How far kept results are followed from plan to plan."""


class RollbackBody(Body):
    run_id: str = Field(min_length=1, max_length=200)


class ForkBody(Body):
    at: str | None = Field(default=None, min_length=1, max_length=8192)


@router.get("/plans/{plan_id}/history")
async def life(
    request: Request,
    plan_id: str,
    limit: Annotated[int, Query(ge=1, le=HISTORY_PAGE)] = 100,
    cursor: str | None = None,
    first: Annotated[int | None, Query(alias="from", ge=1, le=VERSION_MAX)] = None,
    after: str | None = None,
) -> Response:
    """Each event of the plan with its cause and its cost, the first one first, or beginning `from` one of them: they
    are numbered from 1 to `total`."""
    who, platform = caller(request), platform_of(request)
    if cursor is not None and first is not None:
        raise Problem("malformed", "`cursor` and `from` both say where to go on")
    await platform.reading.after(after, READS)
    await queries.one(platform.db, "plans", who.org_id, of_prefix(plan_id, "pln"))
    if cursor is not None:
        captured, last = _place(cursor)
    else:
        last = (first or 1) - 1
        captured = await _captured_before(platform, who.org_id, plan_id, last + 1)
    found = await platform.streams.page(plan_id, who.org_id, last, limit + 1)
    shown = found[:limit]
    jobs = await _reserved(platform, who.org_id, shown)
    more = None
    if len(found) > limit:
        more = queries.encode_cursor(captured + history.captured_by(shown), str(shown[-1].version))
    total = await platform.streams.length(plan_id, who.org_id)
    return page([*history.lines(shown, jobs, captured)], more, total=total)


@router.get("/plans/{plan_id}/runs/{one}/compare/{other}")
async def compare(request: Request, plan_id: str, one: str, other: str, after: str | None = None) -> Response:
    """Two runs of a plan, step by step: model, what was sent and from where it came, files, cost and time of each."""
    who, platform = caller(request), platform_of(request)
    await platform.reading.after(after, (EVENTS_CANVAS,))
    plan = await queries.one(platform.db, "plans", who.org_id, of_prefix(plan_id, "pln"))
    runs = await _runs(platform, who.org_id, plan_id)
    if one not in runs or other not in runs or {plan_of(one), plan_of(other)} != {plan_id}:
        raise not_found()
    pair = (runs[one], runs[other])
    wanted = {result.get("job_id") for run in pair for result in comparing.results_of(run, runs).values()}
    made_in = {run["plan_id"] for run in runs.values()}
    asked, sent = await asyncio.gather(
        _asked_for(platform, who.org_id, made_in, wanted), _sent_to(platform, who.org_id, wanted)
    )
    order = [local_name(step_id) for step_id in plan["step_ids"]]
    views: Views = request.app.state.views
    return json(comparing.comparison(views, pair, runs, comparing.Inputs(asked, sent), order))


@router.post("/plans/{plan_id}/rollback", openapi_extra=takes(RollbackBody))
async def rollback(request: Request, plan_id: str, after: str | None = None) -> Response:
    """Makes an earlier run's steps and results the plan's present ones; the run before stays in the history."""
    who, platform = caller(request), platform_of(request)
    body, raw = await read(request, RollbackBody)
    session_id = session_of_plan(plan_id)
    await platform.reading.after(after, (EVENTS_CANVAS,))
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    events = await past.stream(platform, who.org_id, plan_id, past.NOW)
    # Whether there was such a run at all is the decider's to say: the stored stream may be behind.
    until_then = events
    if (end := past.end_of(events, body.run_id)) is not None:
        until_then = await past.stream(platform, who.org_id, plan_id, past.Moment(version=end))
    then = past.folded(until_then)
    command = RollBackPlan(
        org_id=who.org_id,
        session_id=session_id,
        plan_id=plan_id,
        run_id=body.run_id,
        steps=past.restored(then, now=past.folded(events)),
        flags=await flags_of(platform, *await past.documents(platform, until_then)),
    )
    try:
        return decided(await ask(platform, command, same), 200)
    except Problem as refused:
        raise behind(refused) from refused


@router.post("/plans/{plan_id}/fork", status_code=201, openapi_extra=takes(ForkBody, required=False))
async def fork(request: Request, plan_id: str, after: str | None = None) -> Response:
    """A new plan of the session as this one was at a moment; what had succeeded by then is kept and not paid again."""
    who, platform = caller(request), platform_of(request)
    body, raw = await read(request, ForkBody)
    session_id = session_of_plan(plan_id)
    await platform.reading.after(after, (EVENTS_CANVAS,))
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    when = past.moment(body.at, session_id, request.app.state.partitions)
    events = await past.stream(platform, who.org_id, plan_id, when)
    then = past.folded(events)
    if not then.complete or any(step.estimate is None for step in then.steps.values()):
        raise Problem.invalid("/at", "no models were chosen yet at that moment: there is nothing that could run")
    command = ForkPlan(
        org_id=who.org_id,
        session_id=session_id,
        plan_id=plan_id,
        version=events[-1].version,
        title=then.drafted.title,
        run_id=then.run.run_id if then.run is not None else then.past.source_run,
        steps=past.restored(then, only_done=True),
        flags=await flags_of(platform, *await past.documents(platform, events)),
    )
    return decided(await ask(platform, command, same), 201)


def behind(refused: Problem) -> Problem:
    """What is told of a past that the decider does not know was read too early."""
    told = [error.get("pointer", "") for error in refused.members.get("errors", ())]
    if refused.slug == "invalid-input" and any(pointer.startswith("/steps") for pointer in told):
        return Problem("read-model-behind", "the plan's past is not yet all to be read; try again")
    return refused


def _place(cursor: str) -> tuple[int, int]:
    captured, version = queries.decode_cursor(cursor)
    if not isinstance(captured, int) or not version.isdecimal() or len(version) > 9:
        raise Problem("malformed", "`cursor` is not one of ours")
    return captured, int(version)


async def _captured_before(platform: Platform, org_id: str, plan_id: str, version: int) -> int:
    """What the plan had cost before this event: a sum of whole runs, and of what succeeded since the last of them."""
    if version == 1:
        return 0
    ended = await platform.streams.of_type(plan_id, org_id, RunCompleted, before=version)
    since = ended[-1].version if ended else 0
    succeeded = await platform.streams.of_type(plan_id, org_id, StepSucceeded, behind=since, before=version)
    return history.captured_in(ended) + history.captured_by(succeeded)


async def _reserved(platform: Platform, org_id: str, events: list[Recorded]) -> dict[str, queries.Document]:
    """What was set aside for the steps that became ready."""
    ids = [event.data.job_id for event in events if isinstance(event.data, StepReady)]
    if not ids:
        return {}
    found = platform.db["jobs"].find({"_id": {"$in": ids}, "org_id": org_id}, {"reserved": 1})
    return {document["_id"]: document async for document in found}


async def _runs(platform: Platform, org_id: str, plan_id: str) -> dict[str, queries.Document]:
    """The plan's runs, and those of other plans from which results are kept."""
    runs: dict[str, queries.Document] = {}
    plans = {plan_id}
    for _ in range(FORK_DEPTH_MAX):
        wanted = {"plan_id": {"$in": sorted(plans)}, "org_id": org_id}
        runs |= {run["_id"]: run for run in await queries.many(platform.db, "runs", wanted)}
        kept = {run_id for run in runs.values() for run_id in run.get("kept", {}).values()}
        plans = {plan_of(run_id) for run_id in kept - runs.keys()}
        if not plans:
            break
    return runs


async def _asked_for(platform: Platform, org_id: str, plans: set[str], jobs: set[Any]) -> dict[str, Asked]:
    """Job → what its step was to do, from the stored streams of the plans."""
    streams = await asyncio.gather(*(platform.streams.of_type(plan, org_id, StepReady) for plan in sorted(plans)))
    events = [event for stream in streams for event in stream if getattr(event.data, "job_id", None) in jobs]
    return comparing.asked_for(events, await open_all(platform.vault, events))


async def _sent_to(platform: Platform, org_id: str, jobs: set[Any]) -> dict[str, Any]:
    """Job → its input as it was accepted, wired; of those that were submitted."""
    wanted = {"_id": {"$in": sorted(job for job in jobs if job is not None)}, "org_id": org_id}
    found = {}
    async for document in platform.db["jobs"].find(wanted, {SENT: 1}):
        if SENT in document:
            text = await platform.vault.open(Sealed.model_validate({"$sealed": document[SENT]}))
            found[document["_id"]] = as_json(text)
    return found
