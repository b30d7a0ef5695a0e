"""Credits: the balance, and the books entry by entry."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from events.credits.events import EntryKind
from events.topics import EVENTS_CANVAS, EVENTS_CREDITS, EVENTS_JOBS
from gateway.access.auth import READERS, caller, of_prefix
from gateway.answering.answers import NO_STORE, json, platform_of
from gateway.books import ledger as books
from gateway.books.explain import story_of
from gateway.books.ledger import Asked
from gateway.books.statement import as_csv, as_json, statement
from gateway.books.usage import By, usage
from gateway.http.problems import Problem
from gateway.live.credits_feed import balance_of
from gateway.past.times import QueryTime
from gateway.reads import queries
from gateway.reads.views import Views

router = APIRouter(tags=["credits"])
READS: Final = (EVENTS_CREDITS,)
WITH_CAUSES: Final = (EVENTS_CREDITS, EVENTS_JOBS, EVENTS_CANVAS)
FORMATS: Final = {"csv": (as_csv, "text/csv; charset=utf-8"), "json": (as_json, "application/json")}
Since = Annotated[QueryTime | None, Query(alias="from")]
Until = Annotated[QueryTime | None, Query(alias="to")]
Id = Annotated[str | None, Query(max_length=64)]


@router.get("/credits")
async def balance(request: Request, after: str | None = None) -> Response:
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, READS)
    return json(await balance_of(platform.db, who.org_id))


def asked(
    request: Request,
    as_of: QueryTime | None = None,
    since: Since = None,
    until: Until = None,
    kind: EntryKind | None = None,
    job_id: Id = None,
    project_id: Id = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Asked:
    """`from` is part of what is asked for, `to` is not; as of a time means with all that happened then."""
    return Asked(caller(request, *READERS).org_id, as_of, since, until, kind, job_id, project_id, q)


@router.get("/credits/ledger")
async def ledger(
    request: Request,
    wanted: Annotated[Asked, Depends(asked)],
    expand: Literal["cause"] | None = None,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE_MAX)] = 50,
    cursor: str | None = None,
    after: str | None = None,
) -> Response:
    """Entries exactly as on the log, newest first; `balances` are those as of then, whatever else narrows the page.

    `expand=cause` lays two members beside those of the log: the balances after the entry, and what led to it. `q` is
    looked for in ids, kind, reason, model, step and the first of a person's words; a page of a search may be short
    and still have a `next_cursor`.
    """
    platform = platform_of(request)
    await platform.reading.after(after, READS if expand is None else WITH_CAUSES)
    items, more = await books.page_of(platform.db, wanted, limit, cursor, causes=expand is not None)
    left = await books.balances_at(platform.db, wanted.org_id, wanted.as_of)
    return json({"items": items, "balances": left} | ({} if more is None else {"next_cursor": more}))


@router.get("/credits/statement")
async def bank_statement(
    request: Request,
    since: Since = None,
    until: Until = None,
    form: Annotated[Literal["csv", "json"], Query(alias="format")] = "csv",
    after: str | None = None,
) -> Response:
    """Opening balances, each movement with its cause, totals by kind, closing balances, the newest checkpoint.

    From the beginning where no `from` is given, up to the newest entry where no `to` is; `to` itself is not part of it.
    """
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, WITH_CAUSES)
    if since is not None and until is not None and since > until:
        raise Problem.invalid("/query/to", "is before `from`")
    found = await statement(platform.db, who.org_id, since, until)
    write, media_type = FORMATS[form]
    named = {"content-disposition": f'attachment; filename="{found.name}.{form}"', **NO_STORE}
    return StreamingResponse(write(found), headers=named, media_type=media_type)


@router.get("/credits/usage")
async def spending(
    request: Request,
    by: By,
    since: Since = None,
    until: Until = None,
    after: str | None = None,
) -> Response:
    """What each day's jobs cost and what was given back, by model or project; the last 30 days where none are named."""
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, (EVENTS_JOBS,))
    return json({"items": await usage(platform.db, who.org_id, by, since, until)})


@router.get("/credits/entries/{entry_id}/explain")
async def explain(request: Request, entry_id: str, after: str | None = None) -> Response:
    """A line of the books with everything that led to it: `chain`, oldest first, from a person's words to the entry,
    and behind the line of a job's end what its webhook came to.

    Each stop names the event that it is and what caused that one: the event, or the job, of a stop before it, or the
    request of a person.
    """
    who, platform = caller(request, *READERS), platform_of(request)
    await platform.reading.after(after, WITH_CAUSES)
    story = await story_of(platform.db, who.org_id, of_prefix(entry_id, "ent"))
    views: Views = request.app.state.views
    job = {} if story.job is None else {"job": views.job(story.job)}
    (line,) = await books.expanded(platform.db, who.org_id, [story.entry])
    siblings = [books.plain(one) for one in story.siblings]
    return json(
        {
            "entry": books.plain(story.entry),
            "balances": line["balances"],
            "cause": line["cause"],
            "siblings": siblings,
            **job,
            "chain": story.chain,
        }
    )
