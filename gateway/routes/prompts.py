"""The agents' prompts: variants, versions and weights; an organisation's own, or the platform's with its key."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from commands.catalog.commands import NAME, VARIANT, PromptCommand, PublishPrompt, WeighPrompts, Weight
from events.catalog.current import CatalogEntry, CurrentPrompts
from events.topics import EVENTS_CATALOG
from gateway.answering.answers import ask, decided, json, page, platform_of
from gateway.http.bodies import Body, read, takes
from gateway.http.identity import identity
from gateway.http.problems import not_found
from gateway.lab.prompts import WITHOUT_TEXT, Asker, asker, check_known, check_model, of, standing, view
from gateway.reads import queries
from gateway.reads.views import pick
from projections import prompts

router = APIRouter(tags=["prompts"])
READS: Final = (EVENTS_CATALOG,)
VERSION: Final = ("agent", "variant", "version", "text", "model", "published_at", "published_by")
SEEN_WITHIN_S: Final = 1.0
"""How long an answer waits until this gateway's own copy of the catalog shows the change."""

Owner = Annotated[str | None, Query(max_length=200)]


class PromptBody(Body):
    text: str
    weight: Weight | None = None
    model: str | None = Field(default=None, min_length=1, max_length=200)
    based_on: int | None = Field(default=None, ge=0)


class WeightsBody(Body):
    weights: dict[Annotated[str, Field(pattern=VARIANT)], Weight] = Field(min_length=1)


@router.get("/prompts")
async def listed(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE_MAX)] = queries.PAGE_MAX,
    cursor: Annotated[str, Query(max_length=300)] = "",
    after: str | None = None,
) -> Response:
    """Every variant without its text, an organisation's own beside the platform's; `share` is that of new sessions."""
    who, platform = asker(request), platform_of(request)
    await platform.reading.after(after, READS)
    wanted = {"org_id": {"$in": list(who.sees)}, "_id": {"$gt": cursor}}
    found = await platform.db[prompts.COLLECTION].find(wanted, {"text": 0}).sort("_id", 1).to_list(limit + 1)
    more = found[limit - 1]["_id"] if len(found) > limit else None
    return page([view(platform, who, document, WITHOUT_TEXT) for document in found[:limit]], more)


@router.put("/prompts/{agent}", openapi_extra=takes(WeightsBody))
async def weigh(request: Request, agent: str) -> Response:
    """New weights of several variants at once; those that are not named keep theirs."""
    who = asker(request)
    body, raw = await read(request, WeightsBody)
    command = WeighPrompts(owner=who.owner, agent=named(NAME, agent), weights=body.weights)
    return await changed(
        request,
        who,
        command,
        raw,
        lambda now: all(
            (one := now.variant(name)) is not None and one.weight == weight for name, weight in body.weights.items()
        ),
    )


@router.get("/prompts/{agent}/{variant}")
async def read_one(
    request: Request, agent: str, variant: str, owner: Owner = None, after: str | None = None
) -> Response:
    """The newest version: the organisation's own, else the platform's; `owner=platform` asks for that one."""
    who, platform = asker(request), platform_of(request)
    await platform.reading.after(after, READS)
    document = await of(platform, prompts.COLLECTION, who, agent, variant, owner)
    return json(view(platform, who, document, (*WITHOUT_TEXT, "text")))


@router.put("/prompts/{agent}/{variant}", openapi_extra=takes(PromptBody))
async def publish(request: Request, agent: str, variant: str) -> Response:
    """The next version of the variant; the same text and model again are none, and only the weight may change.

    With `based_on`, the version that the text was written from (0 for none), it is refused where a newer one stands.
    """
    who = asker(request)
    body, raw = await read(request, PromptBody)
    check_model(platform_of(request), body.model)
    command = PublishPrompt(
        owner=who.owner,
        agent=named(NAME, agent),
        variant=named(VARIANT, variant),
        text=body.text,
        model=body.model,
        weight=body.weight,
        based_on=body.based_on,
    )
    return await changed(
        request,
        who,
        command,
        raw,
        lambda now: (
            (one := now.variant(variant)) is not None
            and (one.newest.text, body.weight) in ((body.text, None), (body.text, one.weight))
        ),
    )


@router.get("/prompts/{agent}/{variant}/versions")
async def versions(
    request: Request,
    agent: str,
    variant: str,
    owner: Owner = None,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE_MAX)] = 50,
    cursor: str | None = None,
    after: str | None = None,
) -> Response:
    """Every version with its text, newest first."""
    who, platform = asker(request), platform_of(request)
    await platform.reading.after(after, READS)
    owned = (await of(platform, prompts.COLLECTION, who, agent, variant, owner))["org_id"]
    wanted = {"org_id": owned, "agent": agent, "variant": variant}
    found, more = await queries.newest(platform.db, prompts.VERSIONS, wanted, "version", limit, cursor)
    names = VERSION if owned == who.owner else tuple(name for name in VERSION if name != "published_by")
    return page([{**pick(one, names), "owner": owned} for one in found], more)


async def changed(
    request: Request, who: Asker, command: PromptCommand, raw: Any, shown: Callable[[CurrentPrompts], bool]
) -> Response:
    """Asks, and waits a moment until the next question to this gateway finds it so."""
    platform = platform_of(request)
    check_known(platform, who, command.agent)
    same = identity(request, platform.secrets.server, who.owner, who.actor, raw)
    answer = await ask(platform, command, same)

    def suits(now: CatalogEntry) -> bool:
        return isinstance(now, CurrentPrompts) and shown(now)

    await platform.catalog.wait_for(command.route, SEEN_WITHIN_S, suits)
    return decided(answer, 200, **standing(platform, who, command.agent))


def named(pattern: str, value: str) -> str:
    """A name from a path; what cannot be one is not found."""
    if re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value) is None:
        raise not_found()
    return value
