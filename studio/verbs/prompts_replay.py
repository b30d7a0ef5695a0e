"""`prompts replay`: past requests run again through a variant, off the record, and compared plan by plan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from rich.markup import escape
from rich.table import Table

from adapters.catalog.copy import CatalogTable
from adapters.storage.objects import storage
from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, VaultError, master_key
from commands.ask import Unavailable
from events.accounts.current import CurrentOrg
from events.catalog.current import catalog_entry
from events.log.table import CompactedTable
from events.topics import CURRENT_CATALOG, CURRENT_ORGS
from processors.agents.asking.prompting import Pinned, Prompt
from processors.agents.asking.published import Published
from processors.agents.catalog import Catalog
from projections.stores import DATABASE
from studio.client.access import Access, NoPlatform, access
from studio.client.past_requests import Archive, Past, Unreadable
from studio.client.prompt_trial import NOT_TRIED, TRIED, Compared, Trial, summary
from studio.local import addresses as addressbook
from studio.local.language import what_is_missing
from studio.local.layout import Layout
from studio.settings import Settings
from studio.verbs.events import NoLog, log_address
from studio.verbs.output import Json, console, failing_on, print_json, progress

CAUGHT_UP_WITHIN_S: Final = 30.0
MONGO_WITHIN_MS: Final = 10_000
BUDGET: Final = 1_000_000
WORDS_MAX: Final = 48
SAID_MAX: Final = 20
"""Lines for what was answered how often."""
COLOURS: Final = {"better": "green", "worse": "red", "other": "yellow", "same": "dim"}


class NoVariant(Exception):
    """Nothing of this name is published."""


class NoKey(Exception):
    """The platform's language model cannot be asked from here."""


class NotTried(Exception):
    """No past requests of this agent can be run again."""


EXPECTED: Final = (
    NoPlatform, NoLog, NoKey, NoVariant, NotTried, KafkaError, PyMongoError, VaultError, Unavailable, TimeoutError,
    ValueError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    org_id: str
    agent: str
    variant: str
    text: str | None
    last: int
    budget: int
    yes: bool
    words: bool


def replay(
    variant: Annotated[str, typer.Option("--variant", "-v", help="The agent's variant to try.")],
    agent: Annotated[str, typer.Option(help=f"Whose prompt: {', '.join(TRIED)}.")] = "planner",
    last: Annotated[int, typer.Option(min=1, max=5000, help="So many of the newest requests.")] = 50,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A text that is not published yet, in its place.")
    ] = None,
    budget: Annotated[int, typer.Option(min=1, help="Tokens, in and out, that it may use.")] = BUDGET,
    org: Annotated[str | None, typer.Option(help="Whose requests; else the local development organisation's.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a real model is paid for.")] = False,
    words: Annotated[bool, typer.Option("--words", help="Show the beginning of each request.")] = False,
    as_json: Json = False,
) -> None:
    """Runs past requests through a variant and compares plan by plan. Nothing is written to the log.

    Every request is put together as its agent was told it then, an edit planner's with the plan as it was; the catalog,
    without what the organisation's limits refuse, and what checks the answers, are today's for both sides. Of plans it
    is told which holds up better; of short answers which can be used, and whether they say the same. Requests of people
    who were forgotten cannot be read any more, and are left out. The language model is the running platform's; its key
    is written down nowhere, so name it in STUDIO_LLM_API_KEY where it has one.

    Examples:  studio prompts replay --variant brief --last 200  ·  studio prompts replay -v draft --file p.md --json
    ·  studio prompts replay --agent edit_planner -v terse
    """
    with failing_on(*EXPECTED):
        text = file.read_text(encoding="utf-8").rstrip("\n") if file is not None else None
        of = org or _local_org(access(None, None))
        done = asyncio.run(tried(Wanted(of, agent, variant, text, last, budget, yes, words), quiet=as_json))
    if as_json:
        print_json(done)
        return
    show(done)


async def tried(wanted: Wanted, *, quiet: bool) -> dict[str, Any]:
    """The whole trial as JSON. Raises what `replay` turns into its message."""
    # Here, for every verb would wait for the clients of all models and providers.
    from studio.processes.configured import needed, secret
    from studio.processes.language import language_model
    from studio.processes.parts import refused_by

    check_tried(wanted.agent)
    bootstrap, settings = log_address(), speaking_settings()
    url = needed(settings.mongo_url, "MONGO_URL")
    table: CatalogTable = CompactedTable(bootstrap, CURRENT_CATALOG, catalog_entry)
    orgs = CompactedTable(bootstrap, CURRENT_ORGS, CurrentOrg)
    await asyncio.gather(caught_up(table), caught_up(orgs))
    async with (
        AsyncMongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=MONGO_WITHIN_MS) as client,
        language_model(settings) as model,
    ):
        vault = KeyVault(MongoKeyStore(client), master_key(secret(settings.master_key, "MASTER_KEY")))
        published = Published(table.get)
        prompt = chosen(published, wanted)
        catalog = Catalog.of(value for _, value in table.items()).without(refused_by(orgs)(wanted.org_id))
        trial = Trial(model, prompt, published, catalog, wanted.budget)
        archive = Archive(client[DATABASE], vault, storage(settings.storage), catalog)
        found = [one async for one in archive.requests(wanted.org_id, wanted.agent, wanted.last)]
        requests = [one for one in found if isinstance(one, Past)]
        if settings.planner != "offline" and not wanted.yes:
            confirm(trial, requests, settings.planner)
        shown = 0

        def tell(line: Compared) -> None:
            nonlocal shown
            shown += 1
            if not quiet:
                progress.print(told(line, shown, len(requests), trial, words=wanted.words), soft_wrap=True)

        await trial.run(_each(requests), tell)
    unreadable = [one.reason for one in found if isinstance(one, Unreadable)]
    return {
        "agent": wanted.agent,
        "variant": prompt.variant,
        **({"version": prompt.version, "owner": prompt.owner} if wanted.text is None else {"file": True}),
        "model": settings.planner,
        "summary": summary(trial.lines),
        "unreadable": {reason: unreadable.count(reason) for reason in sorted(set(unreadable))},
        "left_out": trial.left_out,
        "tokens_used": trial.used,
        "budget": wanted.budget,
        "items": [line.as_json() for line in sorted(trial.lines, key=lambda one: str(one.past.call["begun_at"]))],
    }


def speaking_settings() -> Settings:
    """Those of the running platform, its language model among them. Raises NoKey."""
    asked = Settings()
    settings, addresses = addressbook.connected(asked), addressbook.read(Layout(asked.data_dir.resolve()))
    language = None if addresses is None else addresses.speaks
    if language is not None and (missing := what_is_missing(settings, language)) is not None:
        raise NoKey(missing)
    return settings


def check_tried(agent: str) -> None:
    """Raises NotTried."""
    if agent in TRIED:
        return
    why = NOT_TRIED.get(agent, f"the agents are {', '.join(TRIED)}")
    raise NotTried(f"nothing past can be run again of the {agent}: {why}")


def chosen(published: Published, wanted: Wanted) -> Prompt:
    """Raises NoVariant."""
    if wanted.text is not None:
        return Prompt(wanted.agent, wanted.variant, 0, wanted.text)
    prompt = published.pick(wanted.agent, wanted.org_id, Pinned(wanted.variant), 0.0)
    if prompt.variant != wanted.variant:
        raise NoVariant(f"the {wanted.agent} has no variant {wanted.variant}: see `studio prompts list`")
    return prompt


def confirm(trial: Trial, requests: list[Past], model: str) -> None:
    """Before anything is paid for."""
    expected = min(trial.budget, sum(trial.expected(past) for past in requests))
    typer.confirm(f"{len(requests)} requests to {model}, about {expected:,} tokens. Go on?", abort=True, err=True)


async def caught_up(table: CompactedTable[Any]) -> None:
    """As the topic stands now: what comes later is not followed."""
    stop = asyncio.Event()
    following = asyncio.create_task(table.run(stop))
    try:
        async with asyncio.timeout(CAUGHT_UP_WITHIN_S):
            await table.ready()
    finally:
        stop.set()
        await following


async def _each(requests: list[Past]) -> AsyncIterator[Past]:
    for past in requests:
        yield past


def told(line: Compared, number: int, of: int, trial: Trial, *, words: bool) -> str:
    """One request in one line."""
    judgement = line.judgement
    request = f"  [dim]{escape(' '.join(line.past.briefing.request.split())[:WORDS_MAX])}[/]" if words else ""
    sides = f"{line.before.in_short} → {line.after.in_short}"
    return (
        f"[dim]{number}/{of}[/] [{COLOURS[judgement]}]{judgement:<6}[/] {sides}, "
        f"{after_words(line)}  [dim]{trial.used:,} tokens used[/]{request}"
    )


def after_words(line: Compared) -> str:
    tokens = line.after.figures.tokens_out - line.before.figures.tokens_out
    return line.after.error or f"{tokens:+,} tokens, {line.after.figures.ms - line.before.figures.ms:+,} ms"


def show(done: dict[str, Any]) -> None:
    """Both sides in a table, and what it proves."""
    found = done["summary"]
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("", "as it was", done["variant"]):
        table.add_column(title, justify="left" if not title else "right")
    rows = (
        ("well-formed", "well_formed", "{:.0%}"),
        ("passed the checks", "passed", "{:.0%}"),
        ("without a plan", "without_plan", "{}"),
        ("steps (median)", "median_steps", "{:g}"),
        ("could be used", "usable", "{:.0%}"),
        ("tokens in", "tokens_in", "{:,}"),
        ("tokens out", "tokens_out", "{:,}"),
        ("ms (median)", "median_ms", "{:,.0f}"),
    )
    answered = [found[side].get("models", {}) for side in ("before", "after")]
    table.add_row("answered by", *(", ".join(sorted(side)) or "nobody" for side in answered))
    for title, name, form in rows:
        if name in found["before"]:
            table.add_row(title, *(form.format(found[side][name]) for side in ("before", "after")))
    both = [found[side].get("said", {}) for side in ("before", "after")]
    for says in sorted({*both[0], *both[1]})[:SAID_MAX]:
        table.add_row(f"said {says}", *(str(side.get(says, 0)) for side in both))
    console.print(table)
    if set(answered[0]) != set(answered[1]):
        console.print("[yellow]Not the same models answered: what differs need not be the prompt's doing.[/]")
    test = f", p = {found['p_value']:g} by the sign test" if "p_value" in found else ""
    counts = f"{found['better']} better, {found['worse']} worse, {found['other']} other, {found['same']} the same"
    console.print(f"{found['requests']} requests: {counts} ({found['verdict']}{test})", highlight=False)
    for reason, count in done["unreadable"].items():
        console.print(f"[dim]{count} left out: {reason}[/]", highlight=False)
    if done["left_out"]:
        console.print(f"[yellow]{done['left_out']} not run: the budget of {done['budget']:,} tokens was used up[/]")


def _local_org(found: Access) -> str:
    if found.org_id is None:
        raise NoPlatform("no organisation is known here: name one with --org")
    return found.org_id
