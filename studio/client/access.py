"""Which platform the command line talks to, and with which key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

import typer

from studio.local.layout import Layout
from studio.settings import Settings

Url = Annotated[str | None, typer.Option("--url", envvar="STUDIO_URL", help="The platform's address; else dev.json.")]
Key = Annotated[str | None, typer.Option("--key", envvar="STUDIO_API_KEY", help="An API key; else dev.json's.")]


class NoPlatform(Exception):
    """Neither an address nor a running local platform is known."""


@dataclass(frozen=True)
class Access:
    url: str
    api_key: str
    admin_key: str | None = None
    org_id: str | None = None


def access(url: str | None, key: str | None) -> Access:
    """What was said, completed by what `studio up` wrote down."""
    file = Layout(Settings().data_dir.resolve()).dev
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    found_url, found_key = url or known.get("url"), key or known.get("api_key")
    if found_url is None or found_key is None:
        raise NoPlatform("no platform is running here: run `studio up`, or give --url and --key")
    return Access(found_url.rstrip("/"), found_key, known.get("admin_key"), known.get("org_id"))
