"""The identity of a request: ids derived from its Idempotency-Key, the digest of its body, its envelope."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, replace
from typing import Any, Final

import rfc8785
from starlette.requests import Request

from commands.model import CommandEnvelope
from events.ids import derived_id, new_id
from gateway.http.problems import Problem

KEY: Final = re.compile(r"[\x21-\x7e]{1,255}\Z")
TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes two requests the same one: (org, path, key); and what tells them apart: the digest."""

    secret: bytes
    org_id: str
    path: str
    actor: str
    key: str | None
    digest: str | None
    traceparent: str | None
    subject: str | None = None
    """The organisation that the command is about, where it is not the one that asks."""
    project_id: str | None = None
    """The only project that the key that asks is of."""

    def new(self, prefix: str) -> str:
        """The id of what this request creates: derived where there is a key, so that a repeat meets it again."""
        if self.key is None:
            return new_id(prefix)
        return derived_id(prefix, self.secret, self.org_id, self.path, self.key)

    def apart(self, what: str) -> Identity:
        """The identity of one of several commands that a request leads to."""
        return replace(self, path=f"{self.path}#{what}")

    def of(self, org_id: str) -> Identity:
        """The same request, said of an organisation that it creates: its ids stay those of the platform's scope."""
        return replace(self, subject=org_id)

    def envelope(self) -> CommandEnvelope:
        request_id = new_id("req")
        return CommandEnvelope(
            id=self.new("cmd"),
            org_id=self.subject or self.org_id,
            actor=self.actor,
            correlation_id=request_id,
            causation_id=request_id,
            idempotency_key=self.key,
            digest=self.digest,
            traceparent=self.traceparent,
        )


def identity(
    request: Request,
    secret: bytes,
    org_id: str,
    actor: str,
    body: Any = None,
    *,
    required: bool = False,
    keyed: bool = True,
) -> Identity:
    """Raises a Problem where the key is missing, or is not of its form."""
    key = request.headers.get("idempotency-key") if keyed else None
    if key is None and required:
        raise Problem("idempotency-key-missing")
    if key is not None and not KEY.match(key):
        raise Problem("idempotency-key-missing", "the Idempotency-Key is not 1 to 255 visible ASCII characters")
    trace = request.headers.get("traceparent")
    return Identity(
        secret=secret,
        org_id=org_id,
        path=request.url.path,
        actor=actor,
        key=key,
        digest=None if key is None else digest_of(secret, org_id, body),
        traceparent=trace if trace is not None and TRACEPARENT.match(trace) else None,
        project_id=getattr(request.scope.get("state", {}).get("who"), "project_id", None),
    )


def digest_of(secret: bytes, org_id: str, body: Any) -> str:
    """HMAC under the org's key over the RFC 8785 form of what the client sent."""
    org_key = hmac.digest(secret, f"digest\x1f{org_id}".encode(), "sha256")
    try:
        canonical = rfc8785.dumps({} if body is None else body)
    except rfc8785.CanonicalizationError as error:
        raise Problem.invalid("", f"the body has no canonical form: {error}") from error
    return hmac.digest(org_key, canonical, "sha256").hex()
