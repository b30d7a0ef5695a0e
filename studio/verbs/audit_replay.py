"""`audit replay`: an account as of any time, movement by movement, from the log alone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from rich.table import Table as Grid

from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, VaultError, master_key
from commands.ask import Unavailable
from events.log.follower import Stalled
from events.sealed import Sealed
from projections.audit.account import COUNTED
from studio.client import exported
from studio.client.access import Key, NoPlatform, Url, access
from studio.client.exported import NoExport
from studio.client.replay_sources import FileSource, LogSource
from studio.client.replay_tables import CsvTable, ParquetTable, Table
from studio.client.replaying import Asked, BooksBroken, Open, Replay, Source
from studio.client.words import printable
from studio.collector import tune_collector
from studio.local import addresses as addressbook
from studio.settings import Settings
from studio.verbs.audit_verify import Findings
from studio.verbs.events import NoLog, log_address
from studio.verbs.output import Json, console, failing_on, print_json, progress

UNOPENED: Final = "[sealed]"
YEARS: Final = (1970, 9998)
"""Of the times that may be asked for."""
KEYS_WITHIN_MS: Final = 5_000


class BadTime(Exception):
    """Not a time, or a span that ends before it begins."""


def replay(
    org: Annotated[str | None, typer.Option(help="The organisation; unset: the key's own.")] = None,
    as_of: Annotated[str | None, typer.Option(help="A time (RFC 3339) or a date, all of it; unset: now.")] = None,
    as_of_offset: Annotated[
        int | None, typer.Option(min=0, help="Instead: what stands before this offset of its partition.")
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="Movements from here on; before is the opening.")] = None,
    totals: Annotated[bool, typer.Option("--totals", help="Balances and totals only: fast, by the index.")] = False,
    to_csv: Annotated[Path | None, typer.Option(help="The movements as a table for spreadsheets.")] = None,
    to_parquet: Annotated[Path | None, typer.Option(help="The same with typed columns, for analysts.")] = None,
    from_export: Annotated[Path | None, typer.Option(exists=True, help="A file instead of the log.")] = None,
    sealed: Annotated[bool, typer.Option("--sealed", help="Leave persons' words sealed: no key is fetched.")] = False,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Replays an account from Kafka alone: each movement, what led to it, what was left, and the totals.

    The hash chain is followed on the way; where it breaks, the replay ends. Amounts are millicredits. What a person
    said is opened where that person's key still exists, otherwise it reads "erased". Balances of long histories start
    from an index in the data directory, which is checked against the log each time and made anew where it differs.

    Examples:  studio audit replay --as-of 2026-11-30  ·  studio audit replay --org org_X --from 2026-11-01 --to-csv
    november.csv  ·  studio audit replay --org org_X --as-of 2026-11-30T12:00:00Z --totals --json
    """
    expected = (BadTime, NoLog, NoPlatform, NoExport, BooksBroken, KafkaError, Stalled, VaultError, Unavailable)
    tune_collector()
    with failing_on(*expected, PyMongoError, TimeoutError, OSError):
        upto = moment(as_of, end=True) if as_of is not None else datetime.now(UTC)
        began = None if since is None else moment(since, end=False)
        if as_of_offset is not None and (as_of is not None or since is not None):
            raise BadTime("--as-of-offset stands alone: it is from the beginning up to that offset")
        if began is not None and began > upto:
            raise BadTime(f"{since} is later than {as_of or 'now'}")
        findings = Findings(show=False)
        org_id, source = _source(org, from_export, findings, url, key)
        asked = Asked(org_id, upto, began, movements=not totals, below=as_of_offset)
        tables: list[Table] = [CsvTable(to_csv)] if to_csv is not None else []
        tables += [ParquetTable(to_parquet)] if to_parquet is not None else []
        asyncio.run(_run(asked, source, tables, sealed=sealed or from_export is not None, as_json=as_json))
        if isinstance(source, LogSource) and source.rebuilt:
            progress.print("[yellow]the index was of another log, or of one that was altered since: made anew[/]")


def moment(text: str, *, end: bool) -> datetime:
    """A time; of a date its end or its beginning, in UTC. Raises BadTime."""
    try:
        return _moment(text, end=end).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadTime(f"{text!r} is no time: 2026-11-30 or 2026-11-30T12:00:00Z would be") from error


def _moment(text: str, *, end: bool) -> datetime:
    """Raises ValueError or OverflowError."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        found = datetime.fromisoformat(text)
    else:
        found = datetime(day.year, day.month, day.day)
        found += timedelta(days=1, microseconds=-1) if end else timedelta(0)
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise ValueError(f"not from {YEARS[0]} to {YEARS[1]}")
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _source(
    org: str | None, file: Path | None, findings: Findings, url: str | None, key: str | None
) -> tuple[str, Source]:
    if file is not None:
        org_id = str(exported.header(file)["org_id"])
        if org not in (None, org_id):
            raise NoExport(f"{file} holds the books of {org_id}")
        return org_id, FileSource(file, org_id)
    org_id = org or access(url, key).org_id or ""
    if not org_id:
        raise NoPlatform("whose books? give --org")
    index = Settings().data_dir / "audit" / "books.sqlite"
    return org_id, LogSource(log_address(), org_id, index, findings.tell)


async def _run(asked: Asked, source: Source, tables: list[Table], *, sealed: bool, as_json: bool) -> None:
    async with AsyncExitStack() as stack:
        open_ = await stack.enter_async_context(_opening(sealed=sealed or not asked.movements))
        replayed = Replay(source, asked, open_)
        show = Shown(replayed, asked, quiet=bool(tables), as_json=as_json)
        with ExitStack() as files:
            for table in tables:
                files.enter_context(table)
            async for movement in replayed.movements():
                for table in tables:
                    table.add(movement)
                show.movement(movement)
        show.end()


@asynccontextmanager
async def _opening(*, sealed: bool) -> AsyncIterator[Open]:
    """Opens persons' words with the keys of the vault."""
    settings = addressbook.connected(Settings())
    if sealed or settings.mongo_url is None or settings.master_key is None:
        yield _left_sealed
        return
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        settings.mongo_url, serverSelectionTimeoutMS=KEYS_WITHIN_MS
    )
    vault = KeyVault(MongoKeyStore(client), master_key(settings.master_key.get_secret_value()))
    try:
        yield lambda found: vault.open(Sealed.model_validate(found))
    finally:
        await client.close()


async def _left_sealed(_: Any) -> str:
    return UNOPENED


class Shown:
    """Prints as it comes: nothing of a long history is kept."""

    def __init__(self, replayed: Replay, asked: Asked, *, quiet: bool, as_json: bool) -> None:
        """`quiet` where the movements go to files instead."""
        self._replay = replayed
        self._asked = asked
        self._quiet = quiet
        self._json = as_json
        self._listed = asked.movements and not quiet
        self.count = 0

    def movement(self, movement: Mapping[str, Any]) -> None:
        if not self._quiet:
            if self._json:
                sys.stdout.write("," if self.count else self._head() + ',"movements":[')
                sys.stdout.write(orjson.dumps(movement).decode())
            else:
                sys.stdout.write((HEADING if self.count == 0 else "") + line_of(movement))
        self.count += 1

    def _head(self) -> str:
        began = {} if self._asked.since is None else {"from": self._asked.since.isoformat()}
        below = {} if self._asked.below is None else {"as_of_offset": self._asked.below}
        head = {"org_id": self._asked.org_id, **began, "as_of": self._asked.as_of.isoformat(), **below}
        return orjson.dumps({**head, "opening": self._replay.opening}).decode()[:-1]

    def end(self) -> None:
        account = self._replay.account
        chain = {"entries": account.book.seq, "head": account.book.head}
        told = {"totals": account.totals, "closing": account.book.balances, "chain": chain}
        if not self._json:
            self._table(account.totals, chain)
            return
        if not self._listed:
            print_json(orjson.loads(self._head() + "}") | told)
            return
        if self.count == 0:
            sys.stdout.write(self._head() + ',"movements":[')
        sys.stdout.write("]," + orjson.dumps(told).decode()[1:] + "\n")

    def _table(self, totals: Mapping[str, Mapping[str, int]], chain: Mapping[str, Any]) -> None:
        grid = Grid(box=None, padding=(0, 2, 0, 0))
        grid.add_column("total of")
        for name in COUNTED:
            grid.add_column(name, justify="right")
        for kind, total in sorted(totals.items()):
            grid.add_row(kind, *(str(total[name]) for name in COUNTED))
        console.print(grid)
        if self._asked.since is not None:
            console.print(f"opening  {balances_text(self._replay.opening)}", highlight=False, soft_wrap=True)
        closing = balances_text(self._replay.account.book.balances)
        console.print(f"[bold]closing[/]  {closing}", highlight=False, soft_wrap=True)
        below = self._asked.below
        when = self._asked.as_of.isoformat() if below is None else f"offset {below}"
        told = f"{chain['entries']} entries as of {when}, head {chain['head']}"
        console.print(f"[dim]{told}[/]", highlight=False, soft_wrap=True)


HEADING: Final = (
    f"{'at':<26} {'kind':<10} {'available':>12} {'reserved':>10} {'spent':>10}  {'left':>14} {'reserved':>12}"
    f" {'spent':>14}  cause\n"
)


def line_of(movement: Mapping[str, Any]) -> str:
    """What moves, what is left, and why. What a project's allocation pays counts with `available`."""
    moves, left = movement["moves"], movement["balances"]
    numbers = f"{moves['available'] + moves['allocations']:>+12} {moves['reserved']:>+10} {moves['spent']:>+10}"
    available = left["available"] + sum(left["allocations"].values())
    after = f"{available:>14} {left['reserved']:>12} {left['spent']:>14}"
    cause = printable(cause_text(movement))
    return f"{movement['at'][:26]:<26} {movement['kind']:<10} {numbers}  {after}  {cause}\n"


def cause_text(movement: Mapping[str, Any]) -> str:
    cause = movement["cause"]
    title = f"“{cause['step_title']}”" if "step_title" in cause else None
    prompt = f"‹{cause['prompt']}›" if "prompt" in cause else None
    names = [cause.get(name) for name in ("actor", "session_id", "plan_id", "step_id")]
    words = [*names, title, cause.get("job_id"), cause.get("model"), prompt, movement.get("reason")]
    return " ".join(str(word) for word in words if word is not None)


def balances_text(balances: Mapping[str, Any]) -> str:
    allocations = ", ".join(f"{project} {amount}" for project, amount in sorted(balances["allocations"].items()))
    told = f"available {balances['available']}, reserved {balances['reserved']}, spent {balances['spent']}"
    return told + (f", allocations: {allocations}" if allocations else "")
