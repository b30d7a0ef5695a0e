"""Which platform the command line talks to, and with which key."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from studio.local.layout import Layout
from studio.settings import Settings

Url = Annotated[str | None, typer.Option("--url", envvar="STUDIO_URL", help="The platform's address; else dev.json.")]
Key = Annotated[str | None, typer.Option("--key", envvar="STUDIO_API_KEY", help="An API key; else dev.json's.")]
LISTENS_WITHIN_S: Final = 1.0


class NoPlatform(Exception):
    """Neither an address nor a running local platform is known."""


@dataclass(frozen=True)
class Access:
    url: str
    api_key: str
    admin_key: str | None = None
    org_id: str | None = None
    is_kept_up: bool = False
    """A supervisor on this machine brings it back, and is there."""


def access(url: str | None, key: str | None) -> Access:
    """What was said, completed by what `studio up` wrote down. Raises NoPlatform, also where no supervisor lives that
    would bring the local platform back."""
    layout = Layout(Settings().data_dir.resolve())
    file = layout.dev
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    found_url, found_key = url or known.get("url"), key or known.get("api_key")
    if found_url is None or found_key is None:
        raise NoPlatform("no platform is running here: run `studio up`, or give --url and --key")
    is_ours = found_url == known.get("url")
    if is_ours and not is_listened_at(layout.supervisor_socket):
        raise NoPlatform(f"nothing answers at {found_url}: run `studio up`")
    return Access(found_url.rstrip("/"), found_key, known.get("admin_key"), known.get("org_id"), is_ours)


def is_listened_at(path: Path) -> bool:
    """Whether a process listens at this unix socket; one that is too busy to answer does."""
    with socket.socket(socket.AF_UNIX) as ours:
        ours.settimeout(LISTENS_WITHIN_S)
        try:
            ours.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except TimeoutError:
            return True
    return True


def nothing_answers(access: Access) -> str:
    """With what to do: what is kept up here and does not answer has a trouble of its own."""
    if access.is_kept_up:
        return f"nothing answers at {access.url}, though it runs here: see `studio status` and `studio logs gateway`"
    return f"nothing answers at {access.url}: check the address, or leave --url out for the platform of this machine"
