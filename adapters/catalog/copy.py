"""Reads the copy of the catalog that every process keeps: records of `current.catalog`, and models by their id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from events.catalog.current import CatalogEntry, CurrentModel, CurrentProvider
from events.catalog.events import ModelSpec
from events.log.table import CompactedTable

CatalogTable = CompactedTable[CatalogEntry]
APPEARS_WITHIN_S = 5.0


class CopiedModels:
    """Models by id; one that has just been listed may take a moment to appear."""

    def __init__(self, table: CatalogTable, refused: Callable[[str], Collection[str]]) -> None:
        """`refused` are models that an organisation refuses to itself."""
        self._table, self._refused = table, refused

    async def find(self, model_id: str) -> ModelSpec | None:
        found = await self._table.wait_for(f"model:{model_id}", APPEARS_WITHIN_S)
        return found.model if isinstance(found, CurrentModel) else None

    def all(self, org_id: str) -> Sequence[ModelSpec]:
        """Those that their providers take, and that the organisation may have."""
        refused = self._refused(org_id)
        listed = [found.model for _, found in self._table.items() if isinstance(found, CurrentModel)]
        return [model for model in listed if model.id not in refused and self._takes(model)]

    def _takes(self, model: ModelSpec) -> bool:
        provider = self._table.get(f"provider:{model.provider}")
        return not isinstance(provider, CurrentProvider) or provider.takes(model.id)
