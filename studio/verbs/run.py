"""`run`: a sentence becomes files, over the HTTP interface like any other client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import uuid4

import typer
from rich.markup import escape

from studio.client import notes
from studio.client.access import Access, Key, NoPlatform, Url, access
from studio.client.api import Api, OutOfTime, Refused
from studio.client.files import Fetching, wanted
from studio.client.progress import Progress
from studio.client.screen import Screen, credit
from studio.client.timing import Span, split
from studio.verbs.output import Json, console, failing_on, print_json, progress

TITLE_MAX = 80
PAGE_WITHIN_S = 5.0
Approval = Literal["plan", "assist", "auto"]
Mode = Literal["full", "subagent"]


def run(
    prompt: Annotated[str, typer.Argument(help="What you want, in plain words.")],
    approval: Annotated[Approval, typer.Option(help="auto runs at once; assist asks first; plan only proposes.")] = (
        "auto"
    ),
    mode: Annotated[Mode, typer.Option(help="full lets the planner choose models, too.")] = "subagent",
    out: Annotated[Path | None, typer.Option(help="Where the files go; unset: artifacts/SESSION.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds until it is given up.")] = 300.0,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Plans and makes what you ask for, shows it as it happens, and brings the files here.

    Examples:  studio run "a product image of a lamp"  ·  studio run "a jingle" --out jingle --json
    """
    with failing_on(NoPlatform, Refused, OutOfTime):
        found = access(url, key)
        document = asyncio.run(whole_run(found, prompt, approval, mode, out, timeout, asks=not as_json))
    if as_json:
        print_json(document)
    else:
        tell(document, noted=not progress.is_terminal)
    if document["status"] != "succeeded":
        raise typer.Exit(1)


async def whole_run(
    found: Access, prompt: str, approval: Approval, mode: Mode, out: Path | None, timeout: float, *, asks: bool
) -> dict[str, Any]:
    view = Progress(stops_for_approval=approval != "auto")
    async with Api(found, timeout) as api:
        began = time.time()
        session = await api.post("/v1/sessions", {"title": prompt[:TITLE_MAX]})
        session_id = str(session.get("session_id") or session["existing_id"])
        api.position = session.get("position")
        message = {"text": prompt, "approval": approval, "mode": mode}
        posted = await api.post(f"/v1/sessions/{session_id}/messages", message)
        view.message_id = str(posted.get("message_id") or posted["existing_id"])
        async with Fetching(api, out or Path("artifacts") / session_id) as fetching:
            await follow(api, session_id, view, fetching)
            if view.status == "awaiting_approval" and approval == "assist" and asks and agreed(view):
                view.status, view.stops_for_approval = None, False
                await api.post(f"/v1/plans/{view.plan_id}/approve", key=str(uuid4()))
                await follow(api, session_id, view, fetching)
            told = time.time()
            files = await fetching.all(view.made)
            ended = time.time()
            plan = await api.get(f"/v1/plans/{view.plan_id}", after=api.position) if view.plan_id else {"steps": []}
            if wanted(plan["steps"]) != wanted(view.made):  # not all frames came: the stream was begun anew
                files, ended = await fetching.all(plan["steps"]), time.time()
    return document(await page_of(found, session_id), session_id, view, plan, files, (began, ended), told)


async def follow(api: Api, session_id: str, view: Progress, fetching: Fetching) -> None:
    """Shows frames, and fetches the files that they tell of, until it is over, or until the time is."""
    with Screen(progress) as screen:
        try:
            async with asyncio.timeout(max(0.0, api.left)):
                async with aclosing(api.frames(f"/v1/sessions/{session_id}/stream")) as frames:
                    async for frame in frames:
                        view.take(frame, time.time())
                        fetching.begin(view.made)
                        screen.show(view)
                        if view.status is not None:
                            return
        except TimeoutError as error:
            raise OutOfTime(f"session {session_id} did not finish in the time given") from error


def agreed(view: Progress) -> bool:
    for step in view.steps.values():
        progress.print(f"  {escape(step.title or step.name)} [dim]{escape(step.model)}[/]")
    for note in view.told:
        progress.print(f"  [yellow]![/] {escape(note)}", soft_wrap=True, highlight=False)
    return typer.confirm("Run this plan?", default=True, err=True)


async def page_of(found: Access, session_id: str) -> str:
    """The session's address; with a code that opens it once, where the platform's own key is at hand."""
    address = f"{found.url}/?s={session_id}"
    if found.admin_key is None or found.org_id is None:
        return address
    async with Api(replace(found, api_key=found.admin_key), PAGE_WITHIN_S) as api:
        try:
            code = await api.post(f"/v1/admin/orgs/{found.org_id}/page-codes", {"role": "admin"})
        except (Refused, OutOfTime):
            return address
    return f"{address}#code={code['code']}"


def document(
    page: str,
    session_id: str,
    view: Progress,
    plan: dict[str, Any],
    files: list[dict[str, str]],
    whole: Span,
    told: float,
) -> dict[str, Any]:
    """What `--json` ends with; `told` is when the client knew that it was over, before it had the files."""
    steps = plan["steps"]
    engines = [(step["engine"]["started_at"], step["engine"]["ended_at"]) for step in steps if "engine" in step]
    ids = {"session_id": session_id, "plan_id": view.plan_id, "run_id": view.run_id}
    return {
        **{name: value for name, value in ids.items() if value is not None},
        "status": view.status,
        "steps": steps,
        "notes": plan.get("notes", []),
        "files": files,
        "cost": view.cost,
        "seconds": split(whole, engines, view.models),
        "spans": {"whole": whole, "engines": engines, "models": view.models, "told": told},
        "page": page,
        **({"message": view.words} if view.words else {}),
    }


def tell(told: dict[str, Any], *, noted: bool = False) -> None:
    """The end of it, for a person. `noted`: the plan's notes stand there already, line by line."""
    titles = {step["step_id"]: step.get("title", "") for step in told["steps"]}
    labels = {step_id.rsplit(".", 1)[-1]: title for step_id, title in titles.items()}
    for note in [] if noted else notes.told(told["notes"], labels):
        say(f"[yellow]![/] {escape(note)}")
    for line in columns((file["path"], file["media_type"], titles.get(file["step_id"], "")) for file in told["files"]):
        say(escape(line))
    for step in told["steps"]:
        if "error" in step:
            reason = step["error"].get("detail") or step["error"]["category"]
            say(f"[red]✗[/] {escape(step.get('title', ''))}: {escape(str(reason))}")
    if "message" in told:
        say(escape(told["message"]))
    seconds = told["seconds"]
    say(
        f"[bold]{told['status']}[/] · {credit(told['cost'])} credits spent · {seconds['total']:.1f} s "
        f"(engines {seconds['engines']:.1f}, models {seconds['models']:.1f}, platform {seconds['platform']:.1f})"
    )
    say(f"page {told['page']}")


def columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows as lines, one below the other, never folded: a path is there to be copied."""
    kept = list(rows)
    widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in kept]


def say(line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False)
