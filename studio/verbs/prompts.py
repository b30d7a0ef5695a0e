"""`prompts`: what the agents are told; read, published version by version, weighed, and judged on past requests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeVar

import typer

from studio.client.access import Key, NoPlatform, Url, access
from studio.client.api import Api, OutOfTime, Refused
from studio.verbs.lazily import LazyGroup
from studio.verbs.output import Json, Row, console, failing_on, print_json, progress, show_table

VERBS = {"replay": "studio.verbs.prompts_replay:replay"}


class Prompts(LazyGroup):
    """With verbs that take long to be imported."""

    places = VERBS


app = typer.Typer(cls=Prompts, help="What the agents are told: variants, versions, weights.", no_args_is_help=True)
TIMEOUT_S: Final = 30.0
T = TypeVar("T")

Agent = Annotated[str, typer.Argument(help="planner, validator, …")]
Variant = Annotated[str, typer.Argument(help="default, or another name.")]


class BadText(Exception):
    """A text that cannot be read, or is none."""


@app.command("list")
def list_prompts(
    agent: Annotated[str | None, typer.Option(help="Only this agent's.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Every variant, your organisation's beside the platform's, with the share of new sessions that it is given."""
    found = [one for one in asked(url, key, listed) if agent in (None, one["agent"])]
    if as_json:
        print_json({"items": found})
        return
    found.sort(key=lambda one: (one["agent"], not one["editable"], one["variant"]))
    titles = ("agent", "variant", "of", "version", "weight", "new sessions", "model", "published")
    show_table(*titles, rows=map(row, found), right=("version", "weight", "new sessions"))


def row(one: dict[str, Any]) -> Row:
    cells = (
        one["agent"],
        one["variant"],
        "you" if one["editable"] else one["owner"],
        str(one["version"]),
        str(one["weight"]),
        f"{one['share']:.0%}",
        one.get("model", ""),
        one.get("published_at", ""),
    )
    return Row(cells, None if one["share"] else "dim")


@app.command()
def show(
    agent: Agent,
    variant: Variant = "default",
    version: Annotated[int | None, typer.Option(min=1, help="An earlier version.")] = None,
    owner: Annotated[str | None, typer.Option(help="`platform`, where you have one of the same name.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """A variant's text, and nothing else on stdout: to be changed in a file and published again."""
    path = f"/v1/prompts/{agent}/{variant}"

    async def read(api: Api) -> dict[str, Any]:
        if version is None:
            return await api.get(path, owner=owner)
        return await version_of(api, path, version, owner)

    found = asked(url, key, read)
    if as_json:
        print_json(found)
        return
    progress.print(f"[dim]{agent} {variant} of {found['owner']}, version {found['version']}[/]")
    sys.stdout.write(found["text"] + "\n")


@app.command()
def publish(
    agent: Agent,
    variant: Variant,
    file: Annotated[typer.FileText, typer.Argument(help="The text; - for stdin.")],
    weight: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=1000,
            help="Its part of new sessions beside your organisation's other variants; unset: as it is. Your own stand "
            "in the place of the platform's: the first that has a weight takes them all, whatever the weight.",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The language model that it is for; else the configured one.")
    ] = None,
    based_on: Annotated[int | None, typer.Option(min=0, help="Refuse where another version stands by now.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Publishes a text as a variant's next version. The next session that draws the variant is told it.

    Example:  studio prompts show planner > p.md  ·  studio prompts publish planner brief p.md --weight 20
    """
    with failing_on(BadText):
        body = {"text": text_of(file), "weight": weight, "model": model, "based_on": based_on}
    said = {name: value for name, value in body.items() if value is not None}
    done = asked(url, key, lambda api: api.put(f"/v1/prompts/{agent}/{variant}", said))
    if as_json:
        print_json(done)
        return
    share = done.get("shares", {}).get(variant)
    sessions = "" if share is None else f", {share:.0%} of new sessions"
    console.print(f"{agent} {variant}: version {done['version']}, weight {done['weight']}{sessions}", highlight=False)
    say_note(done)


@app.command()
def weigh(
    agent: Agent,
    weights: Annotated[list[str], typer.Argument(metavar="VARIANT=WEIGHT...", help="0 to 1000 each.")],
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Changes the weights of an agent's variants, all at once.

    Where any of your organisation's own has a weight, its own share all its new sessions, and the platform's take none.

    Example:  studio prompts weigh planner default=80 brief=20
    """
    wanted = {}
    for one in weights:
        name, _, weight = one.partition("=")
        if not weight.isdigit():
            raise typer.BadParameter(f"{one}: say VARIANT=WEIGHT, such as brief=20")
        wanted[name] = int(weight)
    done = asked(url, key, lambda api: api.put(f"/v1/prompts/{agent}", {"weights": wanted}))
    if as_json:
        print_json(done)
        return
    shares = done.get("shares", {})
    for name, weight in sorted(done["weights"].items()):
        share = f"{shares[name]:>6.0%} of new sessions" if name in shares else ""
        console.print(f"{name:<20} {weight:>5}{share}", highlight=False)
    say_note(done)


def say_note(done: dict[str, Any]) -> None:
    """What is easily missed about weights."""
    if "note" in done:
        console.print(f"[yellow]{done['note']}[/]", soft_wrap=True, highlight=False)


def asked(url: str | None, key: str | None, what: Callable[[Api], Awaitable[T]]) -> T:
    """Within one connection to the platform; a refusal ends the verb."""

    async def call() -> T:
        async with Api(access(url, key), TIMEOUT_S) as api:
            return await what(api)

    with failing_on(NoPlatform, Refused, OutOfTime, BadText):
        return asyncio.run(call())


async def listed(api: Api) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await api.get("/v1/prompts", cursor=cursor)
        found += page["items"]
        cursor = page.get("next_cursor")
        if cursor is None:
            return found


async def version_of(api: Api, path: str, version: int, owner: str | None) -> dict[str, Any]:
    cursor: str | None = None
    while True:
        page = await api.get(f"{path}/versions", owner=owner, cursor=cursor)
        for one in page["items"]:
            if one["version"] == version:
                found: dict[str, Any] = one
                return found
        cursor = page.get("next_cursor")
        if cursor is None:
            raise BadText(f"there is no version {version}")


def text_of(file: typer.FileText) -> str:
    """Without the line break that editors put at the end of a file."""
    try:
        return file.read().rstrip("\n")
    except UnicodeDecodeError as error:
        raise BadText(f"{file.name} is no UTF-8 text") from error
