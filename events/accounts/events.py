"""Events of an organisation's stream."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from events.assets import AssetRef
from events.model import Event, Frozen
from events.sealed import Sealed

FINGERPRINT = r"^[0-9a-f]{64}$"
Role = Literal["member", "auditor", "admin"]


class Limits(Frozen):
    """Caps and weight of an organisation, as dispatch takes them."""

    concurrent: int = Field(default=16, ge=0, le=100_000)
    per_api: dict[str, int] = {}
    weight: int = Field(default=1, ge=1, le=1000)
    rate_per_min: int = Field(default=6000, ge=1, le=10_000_000)


class AccountEvent(Event):
    context: ClassVar[str] = "accounts"
    org_id: str


class OrgOpened(AccountEvent):
    name: ClassVar[str] = "org_opened"
    title: str


class KeyIssued(AccountEvent):
    """`hash` is hex SHA-256 of the key: the key itself is shown once and stored nowhere."""

    name: ClassVar[str] = "key_issued"
    key_id: str
    hash: str
    role: Role
    project_id: str | None = None
    user_id: str | None = None


class KeyRevoked(AccountEvent):
    name: ClassVar[str] = "key_revoked"
    key_id: str


class ProjectOpened(AccountEvent):
    name: ClassVar[str] = "project_opened"
    project_id: str
    title: Sealed


class LimitsSet(AccountEvent):
    name: ClassVar[str] = "limits_set"
    limits: Limits


class PersonForgotten(AccountEvent):
    name: ClassVar[str] = "person_forgotten"
    user_id: str


class EntryRecorded(AccountEvent):
    """First and only event of a stream named by the entry's id: what was asked under it is never done twice.

    Its record carries key and digest of the request; the entry itself stands in the organisation's ledger at `seq`.
    """

    name: ClassVar[str] = "entry_recorded"
    entry_id: str
    seq: int = Field(ge=1)


class ResultKept(AccountEvent):
    """First and only event of a stream named by a fingerprint: what a job of this model, input and seed led to.

    The fingerprint is an HMAC under the key of the person who asked, so it is equal for that person's jobs only.
    """

    name: ClassVar[str] = "result_kept"
    fingerprint: str = Field(pattern=FINGERPRINT)
    job_id: str
    model: str
    outputs: tuple[AssetRef, ...]


ACCOUNT_EVENTS: tuple[type[AccountEvent], ...] = (
    OrgOpened,
    KeyIssued,
    KeyRevoked,
    ProjectOpened,
    LimitsSet,
    PersonForgotten,
    EntryRecorded,
    ResultKept,
)
