"""Slots: what an attempt occupies of the four caps while its provider may run it, and what they are called in Redis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from events.jobs.current import CurrentJob

PREFIX: Final = "{slots}:"
"""Of all keys; in braces, so that one script may have them all on a cluster of Redis, too."""
EPOCH: Final = f"{PREFIX}epoch"
"""What tells that Redis has forgotten nothing since the slots were last put there from the log."""
CAPS: Final = ("org", "org_api", "provider", "provider_api")

Place = tuple[str, str]
"""A sorted set in Redis and the holder that stands in it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Of one attempt. It has a name of its own, so that nobody frees another's."""

    job_id: str
    lease: int
    org_id: str
    provider: str
    model: str

    @property
    def holder(self) -> str:
        return f"{self.job_id}.{self.lease}"

    @property
    def keys(self) -> tuple[str, str, str, str]:
        """The sorted sets in which it stands, one a cap, as in CAPS."""
        return (
            org_key(self.org_id),
            f"{PREFIX}org_api:{self.org_id}:{self.model}",
            f"{PREFIX}provider:{self.provider}",
            f"{PREFIX}provider_api:{self.provider}:{self.model}",
        )


@dataclass(frozen=True, slots=True)
class Caps:
    """The most attempts at a time, as in CAPS; None: no limit."""

    org: int
    org_api: int | None
    provider: int
    provider_api: int | None


def org_key(org_id: str) -> str:
    return f"{PREFIX}org:{org_id}"


def slot_of(job: CurrentJob) -> Slot | None:
    """What the log says the job occupies: also while it stops, for the provider may run it still."""
    return Slot(job.job_id, job.lease, job.org_id, job.provider, job.model) if job.holds_slot else None
