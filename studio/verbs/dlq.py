"""`dlq`: dead letters, jobs whose attempts are used up; looked at, run again, or set aside for good."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape

from studio.client.access import Key, NoPlatform, Url, access
from studio.client.api import Api, OutOfTime, Refused
from studio.client.screen import credit
from studio.verbs.jobs import TIMEOUT_S, answered
from studio.verbs.output import Json, Row, console, failing_on, print_json, progress, show_table

app = typer.Typer(help="Dead letters: jobs whose attempts are used up.", no_args_is_help=True)
PAGE = 200
MANY_MAX = 10_000
EACH_S = 1.0
WHY_MAX = 60
Ids = Annotated[list[str] | None, typer.Argument(metavar="JOB...", help="Ids of dead jobs.")]
All = Annotated[bool, typer.Option("--all", help="Every dead job, or with --model those of one model.")]
Model = Annotated[str | None, typer.Option(help="Only those of this model.")]


@app.command("list")
def list_dead(
    model: Model = None,
    limit: Annotated[int, typer.Option(min=1, max=MANY_MAX)] = 20,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Dead jobs that were neither run again nor discarded, newest first."""
    found = [job for job, _ in zip(dead(url, key, model), range(limit), strict=False)]
    if as_json:
        print_json({"items": found})
        return
    rows = (
        (
            job["job_id"],
            job["model"],
            str(len(job.get("attempts", ()))),
            why(job.get("error", {})),
            credit(job["reserved"]),
            job.get("ended_at", ""),
        )
        for job in found
    )
    show_table("job", "model", "attempts", "why", "reserved", "ended", rows=map(Row, rows))


@app.command()
def show(job_id: str, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """One dead job: every attempt with what its provider said."""
    job = answered(url, key, "GET", f"/v1/jobs/{job_id}")
    if as_json:
        print_json(job)
        return
    console.print(f"[bold]{job_id}[/] {job['status']} · {job['model']}", highlight=False)
    for number, attempt in enumerate(job.get("attempts", ()), 1):
        for line in attempt_lines(number, attempt):
            console.print(line, soft_wrap=True, highlight=False)


@app.command()
def replay(
    jobs: Ids = None,
    every: All = False,
    model: Model = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Runs dead jobs again, each as a new job with its own reservation. A repeat runs none of them twice."""
    each(chosen(jobs, every, model, url, key), "replay", url, key, as_json)


@app.command()
def discard(
    jobs: Ids = None,
    every: All = False,
    model: Model = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Sets dead jobs aside for good. Their history stays."""
    each(chosen(jobs, every, model, url, key), "discard", url, key, as_json)


def why(error: Mapping[str, Any]) -> str:
    words = " ".join(filter(None, (error.get("category"), error.get("detail"))))
    return escape(" ".join(words.split())[:WHY_MAX])


def dead(url: str | None, key: str | None, model: str | None) -> Iterator[dict[str, Any]]:
    """All of them, page by page, newest first."""
    cursor: str | None = None
    while True:
        found = answered(url, key, "GET", "/v1/dlq", limit=PAGE, cursor=cursor)
        yield from (job for job in found["items"] if model in (None, job["model"]))
        cursor = found.get("next_cursor")
        if cursor is None:
            return


def chosen(jobs: list[str] | None, every: bool, model: str | None, url: str | None, key: str | None) -> list[str]:
    """The ids that were named, or all."""
    if bool(jobs) == every:
        raise typer.BadParameter("name the jobs, or say --all")
    if jobs:
        return jobs
    return [job["job_id"] for job, _ in zip(dead(url, key, model), range(MANY_MAX), strict=False)]


def each(jobs: list[str], what: str, url: str | None, key: str | None, as_json: bool) -> None:
    """One call a job, each under a key of its own: whoever is cut off says it again. Fails where one was refused."""
    with failing_on(NoPlatform, OutOfTime):
        done = asyncio.run(_all_done(jobs, what, url, key, quiet=as_json))
    if as_json:
        print_json({"items": done})
    if any("refused" in one for one in done):
        raise typer.Exit(1)


async def _all_done(
    jobs: list[str], what: str, url: str | None, key: str | None, *, quiet: bool
) -> list[dict[str, str | None]]:
    done: list[dict[str, str | None]] = []
    async with Api(access(url, key), max(TIMEOUT_S, len(jobs) * EACH_S)) as api:
        for number, job_id in enumerate(jobs, 1):
            done.append({"job_id": job_id, **await _done(api, job_id, what)})
            if not quiet:
                told = done[-1].get("refused") or done[-1]["as"]
                progress.print(f"[dim]{number}/{len(jobs)}[/] {job_id}" + (f" → {escape(told)}" if told else ""))
    return done


async def _done(api: Api, job_id: str, what: str) -> dict[str, str | None]:
    """What became of it; a repeat is told what the first call made."""
    try:
        answer = await api.post(f"/v1/dlq/{job_id}/{what}", key=f"{what}-{job_id}")
    except Refused as refused:
        if refused.problem.get("type") != "/problems/idempotency-replay":
            return {"as": None, "refused": str(refused)}
        answer = refused.problem
    found = answer.get("job_id") or answer.get("existing_id")
    return {"as": str(found) if found else None}


def attempt_lines(number: int, attempt: Mapping[str, Any]) -> Iterator[str]:
    """What an attempt was and how it ended."""
    where = " ".join(str(attempt[name]) for name in ("provider", "model", "worker") if attempt.get(name))
    yield f"  {number}. {where}  {attempt.get('started_at', '')}"
    ended = " · ".join(
        str(value)
        for value in (
            attempt.get("category"),
            f"provider charged: {attempt['provider_charged']}" if attempt.get("provider_charged") else None,
            attempt.get("ended_at"),
        )
        if value
    )
    if ended:
        yield f"     {ended}"
    if attempt.get("error"):
        yield f"     [red]{escape(str(attempt['error']))}[/]"
