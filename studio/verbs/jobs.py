"""`jobs`: single calls of a model."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import orjson
import typer

from studio.client.access import Key, NoPlatform, Url, access
from studio.client.api import Api, OutOfTime, Refused
from studio.client.screen import credit
from studio.verbs.output import Json, Row, failing_on, print_json, show_json, show_table

app = typer.Typer(help="Single calls of a model.", no_args_is_help=True)
TIMEOUT_S = 60.0
WAIT_MAX_S = 60
ENDED = ("succeeded", "failed", "cancelled", "dead")


class BadInput(Exception):
    """What was given as input is no JSON object."""


def answered(url: str | None, api_key: str | None, method: str, path: str, **options: Any) -> dict[str, Any]:
    """One call of the interface."""

    async def call() -> dict[str, Any]:
        async with Api(access(url, api_key), TIMEOUT_S) as api:
            return await (api.get(path, **options) if method == "GET" else api.post(path, **options))

    with failing_on(NoPlatform, Refused, OutOfTime, BadInput):
        return asyncio.run(call())


@app.command("list")
def list_jobs(
    status: Annotated[str | None, typer.Option(help="Only those of this status.")] = None,
    model: Annotated[str | None, typer.Option(help="Only those of this model.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """The newest jobs."""
    found = answered(url, key, "GET", "/v1/jobs", status=status, model=model, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = (
        (
            job["job_id"],
            job["status"],
            job["model"],
            job["priority"],
            credit(job["reserved"]),
            credit(job["captured"]) if "captured" in job else "",
            job["accepted_at"],
        )
        for job in found["items"]
    )
    titles = ("job", "status", "model", "priority", "reserved", "captured", "accepted")
    show_table(*titles, rows=map(Row, rows))


@app.command()
def get(
    job_id: str,
    wait: Annotated[int, typer.Option(min=0, max=WAIT_MAX_S, help="Seconds to wait for its end.")] = 0,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """One job, as JSON."""
    show_json(answered(url, key, "GET", f"/v1/jobs/{job_id}", wait=wait or None), as_json)


@app.command()
def submit(
    model: str,
    given: Annotated[str, typer.Argument(metavar="INPUT", help='The input as JSON: {"prompt": "…"}')],
    priority: Annotated[str, typer.Option(help="HIGH, NORMAL or LOW.")] = "NORMAL",
    idempotency_key: Annotated[str | None, typer.Option(help="Names this request; unset: a fresh one.")] = None,
    wait: Annotated[int, typer.Option(min=0, max=WAIT_MAX_S, help="Seconds to wait for its end.")] = 0,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Submits a job; with --wait answers it at its end and fails unless it succeeded."""
    with failing_on(BadInput):
        body = {"model": model, "input": parsed(given), "priority": priority}
    accepted = answered(url, key, "POST", "/v1/jobs", body=body, key=idempotency_key)
    if not wait:
        show_json(accepted, as_json)
        return
    path = f"/v1/jobs/{accepted_id(accepted)}"
    job = answered(url, key, "GET", path, wait=wait, after=accepted.get("position"))
    show_json(job, as_json)
    if job["status"] != "succeeded":
        raise typer.Exit(1)


@app.command()
def cancel(job_id: str, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Cancels a job; what it had reserved comes back."""
    show_json(answered(url, key, "POST", f"/v1/jobs/{job_id}/cancel"), as_json)


@app.command()
def resend(
    job_id: str,
    idempotency_key: Annotated[str | None, typer.Option(help="Names this request; unset: a fresh one.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Tells of a job's end once more, where its webhook was given up; the receiver sees the same webhook-id."""
    show_json(answered(url, key, "POST", f"/v1/jobs/{job_id}/webhook/resend", key=idempotency_key), as_json)


@app.command()
def why(job_id: str, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Why a job waits: its place in the queue, caps that are full, a provider in trouble."""
    show_json(answered(url, key, "GET", f"/v1/jobs/{job_id}/why"), as_json)


def accepted_id(answer: dict[str, Any]) -> str:
    """A repeat after a lost answer meets its own first try, and is told only what that made."""
    return str(answer.get("job_id") or answer["existing_id"])


def parsed(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"the input is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadInput("the input is not a JSON object")
    return value
