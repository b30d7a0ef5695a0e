"""The page's login: a one-time code becomes a key of the organisation."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from commands.orgs.commands import IssueKey
from gateway.access.keyring import digest
from gateway.access.page_codes import CODE_MAX, redeem_code
from gateway.answering.answers import ask, decided, platform_of
from gateway.http.bodies import Body, read, takes
from gateway.http.identity import identity
from gateway.http.problems import Problem
from gateway.routes.admin import new_key

router = APIRouter(tags=["page"])


class LoginBody(Body):
    code: str = Field(min_length=1, max_length=CODE_MAX)


@router.post("/page-login", openapi_extra=takes(LoginBody))
async def login(request: Request) -> Response:
    body, _ = await read(request, LoginBody)
    platform = platform_of(request)
    found = await redeem_code(platform.redis, body.code)
    if found is None:
        raise Problem("unauthenticated", "this code was used already, or is too old: ask for a new address")
    org_id, role = found
    # Without the client's Idempotency-Key: a code works once, and its answer holds a secret.
    same = identity(request, platform.secrets.server, org_id, "page-login", keyed=False)
    api_key = new_key()
    command = IssueKey(org_id=org_id, key_id=same.new("key"), hash=digest(api_key), role=role)
    return decided(await ask(platform, command, same), 200, api_key=api_key)
