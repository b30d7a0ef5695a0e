"""What a batch's running projections must know from before it: looked up once, so that they themselves stay pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

Place = tuple[str, str]
"""(collection, document id)"""
Earlier = Mapping[Place, Mapping[str, Any]]
"""The documents that are there, as the batches before this one left them."""

NOTHING: Earlier = {}


class Documents(Protocol):
    """Where the documents of earlier batches lie."""

    async def documents(self, collection: str, ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
        """By id, in one question; what is not there is left out."""
        ...


async def look_up(store: Documents, places: Iterable[Place]) -> Earlier:
    """One question for each collection."""
    wanted: dict[str, set[str]] = {}
    for collection, document_id in places:
        wanted.setdefault(collection, set()).add(document_id)
    return {
        (collection, document_id): document
        for collection, ids in wanted.items()
        for document_id, document in (await store.documents(collection, ids)).items()
    }
