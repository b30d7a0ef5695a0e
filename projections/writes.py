"""Writes: what a projection asks of a store, as plain values, each guarded by its stream's version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Insert:
    """The document begins here; where it is already there, nothing changes."""

    collection: str
    id: str
    org_id: str
    version: int
    document: Fields
    kids: frozenset[str] = frozenset()
    """Personal keys under which the texts in it were sealed: what is blanked when one is destroyed."""


@dataclass(frozen=True, slots=True)
class Update:
    """A change of a document that has not yet seen this version of its stream. Names may be dotted paths."""

    collection: str
    id: str
    org_id: str
    version: int
    set: Fields = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    add: Mapping[str, int] = field(default_factory=dict)
    push: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    """field → (key, value): appended to a list; a store without lists keeps it under the key."""
    kids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Blank:
    """A person is forgotten: every text sealed under one of that person's keys shows as erased."""

    org_id: str
    person: str


Write = Insert | Update | Blank


class Store(Protocol):
    """Where read models lie, with how far the log has gone into them."""

    async def positions(self, name: str) -> dict[str, int]:
        """`topic/partition` → next offset of the projector of this name."""
        ...

    async def apply(self, name: str, writes: Sequence[Write], positions: Mapping[str, int]) -> None:
        """All of it or nothing, where the store can; the positions are not ahead of the writes in any case."""
        ...
