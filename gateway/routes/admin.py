"""What only the platform's own key may: organisations, keys, credits, limits, models, providers."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Request
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import Field, ValidationError
from starlette.responses import Response

from commands.catalog.commands import ChangeModel, ChangeProvider
from commands.model import Command
from commands.orgs.commands import AddCredits, AllocateCredits, Amount, IssueKey, OpenOrg, RevokeKey, SetLimits
from events.accounts.events import Limits, Role
from events.catalog.current import UNLIMITED, CurrentModel
from events.catalog.events import ModelSpec
from events.model import SignedMoney
from gateway.access.auth import of_prefix, operator
from gateway.access.keyring import digest
from gateway.access.page_codes import CODE_LIFE_S, PageRole, issue_code
from gateway.answering.answers import ask, decided, json, platform_of
from gateway.answering.catalog import known_provider
from gateway.http.bodies import Body, read, read_json, takes, validated
from gateway.http.identity import Identity, identity
from gateway.http.problems import Problem, not_found
from gateway.platform import Platform

router = APIRouter(prefix="/admin", tags=["admin"])
PLATFORM: Final = "platform"
SEEN_WITHIN_S: Final = 1.0
"""How long an answer waits until this gateway's own copy of the catalog shows the change."""
CODE: Final = r"^[a-z0-9][a-z0-9_.-]{0,63}$"
ID: Final = r"^[A-Za-z0-9_.@-]{1,128}$"


class OrgBody(Body):
    name: str = Field(min_length=1, max_length=200)


class KeyBody(Body):
    role: Role = "member"
    project_id: str | None = Field(default=None, pattern=ID)
    user_id: str | None = Field(default=None, pattern=ID)


class CreditsBody(Body):
    amount: SignedMoney
    kind: Literal["grant", "purchase", "adjust"]
    reason: str | None = Field(default=None, pattern=CODE)


class AllocationBody(Body):
    project_id: str = Field(pattern=ID)
    amount: Amount
    kind: Literal["allocate", "deallocate"]


class PageCodeBody(Body):
    role: PageRole = "member"


class LimitsBody(Body, Limits):
    pass


class ProviderBody(Body):
    active: bool | None = None
    concurrent: int | None = Field(default=None, ge=0, le=UNLIMITED)
    per_api: dict[str, Annotated[int, Field(ge=0, le=UNLIMITED)]] | None = None


def same_request(request: Request, org_id: str, raw: Any) -> tuple[Platform, Identity]:
    who, platform = operator(request), platform_of(request)
    return platform, identity(request, platform.secrets.server, org_id, who.actor, raw)


async def done(platform: Platform, command: Command, same: Identity, status: int, **members: Any) -> Response:
    return decided(await ask(platform, command, same), status, **members)


@router.post("/orgs", status_code=201, openapi_extra=takes(OrgBody))
async def open_org(request: Request) -> Response:
    operator(request)
    body, raw = await read(request, OrgBody)
    platform, same = same_request(request, PLATFORM, raw)
    org_id = same.new("org")
    return await done(platform, OpenOrg(org_id=org_id, title=body.name), same.of(org_id), 201)


@router.post("/orgs/{org_id}/keys", status_code=201, openapi_extra=takes(KeyBody, required=False))
async def issue_key(request: Request, org_id: str) -> Response:
    """The key is shown this once and kept nowhere."""
    operator(request)
    body, raw = await read(request, KeyBody)
    platform, same = same_request(request, of_prefix(org_id, "org"), raw)
    api_key = new_key()
    command = IssueKey(
        org_id=org_id,
        key_id=same.new("key"),
        hash=digest(api_key),
        role=body.role,
        project_id=body.project_id,
        user_id=body.user_id,
    )
    return await done(platform, command, same, 201, api_key=api_key)


@router.delete("/orgs/{org_id}/keys/{key_id}")
async def revoke_key(request: Request, org_id: str, key_id: str) -> Response:
    platform, same = same_request(request, of_prefix(org_id, "org"), None)
    return await done(platform, RevokeKey(org_id=org_id, key_id=of_prefix(key_id, "key")), same, 200)


@router.post("/orgs/{org_id}/credits", status_code=201, openapi_extra=takes(CreditsBody))
async def add_credits(request: Request, org_id: str) -> Response:
    """An adjustment may be negative and is clamped at what is available."""
    operator(request)
    body, raw = await read(request, CreditsBody)
    if (body.amount < 1 and body.kind != "adjust") or body.amount == 0:
        raise Problem.invalid("/amount", "an amount of at least 1 millicredit is needed")
    platform, same = same_request(request, of_prefix(org_id, "org"), raw)
    command = AddCredits(
        org_id=org_id, entry_id=same.new("ent"), kind=body.kind, amount=body.amount, reason=body.reason
    )
    return await done(platform, command, same, 201)


@router.post("/orgs/{org_id}/allocations", status_code=201, openapi_extra=takes(AllocationBody))
async def allocate(request: Request, org_id: str) -> Response:
    operator(request)
    body, raw = await read(request, AllocationBody)
    platform, same = same_request(request, of_prefix(org_id, "org"), raw)
    command = AllocateCredits(
        org_id=org_id,
        entry_id=same.new("ent"),
        project_id=body.project_id,
        amount=body.amount,
        kind=body.kind,
    )
    return await done(platform, command, same, 201)


@router.put("/orgs/{org_id}/limits", openapi_extra=takes(LimitsBody))
async def set_limits(request: Request, org_id: str) -> Response:
    operator(request)
    body, raw = await read(request, LimitsBody)
    platform, same = same_request(request, of_prefix(org_id, "org"), raw)
    limits = Limits.model_validate(body.model_dump())
    return await done(platform, SetLimits(org_id=org_id, limits=limits), same, 200)


@router.post("/orgs/{org_id}/page-codes", status_code=201, openapi_extra=takes(PageCodeBody, required=False))
async def page_code(request: Request, org_id: str) -> Response:
    """A code that a page trades, once and within ten minutes, for a key of the organisation."""
    operator(request)
    body, _ = await read(request, PageCodeBody)
    platform = platform_of(request)
    if await platform.orgs.wait_for(of_prefix(org_id, "org"), 1.0) is None:
        raise not_found()
    return json({"code": await issue_code(platform.redis, org_id, body.role), "expires_in_s": CODE_LIFE_S}, 201)


@router.put("/models/{model_id:path}")
async def change_model(request: Request, model_id: str) -> Response:
    """Members of the model's entry in the catalog; what is not said stays as it is."""
    operator(request)
    raw = await read_json(request)
    platform, same = same_request(request, PLATFORM, raw)
    if not isinstance(raw, dict) or raw.get("id", model_id) != model_id:
        raise Problem.invalid("/id", "the model's id is that of the address")
    before = platform.catalog.get(f"model:{model_id}")
    known = before.model.model_dump(mode="json") if isinstance(before, CurrentModel) else {}
    try:
        spec = ModelSpec.model_validate_json(orjson.dumps({**known, **raw, "id": model_id}))
    except ValidationError as error:
        wrong = [{"pointer": "/" + "/".join(map(str, one["loc"])), "detail": one["msg"]} for one in error.errors()]
        raise Problem("invalid-input", "this is no entry of the catalog", errors=wrong[:20]) from None
    check_schema(spec)
    answer = await done(platform, ChangeModel(model=spec), same, 200)
    await platform.catalog.wait_for(
        f"model:{model_id}", SEEN_WITHIN_S, lambda now: isinstance(now, CurrentModel) and now.model == spec
    )
    return answer


@router.put("/providers/{provider}", openapi_extra=takes(ProviderBody))
async def change_provider(request: Request, provider: str) -> Response:
    """Closes, opens or limits a provider; what is not said stays as it is."""
    operator(request)
    raw = await read_json(request)
    body = validated(ProviderBody, raw)
    platform, same = same_request(request, PLATFORM, raw)
    before = known_provider(platform, provider)
    changed = body.model_dump(exclude_none=True)
    known = {name: getattr(before, name) for name in ("active", "concurrent", "per_api")}
    wanted = {**known, **changed}
    answer = await done(platform, ChangeProvider(provider=provider, **wanted), same, 200)
    await platform.catalog.wait_for(
        f"provider:{provider}",
        SEEN_WITHIN_S,
        lambda now: all(getattr(now, name, None) == value for name, value in wanted.items()),
    )
    return answer


def check_schema(spec: ModelSpec) -> None:
    """Raises a Problem for a schema that no input could be held against."""
    try:
        Draft202012Validator.check_schema(spec.input_schema)
    except SchemaError as error:
        raise Problem.invalid("/input_schema", f"this is no JSON Schema: {error.message[:500]}") from error
    if spec.input_schema.get("type") != "object":
        raise Problem.invalid("/input_schema", "an input is an object")


def new_key() -> str:
    return f"sk_{secrets.token_urlsafe(32)}"
