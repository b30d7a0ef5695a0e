"""Problems (RFC 9457): every error that leaves the gateway, its status, its words and its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.responses import Response

from commands.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Kind:
    status: int
    title: str
    meaning: str


KINDS: Final[Mapping[str, Kind]] = {
    "idempotency-replay": Kind(
        409,
        "This request was taken already",
        "The same Idempotency-Key came with the same body. `existing_id` is what the first request returned.",
    ),
    "idempotency-mismatch": Kind(
        422,
        "This Idempotency-Key was used for something else",
        "The key came before with another body; the first request stands untouched.",
    ),
    "idempotency-key-missing": Kind(
        400,
        "A usable Idempotency-Key is needed",
        "This request must carry an Idempotency-Key of 1 to 255 visible ASCII characters.",
    ),
    "insufficient-credit": Kind(
        402, "Not enough credit", "`asked` millicredits are needed, `available` are there. Nothing was reserved."
    ),
    "unknown-model": Kind(404, "There is no such model", "The catalog lists no active model of this id."),
    "invalid-input": Kind(
        422, "The input is not valid", "`errors` names each field by a JSON pointer and says what is wrong with it."
    ),
    "malformed": Kind(400, "The request is malformed", "A header or a query parameter is not of its form."),
    "terminal": Kind(409, "It has ended already", "What has ended does not change any more."),
    "illegal-state": Kind(409, "Not possible in this state", "`allowed` names the states in which it is possible."),
    "not-found": Kind(404, "Not found", "There is nothing of this id for this key."),
    "method-not-allowed": Kind(405, "Method not allowed", "This address knows other methods."),
    "unauthenticated": Kind(401, "A valid key is needed", "Send `Authorization: Bearer` with a key that is valid."),
    "forbidden": Kind(403, "This key may not do that", "The role of the key is too small."),
    "rate-limited": Kind(429, "Too many requests", "The rate is used up; try again after `Retry-After`."),
    "too-large": Kind(413, "Too large", "The body is larger than this address takes."),
    "read-model-behind": Kind(
        503, "Not yet to be read", "What `after` names was not in the read model within five seconds; try again."
    ),
    "unavailable": Kind(
        503, "Unavailable for the moment", "A part of the platform does not answer; try again after `Retry-After`."
    ),
    "internal": Kind(500, "Something went wrong", "An error that should not be; it is in the platform's log."),
}


class Problem(Exception):
    """An answer that is no success; `members` stand beside type, title, status and detail."""

    def __init__(self, slug: str, detail: str | None = None, **members: Any) -> None:
        super().__init__(detail or slug)
        self.slug = slug
        self.detail = detail
        self.members = members

    @classmethod
    def invalid(cls, pointer: str, detail: str) -> Problem:
        return cls("invalid-input", detail, errors=[{"pointer": pointer, "detail": detail}])

    @classmethod
    def of(cls, refusal: Refusal) -> Problem:
        if refusal.slug == "not-found":
            return not_found()
        return cls(refusal.slug, refusal.detail, **refusal.members)


def not_found() -> Problem:
    """The same body for what is unknown and for what is another's."""
    return Problem("not-found")


def problem_body(problem: Problem) -> dict[str, Any]:
    kind = KINDS[problem.slug]
    body: dict[str, Any] = {"type": f"/problems/{problem.slug}", "title": kind.title, "status": kind.status}
    if problem.detail is not None:
        body["detail"] = problem.detail
    return body | {name: value for name, value in problem.members.items() if value is not None and name not in body}


def response(problem: Problem) -> Response:
    kind = KINDS[problem.slug]
    headers = {"cache-control": "no-store"}
    if kind.status in (429, 503):
        headers["retry-after"] = str(problem.members.get("retry_after_s", 1))
    if kind.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(orjson.dumps(problem_body(problem)), kind.status, headers, media_type="application/problem+json")


def page(slug: str) -> str | None:
    """The page that a problem's `type` leads to, as HTML."""
    kind = KINDS.get(slug)
    if kind is None:
        return None
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{kind.title}</title>'
        f"<main><h1>{kind.title}</h1><p>Status {kind.status}, type <code>/problems/{slug}</code></p>"
        f"<p>{kind.meaning}</p></main></html>"
    )
