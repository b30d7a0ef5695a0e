"""`audit export`: one organisation's books as a file that proves itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from aiokafka.errors import KafkaError

from events.log.follower import Stalled
from studio.client.access import Key, NoPlatform, Url, access
from studio.client.api import OutOfTime, Refused
from studio.client.bundling import bundle
from studio.client.checkpoints import signed_now
from studio.client.exporting import export_books
from studio.verbs.audit_verify import Findings
from studio.verbs.events import NoLog, log_address
from studio.verbs.output import Json, console, failing_on, print_json

ELSEWHERE: Final = "studio audit verify --from-export"


def export(
    org: Annotated[str | None, typer.Option(help="The organisation; unset: the key's own.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file; unset: ORG.ndjson, or ORG.zip.")] = None,
    with_verifier: Annotated[
        bool, typer.Option("--with-verifier", help="A zip that holds the program that verifies it, too.")
    ] = False,
    sign: Annotated[bool, typer.Option(help="Have a checkpoint signed first, which then covers all of it.")] = True,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Writes entries, job events, checkpoints and public keys to one file, a line a record, and verifies them.

    Whoever has the file verifies it without us:  studio audit verify --from-export FILE
    Whoever has not even our program gets it along, and needs Python only:  --with-verifier

    Examples:  studio audit export --org org_X --out books.ndjson  ·  studio audit export --with-verifier
    """
    findings = Findings(show=not as_json)
    with failing_on(NoLog, NoPlatform, Refused, OutOfTime, KafkaError, Stalled, TimeoutError, OSError):
        org_id = org or access(url, key).org_id
        if org_id is None:
            raise NoPlatform("whose books? give --org")
        if sign:
            asyncio.run(signed_now(url, key, org))
        file = out or Path(f"{org_id}.zip" if with_verifier else f"{org_id}.ndjson")
        file.parent.mkdir(parents=True, exist_ok=True)
        books = file.with_name(f".{file.name}.ndjson") if with_verifier else file
        verifier, count = asyncio.run(export_books(log_address(), org_id, books, findings.say, findings.tell))
        if with_verifier:
            bundle(books, file)
            books.unlink()
    proven = verifier.heads.proven.get(org_id, 0)
    if as_json:
        faults = [fault.as_json() for fault in findings.faults]
        told = {"file": str(file), "org_id": org_id, "records": count, "entries": verifier.entries}
        print_json({**told, "proven_to": proven, "faults": faults})
    else:
        console.print(f"{file}  {count} records, {verifier.entries} entries, proven to {proven}", highlight=False)
        how = f"unzip {file} and run: python verify.py" if with_verifier else f"{ELSEWHERE} {file}"
        console.print(f"[dim]{how}[/]", highlight=False, soft_wrap=True)
    if findings.rules:
        raise typer.Exit(1)
