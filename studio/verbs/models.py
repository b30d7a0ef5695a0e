"""`models`: what the catalog offers."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

import typer

from studio.client.access import Key, NoPlatform, Url, access
from studio.client.api import Api, OutOfTime, Refused
from studio.client.screen import credit
from studio.verbs.output import Json, Row, console, failing_on, print_json, show_table

TIMEOUT_S: Final = 30.0
PAGE: Final = 500


def models(
    every: Annotated[bool, typer.Option("--all", help="Also those that cannot be used here now.")] = False,
    agent_type: Annotated[str | None, typer.Option("--type", help="Only image, video, speech, …")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """The models that can be used here, with their prices.

    Examples:  studio models  ·  studio models --type video  ·  studio models --all --json
    """
    with failing_on(NoPlatform, Refused, OutOfTime):
        found = asyncio.run(listed(url, key, agent_type, None if every else True))
    if as_json:
        print_json({"items": found})
        return
    show_table("model", "type", "takes", "gives", "price in credits", "provider", rows=map(row, found))
    console.print(f"{sum(model['active'] for model in found)} models can be used here", highlight=False)


def row(model: dict[str, Any]) -> Row:
    cells = (
        model["id"],
        model["agent_type"],
        ", ".join(model.get("media_in", ())),
        ", ".join(model["media_out"]),
        f"{credit(model['price']['amount'])} a {unit(model['price']['unit'])}",
        model["provider"] if model["active"] else f"{model['provider']} (not set up)",
    )
    return Row(cells, None if model["active"] else "dim")


async def listed(url: str | None, key: str | None, agent_type: str | None, active: bool | None) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    async with Api(access(url, key), TIMEOUT_S) as api:
        while cursor is not None:
            only = {"agent_type": agent_type, "active": active, "cursor": cursor or None, "limit": PAGE}
            page = await api.get("/v1/models", **{name: value for name, value in only.items() if value is not None})
            found += page["items"]
            cursor = page.get("next_cursor")
    return found


def unit(name: str) -> str:
    return {"1k_chars": "thousand characters", "1k_tokens": "thousand tokens"}.get(name, name)
