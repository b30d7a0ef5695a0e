"""`audit verify`: whether the books hold, from the log or an export alone."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
import uvloop
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError
from rich.markup import escape

from events.log.follower import Stalled
from projections.audit.faults import Fault
from projections.audit.heads import Noted
from projections.audit.verifier import Verifier
from studio.client.comparing import Comparison
from studio.client.exported import NoExport
from studio.client.verifying import verify_log
from studio.client.verifying_files import Asked, noted_keys, verify_export
from studio.collector import tune_collector
from studio.local import addresses as addressbook
from studio.settings import Settings
from studio.verbs.events import NoLog, log_address
from studio.verbs.output import Json, console, failing_on, print_json, progress

SHOWN_MAX: Final = 200
TELL_EVERY_S: Final = 2.0


class BadFile(Exception):
    """A file of keys or checkpoints that holds none."""


class Findings:
    """Counts every fault; shows the first ones as they are found, and how far the reading is."""

    def __init__(self, show: bool) -> None:
        self.faults: list[Fault] = []
        self.rules: Counter[str] = Counter()
        self._show = show
        self._began = self._told = time.monotonic()

    def say(self, fault: Fault) -> None:
        self.rules[fault.rule] += 1
        if len(self.faults) < SHOWN_MAX:
            self.faults.append(fault)
            if self._show:
                progress.print(f"[red]✗[/] {escape(str(fault))}", soft_wrap=True)

    def tell(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told >= TELL_EVERY_S:
            self._told = now
            progress.print(f"[dim]{done / max(total, 1):4.0%} read, {now - self._began:.0f} s[/]")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began


def verify(
    org: Annotated[str | None, typer.Option(help="Only this organisation's books.")] = None,
    from_export: Annotated[Path | None, typer.Option(exists=True, help="A file instead of the log.")] = None,
    keys: Annotated[Path | None, typer.Option(exists=True, help="Public keys that you have noted, as JSON.")] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(exists=True, help="A checkpoint that you hold, as JSON. May be repeated.")
    ] = None,
    read_model: Annotated[
        bool, typer.Option("--read-model", help="Also MongoDB: whether what the API shows is the log's.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Checks every hash, sum, balance, job and checkpoint on the log. Exit code 0 only where all hold.

    Everything up to the newest checkpoint is proven: what was signed cannot have been altered since. Bring checkpoints
    that you hold yourself, and the keys that you have noted, and a log that was cut or written anew is found too.

    Examples:  studio audit verify  ·  studio audit verify --org org_X --checkpoint mine.json --keys noted.json
    """
    findings = Findings(show=not as_json)
    tune_collector()
    with failing_on(NoLog, NoExport, BadFile, KafkaError, PyMongoError, Stalled, TimeoutError, OSError):
        asked = Asked(org, _keys(keys), _held(checkpoint or []))
        bootstrap = log_address() if from_export is None else None
        beside = Comparison(_mongo_url(), org, findings.say) if read_model else None
        if bootstrap is not None:
            verifier = uvloop.run(verify_log(bootstrap, asked, findings.say, findings.tell, beside=beside))
        elif from_export is not None and beside is None:
            verifier = verify_export(from_export, asked, findings.say, findings.tell)
        else:
            raise BadFile("--read-model compares with the log as it is now: leave --from-export out")
    told = summary(verifier, findings)
    show(told if beside is None else told | {"read_model_lines": beside.lines}, findings, as_json)
    if findings.rules:
        raise typer.Exit(1)


def summary(verifier: Verifier, findings: Findings) -> dict[str, Any]:
    """What was looked at, what is proven and what is wrong."""
    books, proven = verifier.books, verifier.heads.proven
    unproven = sum(book.seq - proven.get(org, 0) for org, book in books.items())
    told: dict[str, Any] = {
        "holds": not findings.rules,
        "orgs": len(books),
        "entries": verifier.entries,
        "job_events": verifier.pairs.events,
        "checkpoints": verifier.heads.count,
        "since_checkpoints": unproven,
        "keys": sorted(verifier.heads.keys),
        "seconds": round(findings.seconds, 2),
        "faults": [fault.as_json() for fault in findings.faults],
        "by_rule": dict(findings.rules),
    }
    if len(books) == 1:
        [book] = books.values()
        told["chain"] = {"org_id": book.org_id, "entries": book.seq, "head": book.head}
        told["chain"]["proven_to"] = proven.get(book.org_id, 0)
        told["balances"] = book.balances
    return told


def show(told: dict[str, Any], findings: Findings, as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    count = sum(findings.rules.values())
    if count > len(findings.faults):
        progress.print(f"… and {count - len(findings.faults)} more")
    verdict = "[bold green]the books hold[/]" if told["holds"] else f"[bold red]{count} faults[/]: {told['by_rule']}"
    console.print(
        f"{verdict}  {told['entries']} entries of {told['orgs']} organisations, {told['job_events']} job events, "
        f"{told['checkpoints']} checkpoints, {told['seconds']} s",
        highlight=False,
    )
    console.print(f"keys believed: {', '.join(told['keys']) or 'none'}", highlight=False)
    if "read_model_lines" in told:
        console.print(f"{told['read_model_lines']} lines of the read model compared", highlight=False)
    if told["since_checkpoints"]:
        console.print(f"{told['since_checkpoints']} entries are newer than the newest checkpoint", highlight=False)


def _mongo_url() -> str:
    url = addressbook.connected(Settings()).mongo_url
    if url is None:
        raise NoLog("no MongoDB is known: set STUDIO_MONGO_URL, or leave --read-model out")
    return url


def _keys(path: Path | None) -> Noted:
    if path is None:
        return Noted()
    try:
        return noted_keys(orjson.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError) as error:
        raise BadFile(f"{path} holds no public keys") from error


def _held(paths: list[Path]) -> dict[str, dict[str, Any]]:
    held: dict[str, dict[str, Any]] = {}
    for path in paths:
        try:
            found = orjson.loads(path.read_bytes())
        except ValueError as error:
            raise BadFile(f"{path} holds no checkpoint") from error
        many = found.get("items", [found]) if isinstance(found, dict) else found
        held |= {f"{path}#{number}": one for number, one in enumerate(many, start=1)}
    if not all(isinstance(one, dict) for one in held.values()):
        raise BadFile("a file of checkpoints holds something else")
    return held
