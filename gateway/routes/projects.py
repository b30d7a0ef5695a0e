"""Projects of an organisation, and the right to be forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from commands.orgs.commands import ForgetPerson, OpenProject
from events.accounts.current import CurrentOrg
from gateway.access.auth import READERS, caller
from gateway.answering.answers import ask, decided, json, platform_of
from gateway.http.bodies import Body, read, takes
from gateway.http.identity import identity
from gateway.http.problems import not_found

router = APIRouter(tags=["organisation"])


class ProjectBody(Body):
    name: str = Field(min_length=1, max_length=200)


@router.post("/projects", status_code=201, openapi_extra=takes(ProjectBody))
async def open_project(request: Request) -> Response:
    who, platform = caller(request, "admin"), platform_of(request)
    body, raw = await read(request, ProjectBody)
    same = identity(request, platform.secrets.server, who.org_id, who.key_id, raw)
    title = await platform.vault.seal(who.org_id, who.person, body.name)
    command = OpenProject(org_id=who.org_id, project_id=same.new("prj"), title=title)
    return decided(await ask(platform, command, same), 201)


@router.get("/projects")
async def listed(request: Request) -> Response:
    who, platform = caller(request, *READERS), platform_of(request)
    account = await platform.db["accounts"].find_one({"_id": who.org_id}) or {}
    projects = account.get("projects", {}).items()
    return json({"items": [{"project_id": project_id, "name": one["title"]} for project_id, one in projects]})


@router.delete("/users/{user_id}/data")
async def forget(request: Request, user_id: str) -> Response:
    """Destroys a person's key: what that person said can be read by nobody any more; the books stay as they are."""
    who, platform = caller(request, "admin"), platform_of(request)
    account = await platform.db["accounts"].find_one({"_id": who.org_id}) or {}
    if user_id not in persons(platform.orgs.get(who.org_id), account):
        raise not_found()
    same = identity(request, platform.secrets.server, who.org_id, who.key_id)
    await platform.vault.forget(who.org_id, user_id)
    return decided(await ask(platform, ForgetPerson(org_id=who.org_id, user_id=user_id), same), 200)


def persons(org: CurrentOrg | None, account: Mapping[str, Any]) -> set[str]:
    """Everybody who has a key of the organisation, or ever had one: a revoked key's owner can be forgotten, too."""
    present = {name for key in (org.keys if org else ()) for name in (key.user_id, key.key_id)}
    ever = {name for key_id, key in account.get("keys", {}).items() for name in (key_id, key.get("user_id"))}
    return {name for name in present | ever if name is not None}
