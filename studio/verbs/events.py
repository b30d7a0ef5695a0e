"""`events`: the log itself, as it happens or as a file."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from aiokafka.errors import KafkaError
from rich.text import Text

from events.log.clients import Record
from studio.client.access import is_listened_at
from studio.client.log import EVENT_TOPICS, export, follow, newest, shown
from studio.local import addresses as addressbook
from studio.local.layout import Layout
from studio.settings import Settings
from studio.verbs.output import Json, console, failing_on, print_json, progress

app = typer.Typer(help="The log itself: everything that has happened.", no_args_is_help=True)

COLOURS: Final = {"canvas": "cyan", "jobs": "green", "credits": "yellow", "accounts": "magenta", "catalog": "blue"}
SHORT_NAMES: Final = {name.removeprefix("events."): name for name in EVENT_TOPICS}
VALUE_MAX: Final = 60
CONNECTED_WITHIN_S: Final = 2.0


class NoLog(Exception):
    """There is no log to read, or no such topic."""


Topics = Annotated[
    list[str] | None, typer.Option("--topic", "-t", help=f"Only these: {', '.join(SHORT_NAMES)}. May be repeated.")
]


@app.command()
def tail(
    topic: Topics = None,
    last: Annotated[int | None, typer.Option(min=1, max=10_000, help="Show so many newest and end.")] = None,
    for_s: Annotated[float | None, typer.Option("--for", min=0, help="Follow for so many seconds, then end.")] = None,
    as_json: Json = False,
) -> None:
    """Shows events as they happen, until Ctrl-C. With --json one object a line.

    Examples:  studio events tail  ·  studio events tail -t jobs --for 10  ·  studio events tail --last 20 --json
    """
    show = write_json if as_json else show_line
    with failing_on(NoLog, KafkaError, TimeoutError):
        names, bootstrap = topic_names(topic), log_address()
        try:
            asyncio.run(shown_from(bootstrap, names, last, for_s, show))
        except KeyboardInterrupt:
            progress.print("[dim]stopped[/]")


@app.command("export")
def export_topic(
    topic: Annotated[str, typer.Option("--topic", "-t", help=f"One of: {', '.join(SHORT_NAMES)}.")],
    out: Annotated[Path, typer.Option(help="The file, one JSON object a line.")],
    as_json: Json = False,
) -> None:
    """Writes all events of a topic to a file, with their envelopes: all that an audit needs.

    Example:  studio events export --topic credits --out credits.jsonl
    """
    with failing_on(NoLog, KafkaError, TimeoutError, OSError):
        [name] = topic_names([topic])
        count = asyncio.run(export(log_address(), name, out))
    if as_json:
        print_json({"topic": name, "events": count, "file": str(out)})
    else:
        console.print(f"{count} events in {out}", highlight=False)


async def shown_from(bootstrap: str, names: list[str], last: int | None, for_s: float | None, show: Any) -> None:
    if last is not None:
        for record in await newest(bootstrap, names, last):
            show(record)
    if last is None or for_s is not None:
        await follow(bootstrap, names, show, for_s)


def write_json(record: Record) -> None:
    sys.stdout.write(orjson.dumps(shown(record)).decode() + "\n")
    sys.stdout.flush()


def show_line(record: Record) -> None:
    console.print(line(shown(record)), soft_wrap=True)


def line(event: dict[str, Any]) -> Text:
    """Time, type, stream and the data's short values, in the colour of the context."""
    headers = event["headers"]
    parts = headers.get("ce_type", "?").split(".")
    context, name = (parts[2], parts[3]) if len(parts) == 5 else ("?", headers.get("ce_type", "?"))
    colour = COLOURS.get(context, "white")
    version = headers.get("ce_streamversion", "?")
    return Text.assemble(
        (event["at"][11:23], "dim"),
        " ",
        (f"{context:<8} {name:<20}", f"bold {colour}"),
        " ",
        (f"{headers.get('ce_subject', '?')}@{version}", colour),
        " ",
        (short(event["data"], headers.get("ce_subject", "")), "dim"),
    )


def short(data: Any, subject: str) -> str:
    """What tells most in one line; sealed words stay sealed."""
    if not isinstance(data, dict):
        return ""
    told = {key: value for key, value in data.items() if value != subject and key not in ("prev_hash", "hash")}
    return " ".join(f"{key}={value_text(value)}" for key, value in told.items())


def value_text(value: Any) -> str:
    if isinstance(value, dict) and "$sealed" in value:
        return "‹sealed›"
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= VALUE_MAX else f"{text[: VALUE_MAX - 1]}…"


def topic_names(asked: list[str] | None) -> list[str]:
    names = [SHORT_NAMES.get(name, name) for name in asked or SHORT_NAMES]
    unknown = [name for name in names if name not in EVENT_TOPICS]
    if unknown:
        raise NoLog(f"no topic {unknown[0]!r}; there are: {', '.join(SHORT_NAMES)}")
    return names


def log_address() -> str:
    """Of a Kafka that takes connections. Raises NoLog with what to do."""
    settings = Settings()
    bootstrap = addressbook.connected(settings).kafka_bootstrap
    is_ours = settings.kafka_bootstrap is None
    if bootstrap is None or (is_ours and not is_listened_at(Layout(settings.data_dir.resolve()).supervisor_socket)):
        raise NoLog("nothing runs here: type `studio up`")
    if not any(map(takes_connections, bootstrap.split(","))):
        what_to_do = "see `studio status`" if is_ours else "is STUDIO_KAFKA_BOOTSTRAP right, and is it up?"
        raise NoLog(f"Kafka does not answer at {bootstrap}: {what_to_do}")
    return bootstrap


def takes_connections(server: str) -> bool:
    host, _, port = server.rpartition(":")
    try:
        socket.create_connection((host, int(port)), CONNECTED_WITHIN_S).close()
    except (OSError, ValueError):
        return False
    return True
