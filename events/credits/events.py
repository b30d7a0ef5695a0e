"""Entries of an organisation's ledger: nine kinds, one shape."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from events.model import Event, Frozen, Money, SignedMoney

EntryKind = Literal["grant", "purchase", "adjust", "allocate", "deallocate", "reserve", "capture", "release", "refund"]


class Posting(Frozen):
    """`account` is `available`, `project:<id>`, `reserved:<job_id>`, `spent` or `external`."""

    account: str
    amount: SignedMoney


class LedgerEntry(Event):
    """A balanced entry; `hash` covers `prev_hash` and the RFC 8785 form of everything else.

    So a member of a newer writer is kept: without it the entry would no longer be what was hashed.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    context: ClassVar[str] = "credits"

    org_id: str
    seq: int = Field(ge=1)
    entry_id: str
    kind: EntryKind
    job_id: str | None = None
    project_id: str | None = None
    reason: str | None = None
    uncollected: Money | None = None
    at: str
    postings: tuple[Posting, ...]
    prev_hash: str
    hash: str


class Granted(LedgerEntry):
    name: ClassVar[str] = "granted"


class Purchased(LedgerEntry):
    name: ClassVar[str] = "purchased"


class Adjusted(LedgerEntry):
    name: ClassVar[str] = "adjusted"


class Allocated(LedgerEntry):
    name: ClassVar[str] = "allocated"


class Deallocated(LedgerEntry):
    name: ClassVar[str] = "deallocated"


class Reserved(LedgerEntry):
    name: ClassVar[str] = "reserved"


class Captured(LedgerEntry):
    name: ClassVar[str] = "captured"


class Released(LedgerEntry):
    name: ClassVar[str] = "released"


class Refunded(LedgerEntry):
    name: ClassVar[str] = "refunded"


ENTRY_OF_KIND: dict[EntryKind, type[LedgerEntry]] = {
    "grant": Granted,
    "purchase": Purchased,
    "adjust": Adjusted,
    "allocate": Allocated,
    "deallocate": Deallocated,
    "reserve": Reserved,
    "capture": Captured,
    "release": Released,
    "refund": Refunded,
}
