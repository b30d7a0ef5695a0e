"""`credits`: what is there, and where it went."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any

import typer

from studio.client.access import Key, NoPlatform, Url, access
from studio.client.api import Api, OutOfTime, Refused
from studio.client.explanation import explained
from studio.client.screen import credit
from studio.verbs.jobs import TIMEOUT_S, answered
from studio.verbs.output import Json, Row, console, failing_on, print_json, progress, show_json, show_table

app = typer.Typer(help="Balance, books and grants.", no_args_is_help=True)


@app.command()
def show(url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """The balance, in credits (1 credit = 1000 millicredits)."""
    balance = answered(url, key, "GET", "/v1/credits")
    if as_json:
        print_json(balance)
        return
    for name in ("available", "reserved", "spent"):
        console.print(f"[bold]{name:<10}[/] {credit(balance[name]):>14}", highlight=False)
    for project, amount in balance["allocations"].items():
        console.print(f"[bold]{project}[/] {credit(amount)}", highlight=False)


@app.command()
def ledger(
    limit: Annotated[int, typer.Option(min=1, max=200)] = 30,
    cursor: Annotated[str | None, typer.Option(help="Where the last page ended.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """The books, newest entry first."""
    found = answered(url, key, "GET", "/v1/credits/ledger", limit=limit, cursor=cursor)
    if as_json:
        print_json(found)
        return
    rows = (
        (str(entry["seq"]), entry["at"], entry["kind"], entry.get("job_id", ""), moved(entry["postings"]))
        for entry in found["items"]
    )
    show_table("seq", "at", "kind", "job", "postings", rows=map(Row, rows))


@app.command()
def explain(
    entry: Annotated[str, typer.Argument(help="The entry's id: ent_…")],
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """How a line of the books came about: from a person's words along the log to it, and its neighbours."""
    found = answered(url, key, "GET", f"/v1/credits/entries/{entry}/explain")
    if as_json:
        print_json(found)
    else:
        console.print(explained(found), highlight=False)


@app.command()
def grant(
    amount: Annotated[int, typer.Argument(metavar="MILLICREDITS", min=1, help="1000 of them are one credit.")],
    reason: Annotated[str, typer.Option(help="A code: lower case, no spaces.")] = "manual",
    org: Annotated[str | None, typer.Option(help="The organisation; else dev.json's.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Grants credits, in MILLICREDITS; needs the platform's own key, by --key or from dev.json.

    Example, five credits:  studio credits grant 5000
    """
    body = {"amount": amount, "kind": "grant", "reason": reason}
    progress.print(f"granting {in_credits(amount)}")
    show_json(by_operator(url, key, org, "credits", body), as_json)


@app.command()
def refund(
    job: Annotated[str, typer.Argument(help="The job whose credits go back.")],
    amount: Annotated[
        int | None,
        typer.Option(metavar="MILLICREDITS", min=1, help="1000 of them are one credit; unset: all that is left."),
    ] = None,
    reason: Annotated[str, typer.Option(help="A code: lower case, no spaces.")] = "manual",
    idempotency_key: Annotated[str | None, typer.Option(help="Names this request; unset: a fresh one.")] = None,
    org: Annotated[str | None, typer.Option(help="The organisation; else dev.json's.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Gives back what a job has cost; needs the platform's own key, by --key or from dev.json."""
    progress.print(f"giving back {'all that is left' if amount is None else in_credits(amount)}")
    body = {"job_id": job, "reason": reason} | ({} if amount is None else {"amount": amount})
    show_json(by_operator(url, key, org, "refunds", body, idempotency_key), as_json)


def in_credits(millicredits: int) -> str:
    """Both ways, so that who meant the other unit sees it."""
    return f"{credit(millicredits)} credits ({millicredits:,} millicredits)"


def moved(postings: list[dict[str, Any]]) -> str:
    return ", ".join(f"{one['account'].split(':')[0]} {credit(one['amount'])}" for one in postings)


def by_operator(
    url: str | None, key: str | None, org: str | None, what: str, body: dict[str, Any], named: str | None = None
) -> dict[str, Any]:
    """A call that only the platform's own key may make, about one organisation."""

    async def call() -> dict[str, Any]:
        found = access(url, key)
        org_id = org or found.org_id
        if org_id is None:
            raise NoPlatform("name the organisation with --org")
        admin = replace(found, api_key=key or found.admin_key or found.api_key)
        async with Api(admin, TIMEOUT_S) as api:
            return await api.post(f"/v1/admin/orgs/{org_id}/{what}", body, named)

    with failing_on(NoPlatform, Refused, OutOfTime):
        return asyncio.run(call())
