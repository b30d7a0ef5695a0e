"""Where wrapped data keys lie: the port, its record, and the store in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One person's data key, wrapped by the master key. A destroyed one has lost its `wrapped`, for ever."""

    kid: str
    org_id: str
    person: str
    wrapped: bytes | None


class KeyStore(Protocol):
    """At most one live key per (org, person), whoever adds at the same time."""

    async def live(self, org_id: str, person: str) -> KeyRecord | None: ...

    async def add(self, record: KeyRecord) -> KeyRecord:
        """Keeps the record, or answers the live one that was there first."""
        ...

    async def find(self, kid: str) -> KeyRecord | None: ...

    async def destroy(self, org_id: str, person: str) -> None: ...


class MemoryKeyStore:
    """Obeys the same contract as the one in MongoDB; forgets everything with its process."""

    def __init__(self) -> None:
        self._records: dict[str, KeyRecord] = {}

    async def live(self, org_id: str, person: str) -> KeyRecord | None:
        for record in self._records.values():
            if (record.org_id, record.person) == (org_id, person) and record.wrapped is not None:
                return record
        return None

    async def add(self, record: KeyRecord) -> KeyRecord:
        there = await self.live(record.org_id, record.person)
        if there is not None:
            return there
        self._records[record.kid] = record
        return record

    async def find(self, kid: str) -> KeyRecord | None:
        return self._records.get(kid)

    async def destroy(self, org_id: str, person: str) -> None:
        there = await self.live(org_id, person)
        if there is not None:
            self._records[there.kid] = replace(there, wrapped=None)
