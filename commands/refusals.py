"""Refusals: a command that may not be, each with the stable slug of its problem.

Refusal
├── InvalidInput         invalid-input           errors: [{pointer, detail}]
├── UnknownModel         unknown-model
├── NotFound             not-found
├── Forbidden            forbidden
├── IllegalState         illegal-state           allowed: [status…]
├── AlreadyEnded         terminal
├── InsufficientCredit   insufficient-credit     asked, available
├── IdempotencyReplay    idempotency-replay      existing_id
└── IdempotencyMismatch  idempotency-mismatch
"""

from __future__ import annotations

from typing import Any, ClassVar


class Refusal(Exception):
    """The command changed nothing; `members` go into the problem as they are."""

    slug: ClassVar[str]

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members


class InvalidInput(Refusal):
    slug = "invalid-input"

    @classmethod
    def at(cls, pointer: str, detail: str) -> InvalidInput:
        return cls(detail, errors=[{"pointer": pointer, "detail": detail}])


class UnknownModel(Refusal):
    slug = "unknown-model"


class NotFound(Refusal):
    slug = "not-found"


class Forbidden(Refusal):
    slug = "forbidden"


class IllegalState(Refusal):
    slug = "illegal-state"


class AlreadyEnded(Refusal):
    slug = "terminal"


class InsufficientCredit(Refusal):
    slug = "insufficient-credit"


class IdempotencyReplay(Refusal):
    slug = "idempotency-replay"


class IdempotencyMismatch(Refusal):
    slug = "idempotency-mismatch"


REFUSALS: dict[str, type[Refusal]] = {
    kind.slug: kind
    for kind in (
        InvalidInput,
        UnknownModel,
        NotFound,
        Forbidden,
        IllegalState,
        AlreadyEnded,
        InsufficientCredit,
        IdempotencyReplay,
        IdempotencyMismatch,
    )
}


def refusal(slug: str, detail: str, members: dict[str, Any]) -> Refusal:
    """The refusal that a decider answered, rebuilt on the asker's side."""
    return REFUSALS[slug](detail, **members)
