"""`up`, `down`, `status`, `doctor`, `logs`: the local platform."""

import asyncio
import os
import shlex
import shutil
import sys
from pathlib import Path
from subprocess import SubprocessError
from typing import Annotated, Any

import typer
from aiokafka.errors import KafkaError
from httpx import HTTPError
from rich.markup import escape
from rich.table import Table

from studio.local import addresses as addressbook
from studio.local import prerequisites, toolchain
from studio.local.dev import BootstrapFailed, DevAccess, bootstrap_dev
from studio.local.lag import lag_by_group
from studio.local.layout import Layout
from studio.local.platform import LocalPlatform, ProcessStatus, as_rows
from studio.local.prerequisites import MissingPrerequisites
from studio.local.readiness import StartFailed
from studio.settings import Settings
from studio.verbs.output import Json, console, failing_on, print_json, progress

START_FAILURES = (
    MissingPrerequisites,
    StartFailed,
    BootstrapFailed,
    HTTPError,
    KafkaError,
    SubprocessError,
    TimeoutError,
    RuntimeError,
)
LAG_TIMEOUT_S = 10.0
MEBIBYTE = 2**20


def say(name: str, what: str) -> None:
    """A line of progress."""
    progress.print(f"  [cyan]{escape(name):<14}[/] {escape(what)}")


def up(
    servers_only: Annotated[
        bool, typer.Option("--servers-only", help="Start Kafka, MongoDB, Redis and Firestore, and no more.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Starts the platform on this machine and leaves it running; a second call finds the first.

    Examples:  studio up  ·  STUDIO_HTTP_PORT=8080 studio up  ·  studio up --servers-only --json
    """
    settings = Settings()
    with failing_on(*START_FAILURES):
        prerequisites.ensure(prerequisites.needed(), say)
        resolved, access = asyncio.run(bring_up(settings, servers_only))
    about = up_document(resolved, access)
    if as_json:
        print_json(about)
        return
    for name, value in about.items():
        console.print(f"[bold]{name:<18}[/] {escape(str(value))}", soft_wrap=True, highlight=False)
    if (how := way_to_studio()) is not None:
        console.print(f"[bold]{'command line':<18}[/] {escape(how)}", soft_wrap=True, highlight=False)


def way_to_studio() -> str | None:
    """What makes `studio` a command in the shell of who has typed `make up`; None where it is one."""
    activate = Path(sys.prefix) / "bin" / "activate"
    if shutil.which("studio") is not None or not activate.exists():
        return None
    return f'source {shlex.quote(os.path.relpath(activate))}; then: studio status, studio run "…", studio --help'


async def bring_up(settings: Settings, servers_only: bool) -> tuple[Settings, DevAccess | None]:
    """Starts the parts, and makes the way in for a developer when the gateway runs."""
    platform = LocalPlatform(settings)
    resolved = await platform.up(say, servers_only=servers_only)
    if servers_only:
        return resolved, None
    return resolved, await bootstrap_dev(resolved, f"http://127.0.0.1:{resolved.http_port}")


def up_document(settings: Settings, access: DevAccess | None) -> dict[str, Any]:
    """What `up` tells: the page and the key, or the servers' addresses when only those run."""
    if access is not None:
        told = {"page": access.page, "url": access.url, "api_key": access.api_key, "org_id": access.org_id}
        return {**told, "planner": settings.planner, "details": str(Layout(settings.data_dir).dev)}
    names = ("kafka_bootstrap", "mongo_url", "redis_url", "firestore_emulator")
    return {name: value for name in names if (value := getattr(settings, name)) is not None}


def down(as_json: Json = False) -> None:
    """Stops the platform: first its processes, then its servers. The data stays.

    Example:  studio down
    """
    with failing_on(TimeoutError, RuntimeError):
        asyncio.run(LocalPlatform(Settings()).down(say))
    if as_json:
        print_json({"stopped": True})
    else:
        console.print("stopped")


def status(as_json: Json = False) -> None:
    """Shows every process, its memory and restarts, and how far each group is behind the log.

    Exits with 1 when nothing runs or something is not ready.

    Examples:  studio status  ·  studio status --json | jq .lag
    """
    settings = Settings()
    rows, lag = asyncio.run(read_status(settings))
    addresses = addressbook.read(Layout(settings.data_dir.resolve()))
    url = addresses.url if addresses is not None and rows else None
    planner = addressbook.connected(settings).planner if rows else settings.planner
    if as_json:
        about = {"processes": as_rows(rows), "planner": planner, "lag": lag}
        print_json(about if url is None else {**about, "url": url})
    else:
        print_status(rows, lag, url, planner)
    if not rows or not all(row.ready for row in rows):
        raise typer.Exit(1)


async def read_status(settings: Settings) -> tuple[list[ProcessStatus], dict[str, int]]:
    """The processes and, when Kafka answers, the groups' lag."""
    rows = await LocalPlatform(settings).status()
    bootstrap = addressbook.connected(settings).kafka_bootstrap
    if bootstrap is None or not rows:
        return rows, {}
    try:
        async with asyncio.timeout(LAG_TIMEOUT_S):
            return rows, await lag_by_group(bootstrap)
    except (KafkaError, TimeoutError) as error:
        say("lag", f"unknown: {error!r}")
        return rows, {}


def print_status(rows: list[ProcessStatus], lag: dict[str, int], url: str | None, planner: str) -> None:
    """The tables of `studio status`."""
    if not rows:
        console.print("nothing runs; start it with: studio up")
        return
    table = Table("process", "kind", "pid", "state", "ready", "restarts", "MiB")
    for row in rows:
        ready = "[green]yes[/]" if row.ready else "[red]no[/]"
        memory = f"{row.rss_bytes / MEBIBYTE:.0f}"
        table.add_row(row.name, row.kind, str(row.pid), row.state, ready, str(row.restarts), memory)
    total = sum(row.rss_bytes for row in rows) / MEBIBYTE
    table.add_section()
    table.add_row("total", "", "", "", "", "", f"{total:.0f}")
    console.print(table)
    if lag:
        groups = Table("group", "lag")
        for group, records in sorted(lag.items()):
            groups.add_row(group, str(records))
        console.print(groups)
    console.print(f"page     {url}\nplanner  {planner}", highlight=False)


def doctor(as_json: Json = False) -> None:
    """Shows what the platform needs on this machine, and the command that installs what is missing.

    Example:  studio doctor
    """
    wanted = (*prerequisites.SERVERS, *prerequisites.FETCHING, *prerequisites.BROWSER)
    found = [(one, one.found()) for one in wanted]
    parts = [{"name": name, "fetched": name not in toolchain.missing()} for name in toolchain.PARTS]
    absent = [one for one, where in found if where is None]
    if as_json:
        described = [
            {"name": one.name, "purpose": one.purpose, "package": one.package, "found": where} for one, where in found
        ]
        print_json({"prerequisites": described, "toolchain": parts})
    else:
        table = Table("needed", "for", "found")
        for one, where in found:
            table.add_row(one.name, one.purpose, where or f"[red]{one.wrong or 'missing'}[/]")
        for part in parts:
            table.add_row(str(part["name"]), "", "fetched" if part["fetched"] else "fetched by make setup")
        console.print(table)
        if absent:
            console.print(prerequisites.advice(absent), soft_wrap=True, highlight=False)
    if absent:
        raise typer.Exit(1)


def logs(
    name: Annotated[str, typer.Argument(help="A process as `studio status` names it, or supervisord.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 50,
    as_json: Json = False,
) -> None:
    """Shows the last lines of a process's log.

    Examples:  studio logs gateway  ·  studio logs kafka -n 200  ·  studio logs decider -f
    """
    folder = Layout(Settings().data_dir.resolve()).logs
    file = folder / f"{name}.log"
    known = sorted(path.stem for path in folder.glob("*.log"))
    if name not in known:
        progress.print(f"no log of {name}; there are: {', '.join(known) or 'none'}")
        raise typer.Exit(1)
    if follow:
        tail = shutil.which("tail") or "tail"
        os.execv(tail, [tail, "-n", str(lines), "-F", str(file)])
    last = file.read_text(errors="replace").splitlines()[-lines:]
    if as_json:
        print_json({"name": name, "file": str(file), "lines": last})
    else:
        console.print("\n".join(last), markup=False, highlight=False, soft_wrap=True)
