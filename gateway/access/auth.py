"""Who asks: reads the key of a request before anything else of it is looked at."""

from __future__ import annotations

import math
import time
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from events.accounts.events import Role
from gateway.access.keyring import Caller, Keyring, Operator
from gateway.http.problems import Problem, not_found, response
from gateway.http.rates import Rates

OPEN: Final = ("/v1/about", "/v1/page-login", "/v1/webhooks/")
"""Addresses under /v1 that need no key; a signed asset's neither."""
USER_MAX: Final = 128


class Authenticate:
    """Pure ASGI: puts a Caller or an Operator into the scope; everything under /v1 needs one."""

    def __init__(self, app: ASGIApp, keyring: Keyring, rates: Rates) -> None:
        self._app = app
        self._keyring = keyring
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not needs_key(scope):
            await self._app(scope, receive, send)
            return
        try:
            scope.setdefault("state", {})["who"] = await self._who(scope)
        except Problem as problem:
            await response(problem)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _who(self, scope: Scope) -> Caller | Operator:
        headers = Headers(scope=scope)
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key or len(key) > 512:
            raise Problem("unauthenticated")
        if self._keyring.is_operator(key):
            user = headers.get("x-studio-user")
            if user is not None and not (user.isascii() and user.isprintable() and 0 < len(user) <= USER_MAX):
                raise Problem("malformed", "X-Studio-User is not a user's id")
            return Operator(user)
        caller = await self._keyring.caller(key)
        if caller is None:
            raise Problem("unauthenticated")
        wait_s = self._rates.wait_s(caller.org_id, caller.rate_per_min, time.monotonic())
        if wait_s > 0:
            raise Problem("rate-limited", retry_after_s=math.ceil(wait_s))
        return caller


def needs_key(scope: Scope) -> bool:
    path: str = scope["path"]
    if not path.startswith("/v1/") or path.startswith(OPEN):
        return False
    signed = path.startswith("/v1/assets/") and any(
        parameter.startswith(b"sig=") for parameter in scope["query_string"].split(b"&")
    )
    return not signed


def caller(request: Request, *roles: Role) -> Caller:
    """The organisation's caller; `roles` are those that may, none: members and admins."""
    who = request.scope["state"]["who"]
    if isinstance(who, Operator):
        raise Problem("forbidden", "the platform's own key opens /v1/admin; use a key of an organisation here")
    if who.role not in (roles or ("member", "admin")):
        raise Problem("forbidden", f"the role {who.role} may not do that")
    found: Caller = who
    return found


READERS: Final[tuple[Role, ...]] = ("member", "auditor", "admin")


def operator(request: Request) -> Operator:
    """The platform's own key, for /v1/admin."""
    who = request.scope["state"]["who"]
    if not isinstance(who, Operator):
        raise Problem("forbidden", "only the platform's own key opens /v1/admin")
    return who


def of_prefix(value: str, prefix: str) -> str:
    """An id from a path; what cannot be one is not found."""
    if not value.startswith(f"{prefix}_") or len(value) > 200 or not value.isascii():
        raise not_found()
    return value
